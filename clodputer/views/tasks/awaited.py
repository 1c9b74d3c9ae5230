"""What a trigger of a task waits for: its next slot time, or what has to happen, in words."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.due import Entry
from clodputer.model.schedules.policy import fingerprint, policy
from clodputer.model.schedules.schedule import following
from clodputer.model.task import Task, Trigger
from clodputer.model.text.moment import format_duration
from clodputer.runner.intake.full import is_full
from clodputer.store.computer import zone as zones
from clodputer.store.context import Context
from clodputer.views.tasks import watching


class Awaited(NamedTuple):
    """What one trigger of a task waits for; `number` is its place among them, from 0.

    next_slot_time, accounted: ISO 8601; the latter is up to when its slot times are accounted for. words: for people.
    """

    type: str
    number: int
    next_slot_time: Optional[str]
    accounted: Optional[str]
    words: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "type": self.type,
            "index": self.number,
            "next_slot_time": self.next_slot_time,
            "accounted": self.accounted,
            "words": self.words,
        }


def of_trigger(
    context: Context,
    task: Task,
    trigger: Trigger,
    index: int,
    entry: Optional[Entry],
    now: float,
    *,
    kept: bool,
) -> Awaited:
    """What a trigger of a task waits for at `now` (epoch seconds).

    index: its place among the task's triggers, from 0. entry: the ledger's, if there is one. kept: something will start
    the task when the trigger is due.
    """
    known = entry is not None and entry.fingerprint == fingerprint(trigger)
    accounted = zones.stamp(entry.accounted) if entry is not None and known else None
    slot_time = None
    if not task.enabled:
        words = f"runs {triggers.load(trigger.type).words(trigger)}, once the task is enabled"
        return Awaited(trigger.type, index, None, accounted, words)
    try:
        schedule = triggers.schedule(trigger, context.environ)
        slot = following(schedule, now) if schedule else None
        if schedule is None:
            words = _without_slot_times(context, task, trigger)
        elif slot is None:
            words = "is never due again"
        else:
            zone = zones.of(trigger, context.environ)
            slot_time = zones.stamp(slot, zone)
            delay = policy(trigger, task.name).delay(slot)
            later = f", and starts {format_duration(delay)} later (jitter)" if delay else ""
            words = f"is due next at {zones.wall(slot, zone)}{later}"
            if not kept:
                words = f"would be due next at {zones.wall(slot, zone)}, and nothing will start it"
    except ClodputerError as error:
        words = error.message
    return Awaited(trigger.type, index, slot_time, accounted, words)


def _without_slot_times(context: Context, task: Task, trigger: Trigger) -> str:
    """What a trigger waits for, and what it remembers if it looks for itself."""
    kind = triggers.load(trigger.type)
    remembered = ""
    if isinstance(kind, triggers.Looking):
        remembered = f"; {kind.remembers(trigger, watching.remembered(context, task, trigger))}"
        if is_full(context, task.lane):
            remembered += f"; it does not look while as many requests wait in lane {task.lane} as its queue_limit allows"
    return f"runs {kind.words(trigger)}{remembered}"
