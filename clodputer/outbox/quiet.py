"""What a run that succeeded has to say, and whether that is worth telling by the task's `quiet_unless`."""

from __future__ import annotations

import re
from json import dumps
from typing import Optional

from clodputer.model.notify.channel import Notify
from clodputer.store.context import Context
from clodputer.store.processes import deadline
from clodputer.store.records import runs

# Somebody else's regular expression may take forever; in seconds, and in bytes of memory.
SECONDS = 3.0
_LIMITS = deadline.Limits(2, 256 * 1024 * 1024, 1024)
# In characters; so much of a result is searched.
LONGEST = 200_000


def result(context: Context, task: str, run_id: str, notify: Notify) -> Optional[str]:
    """The result of a run, when it is to be reported; else None. An empty result is told: whoever says nothing may be
    broken."""
    if not notify.quiet_unless and "result" not in (notify.on or ()):
        return None
    record = runs.record(context.home, task, run_id) or {}
    found = record.get("result")
    text = found if isinstance(found, str) else "" if found is None else dumps(found, ensure_ascii=False)
    text = text.strip()[:LONGEST]
    if not notify.quiet_unless or not text:
        return text or "Its result is empty."
    try:
        told = deadline.within(SECONDS, lambda: bool(re.search(notify.quiet_unless, text)), limits=_LIMITS)
    except (TimeoutError, OverflowError, deadline.WorkFailed):
        return f"quiet_unless takes too long to search the result with; make it simpler. {text}"
    return text if told else None
