"""A cron expression in words for people: `at 08:00 on weekdays`, `every 15 minutes`."""

from __future__ import annotations

from clodputer.model.schedules import cron

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", cron.LAST: "last"}
_MOST_TIMES = 3


def phrase(expression: str) -> str:
    """Such as `at 08:00 on weekdays`; an expression that words cannot say shorter as it is written."""
    parsed = cron.parse(expression)
    literal = f"by cron {expression!r}"
    days = _days(parsed)
    if len(parsed.months) < 12 or not days:
        return literal
    if len(parsed.hours) == 24:
        often = _often(parsed.minutes)
        return f"{often}{f' {days}' if days != 'every day' else ''}" if often else literal
    times = [f"{hour:02}:{minute:02}" for hour in parsed.hours for minute in parsed.minutes]
    if len(times) > _MOST_TIMES:
        return literal
    return f"at {', '.join(times)} {days}"


def _days(parsed: cron.Cron) -> str:
    """On which days, if that can be said in words."""
    if parsed.either:
        return ""
    if parsed.last_day and not parsed.days and len(parsed.weekdays) == 7:
        return "on the last day of the month"
    if len(parsed.days) < 31:
        return ""
    if parsed.nth:
        which = " and ".join(f"{_NTH[one.number]} {_DAYS[one.weekday]}" for one in parsed.nth)
        return "" if parsed.weekdays else f"on the {which} of the month"
    return _weekdays(parsed.weekdays)


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
