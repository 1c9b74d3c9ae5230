"""What was set aside, in words for a person: why, whether that still holds, and what fixes it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import Optional

from clodputer.cli.terminal import when
from clodputer.cli.terminal.fields import wrapped_field
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.text.runs.run_record import shortened
from clodputer.model.runs.attempts import Past
from clodputer.store.context import Context
from clodputer.store.files import plainfile
from clodputer.store.spool.dropfile import FORMS
from clodputer.store.spool.find import CLOSED, DEAD, PARKED, REJECTED
from clodputer.views.queue.setaside import SetAside

VERBS = {REJECTED: "was rejected", DEAD: "was given up", PARKED: "was parked", CLOSED: "was closed"}
# So many of the files of one task are shown, and so many bytes of a file's content.
MOST_SHOWN, LARGEST = 3, 64 * 1024


def page(one: SetAside, content: Optional[str], now: float) -> str:
    """All of one, for a person."""
    wrong = one.trouble
    fields = [
        ("reason", one.reason),
        ("now", "The cause is fixed." if not wrong and one.place == REJECTED else ""),
        ("now", wrong.message if wrong and wrong.message not in one.reason else ""),
        ("fix", one.fix),
        ("task", one.task),
        ("request", one.request_id),
        ("file", one.path),
    ]
    verb = f"{ink(VERBS[one.place], 'yellow')} {when.ago(one.since, now)}"
    lines = [hung(f"{ink(printable(one.name), 'bold')} {verb}")]
    lines += [wrapped_field(label, printable(text)) for label, text in fields if text]
    lines += _attempts(one)
    if content and content.strip():
        shown = shortened(content, one.path).replace("\n", "\n  ")
        lines += ["", f"{ink('Content', 'bold')}\n  {shown}"]
    return "\n".join(lines)


def beside(one: SetAside, now: float) -> str:
    """The same in a few lines, to show below a run of its request."""
    head = f"{one.handle} {VERBS[one.place]} {when.ago(one.since, now)}"
    fields = [("reason", one.reason if one.place == CLOSED else ""), ("fix", one.fix)]
    told = [wrapped_field(label, printable(text)) for label, text in fields if text]
    return "\n".join([ink(printable(head), "yellow"), *told, *_attempts(one)])


def _attempts(one: SetAside) -> list[str]:
    return [
        wrapped_field("attempts" if not index else "", _run(run)) for index, run in enumerate(one.attempts)
    ]


def _run(run: Past) -> str:
    said = f": {one_line(run.message, 200)}" if run.message else ""
    return printable(f"{run.attempt}. {run.outcome} ({run.reason}){said}\n{run.run_id}")


def content(context: Context, one: SetAside) -> Optional[str]:
    """What is in the file, secrets masked; None when it is no file that could be read."""
    try:
        if not stat.S_ISREG(os.lstat(one.path).st_mode):
            return None  # a link, above all, is not followed
        read = plainfile.read(one.path, LARGEST).content
    except (OSError, ValueError):
        return None
    return context.masker.text(read.decode("utf-8", "replace"))


def of_task(found: Sequence[SetAside], now: float) -> list[str]:
    """The files of one task in a few lines: each with its reason, and below it what fixes it."""
    lines = []
    for place, label in ((REJECTED, "rejected"), (DEAD, "given up"), (PARKED, "parked")):
        here = [one for one in found if one.place == place]
        for one in here[:MOST_SHOWN]:
            # The reason as it is now, if there still is one: the task file may have been edited since.
            why = str(one.trouble) if one.trouble and place == REJECTED else one.reason
            head = f"{one.handle} {when.ago(one.since, now)}: {short(why)}"
            lines.append(wrapped_field(label, printable(f"{head}\n{one.fix}")))
        if here[MOST_SHOWN:]:
            lines.append(wrapped_field("", f"and {len(here) - MOST_SHOWN} more: clodputer queue --{place}"))
    return lines


def short(reason: str) -> str:
    """The first line of a reason, without the sentence that tells everybody which forms there are."""
    lines = reason.replace(FORMS, "").strip().split("\n")
    # The last of several says what to do.
    more = len(lines) - 2
    return one_line(lines[0], 300) + (f" (and {more} more)" if more > 0 else "")
