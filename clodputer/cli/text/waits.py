"""What each trigger of a task waits for, in words and for programs."""

from __future__ import annotations

from typing import Any, Optional

from clodputer import triggers
from clodputer.cli.terminal.printable import printable
from clodputer.cli.text import slot as slottext
from clodputer.model.due import Entry
from clodputer.model.errors import ClodputerError
from clodputer.model.moment import format_duration
from clodputer.model.policy import fingerprint, policy
from clodputer.model.schedule import following
from clodputer.model.task import Task, Trigger
from clodputer.store import zone as zones
from clodputer.store.context import Context
from clodputer.views import watching


def trigger(
    context: Context,
    task: Task,
    one: Trigger,
    index: int,
    entry: Optional[Entry],
    now: float,
    *,
    kept: bool = True,
) -> tuple[dict[str, Any], str]:
    """What a task's trigger, its `index`-th, waits for, for programs and in words; `entry` is the ledger's, if there is one.

    kept: something will start the task when it is due.
    """
    data: dict[str, Any] = {"type": one.type, "index": index, "next_slot_time": None, "accounted": None}
    if entry is not None and entry.fingerprint == fingerprint(one):
        data["accounted"] = slottext.written(entry.accounted)
    try:
        schedule = triggers.schedule(one, context.environ)
    except ClodputerError as error:
        return data, printable(error.message)
    if schedule is None:
        return data, printable(_without_slot_times(context, task, one))
    slot = following(schedule, now)
    if slot is None:
        return data, "is never due again"
    zone = zones.of(one, context.environ)
    data["next_slot_time"] = slottext.written(slot, zone)
    delay = policy(one, task.name).delay(slot)
    later = f", and starts {format_duration(delay)} later (jitter)" if delay else ""
    verb = "is" if kept else "would be"
    return (
        data,
        f"{verb} due next at {zones.wall(slot, zone)}{later if kept else ', and nothing will start it'}",
    )


def _without_slot_times(context: Context, task: Task, one: Trigger) -> str:
    """What a trigger waits for, and what it remembers if it looks for itself."""
    kind = triggers.load(one.type)
    remembered = ""
    if isinstance(kind, triggers.Looking):
        remembered = f"; {kind.remembers(one, watching.remembered(context, task, one))}"
    return f"runs {kind.words(one)}{remembered}"
