"""The effect `state`: what a run that succeeded wants remembered becomes the next version of its task's state."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.errors import ClodputerError
from clodputer.model.state import CONFLICT, UNFIT, merged
from clodputer.store.taskstate import state


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Write it, if the state is still what the run saw; else it is said in the log that it was not written.

    A version says which run has made it, so a repetition makes none. Raises OSError.
    """
    context, task = settling.context, str(settling.record["task"])
    ids = {"task": task, "request_id": settling.record["request_id"], "run_id": settling.run_id}
    updates, problem = effect.get("updates"), str(effect.get("problem") or "")
    kept, code = state.written_by(context.home, task, settling.run_id), UNFIT
    if kept is None and not problem and isinstance(updates, Mapping):
        try:
            before = state.read(context.home, task)
            if before.version == effect.get("base"):
                value = merged(before.value, updates)
                kept = state.write(context.home, task, before.version, value, settling.run_id, time())
            code = CONFLICT
            problem = "the state was changed while the run went on, which had not seen that"
        except ClodputerError as error:
            problem = error.message
    if kept is not None:
        context.log(time(), "state_changed", **ids, version=kept.version, keys=sorted(updates or ()))
        return
    message = f"the updates of the state were not written: {problem}"
    context.log(time(), "not_followed", **ids, reason=code, message=message, on="state", place=0, target=task)
