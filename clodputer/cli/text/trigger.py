"""Triggers in words for a person: `at 08:00 on weekdays`, `every 15m`, `when files change in ~/inbox`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clodputer.model import cron
from clodputer.model.moment import format_duration
from clodputer.model.task import Trigger

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MOST_TIMES = 3


def triggers(several: Iterable[Trigger]) -> str:
    """All triggers of a task, such as `at 08:00 on weekdays; by hand`; nothing for none."""
    return "; ".join(dict.fromkeys(map(words, several)))


def words(trigger: Trigger) -> str:
    """One trigger, such as `every 30m`; may hold anything that a path may."""
    options = trigger.options
    if trigger.type == "cron":
        return _cron(str(options["schedule"])) + _more(options)
    if trigger.type == "interval":
        return f"every {format_duration(float(options['every']))}{_more(options)}"
    if trigger.type == "at":
        return f"once, at {options['time']}"
    if trigger.type == "file_watch":
        pattern = options.get("pattern") or "*"
        return f"when files change in {options['path']}{'' if pattern == '*' else f' ({pattern})'}"
    return {"startup": "when the computer starts", "manual": "by hand"}.get(trigger.type, trigger.type)


def _more(options: Any) -> str:
    active = options.get("active") or {}
    within = " ".join(str(active[key]) for key in ("days", "hours") if key in active)
    zone = options.get("timezone")
    return (f", only {within}" if within else "") + (f" ({zone})" if zone else "")


def _cron(expression: str) -> str:
    """In words what words can say shorter, else the expression itself."""
    parsed = cron.parse(expression)
    plain = f"by cron {expression!r}"
    if len(parsed.days) < 31 or len(parsed.months) < 12 or parsed.either:
        return plain
    days = _weekdays(parsed.weekdays)
    if len(parsed.hours) == 24:
        often = _often(parsed.minutes)
        return f"{often}{f' {days}' if days != 'every day' else ''}" if often else plain
    times = [f"{hour:02}:{minute:02}" for hour in parsed.hours for minute in parsed.minutes]
    if len(times) > _MOST_TIMES:
        return plain
    return f"at {', '.join(times)} {days}"


def _often(minutes: tuple[int, ...]) -> str:
    if len(minutes) == 1:
        return f"every hour at :{minutes[0]:02}"
    step = minutes[1] - minutes[0]
    if 60 % step == 0 and minutes == tuple(range(0, 60, step)):
        return "every minute" if step == 1 else f"every {step} minutes"
    return ""


def _weekdays(days: tuple[int, ...]) -> str:
    if len(days) == 7:
        return "every day"
    if days == (1, 2, 3, 4, 5):
        return "on weekdays"
    return "on " + ", ".join(_DAYS[day] for day in days)
