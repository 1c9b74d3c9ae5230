"""The trigger `cron`: at the times of a cron expression, or at fuzzy times, by the clock of a time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Optional

from clodputer.model.config.keys import TEXT, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.schedules import cron, due, fuzzy
from clodputer.model.schedules.cronwords import phrase
from clodputer.model.schedules.due import Entry
from clodputer.model.schedules.policy import REPEATED, active, fingerprint, policy, until, within
from clodputer.model.schedules.ring import Expression, Ring
from clodputer.model.schedules.schedule import Calendar
from clodputer.model.task import Trigger
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store.computer import zone as zones


def _schedule(text: str) -> str:
    try:
        if fuzzy.parse(text) is None:
            cron.parse(text)
    except cron.InvalidCron as error:
        raise Expected("a cron expression such as 0 8 * * mon-fri", f"; {error}") from None
    return text


KEYS = (
    Key(
        "schedule",
        TEXT,
        None,
        "Five fields (minute, hour, day of month, month, day of week) or an alias such as `@daily`, with the meaning of "
        "Debian's cron; `L` is the last day of the month, `5L` its last Friday, `1#2` its second Monday. What cron would "
        "silently misread is an error. Or a fuzzy time: `daily around 14:00`, `weekdays between 22:00 and 02:00`.",
        check=_schedule,
        required=True,
        takes="cron expression, or fuzzy time",
        example="0 8 * * mon-fri",
    ),
    zones.KEY,
    *REPEATED,
)
BRINGS: Mapping[str, tuple[str, ...]] = {}


def schedule(trigger: Trigger, zone: tzinfo) -> Calendar:
    """Its slot times."""
    options = trigger.options
    return Calendar(cron.parse(_expression(trigger)), zone, active(options), until(options, zone))


def decide(trigger: Trigger, entry: Optional[Entry], facts: Facts, now: float) -> Decision:
    """Which of its slot times have come, and what becomes of them."""
    rules = policy(trigger, facts.task)
    return due.decide(schedule(trigger, facts.zone), fingerprint(trigger), rules, entry, facts, now)


def alarm(trigger: Trigger) -> Ring:
    """All of its slot times, those outside the active hours too."""
    options = trigger.options
    fields = cron.plain(_expression(trigger))
    return Ring(
        (Expression(fields, options.get("timezone") or ""),), catches_up=options.get("catch_up") != "skip"
    )


def words(trigger: Trigger) -> str:
    """Such as `at 08:00 on weekdays (Asia/Tokyo)`; of a fuzzy time also what was written."""
    written = str(trigger.options["schedule"])
    fuzzily = f" ({' '.join(written.split())})" if fuzzy.parse(written) else ""
    return phrase(_expression(trigger)) + fuzzily + within(trigger.options)


def _expression(trigger: Trigger) -> str:
    """The cron expression that is written, or that of the task's own time in a fuzzy one."""
    written = str(trigger.options["schedule"])
    span = fuzzy.parse(written)
    return written if span is None else fuzzy.fields(span, trigger.task)
