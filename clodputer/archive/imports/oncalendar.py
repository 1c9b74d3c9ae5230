"""OnCalendar of systemd as cron expressions, as far as cron has words for it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, Optional

from clodputer.model.schedules import cron

_SHORT = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
}
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WEEKDAY = re.compile(
    r"(?i)(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*(?:(?:\.\.|-|,)(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)*,?"
)
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+|[A-Z]{3,4}")
_DATE = re.compile(r"(?:(\*|[\d,./*]+)-)?([\d,./*]+)[-~]([\d,./*]+)")
_TIME = re.compile(r"([\d,./*]+):([\d,./*]+)(?::([\d,./*]+))?")
_ITEM = re.compile(r"(\*|\d+)(?:\.\.(\d+))?(?:/(\d+))?")
_SECONDS = re.compile(r"0*(?:\.0*)?|00")


class Calendar(NamedTuple):
    """Triggers, as in a task file; or why there are none."""

    triggers: tuple[dict[str, Any], ...] = ()
    problem: str = ""


def read(text: str) -> Calendar:
    """The triggers of one value of OnCalendar."""
    try:
        return Calendar((_trigger(text.strip()),))
    except ValueError as error:
        return Calendar((), f"OnCalendar={text}: {error}")


def _trigger(text: str) -> dict[str, Any]:
    """The trigger. Raises ValueError."""
    words = text.split()
    if not words:
        raise ValueError("it is empty")
    zone = ""
    if len(words) > 1 and _ZONE.fullmatch(words[-1]):
        zone = words.pop()
    if len(words) == 1 and words[0].lower() in _SHORT:
        words = _SHORT[words[0].lower()].split()
    weekdays = "*"
    if words and _WEEKDAY.fullmatch(words[0]):
        weekdays = _weekdays(words.pop(0))
    date = words.pop(0) if words and ":" not in words[0] else "*-*-*"
    time = words.pop(0) if words else "00:00:00"
    if words:
        raise ValueError("times of this form are not supported")
    dates, times = _DATE.fullmatch(date), _TIME.fullmatch(time)
    if dates is None or times is None:
        raise ValueError("times of this form are not supported")
    if times[3] is not None and not _SECONDS.fullmatch(times[3]):
        raise ValueError("a slot time has no seconds")
    last = "~" in date
    year, month, day = dates.groups()
    if year is not None and year != "*":
        return _once(year, month, day, times, zone, weekdays, last=last)
    fields = [
        _field(times[2], 0, 59),
        _field(times[1], 0, 23),
        "L" if last and day.lstrip("0") == "1" else _field(day, 1, 31),
        _field(month, 1, 12),
        weekdays,
    ]
    if last and fields[2] != "L":
        raise ValueError("of the days counted from a month's end only the last one can be expressed")
    if fields[2] != "*" and weekdays != "*":
        raise ValueError(
            "it is due when the day of the month and the weekday are both right, and cron takes one of them for enough"
        )
    expression = " ".join(fields)
    cron.parse(expression)
    return {"type": "cron", "schedule": expression, **({"timezone": zone} if zone else {})}


def _once(
    year: str, month: str, day: str, times: re.Match[str], zone: str, weekdays: str, *, last: bool
) -> dict[str, Any]:
    """The trigger of one certain moment. Raises ValueError."""
    values = (year, month, day, times[1], times[2])
    if last or weekdays != "*" or not all(value.isdecimal() for value in values):
        raise ValueError("it names years")
    moment = f"{int(year):04}-{int(month):02}-{int(day):02}T{int(times[1]):02}:{int(times[2]):02}:00"
    return {"type": "at", "time": moment, **({"timezone": zone} if zone else {})}


def _weekdays(text: str) -> str:
    found: set[int] = set()
    for item in text.strip(",").split(","):
        first, _, last = re.sub(r"(?<=[a-z])-(?=[a-z])", "..", item.lower()).partition("..")
        begin = _DAYS.index(first[:3])
        end = _DAYS.index(last[:3]) if last else begin
        number = begin
        found.add(number)
        while number != end:
            number = (number + 1) % 7
            found.add(number)
    return "*" if len(found) == 7 else ",".join(str(number) for number in sorted(found))


def _field(text: str, lowest: int, highest: int) -> str:
    """A field in cron's words. Raises ValueError."""
    values: list[str] = []
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"{item!r} is not a supported value")
        first, last, step = match.groups()
        if first == "*":
            values.append("*" if step is None else f"*/{int(step)}")
            continue
        if last is not None or step is None:
            values.append(
                f"{int(first)}"
                + (f"-{int(last)}" if last else "")
                + (f"/{int(step)}" if last and step else "")
            )
            continue
        every: Optional[int] = int(step)
        if not every:
            raise ValueError("a step is at least 1")
        values += [str(value) for value in range(int(first), highest + 1, every)]
    joined = ",".join(values)
    numbers = range(lowest, highest + 1)
    if joined == "*" or any(value.startswith("*") for value in values):
        return next(value for value in values if value.startswith("*"))
    if any(int(value) not in numbers for value in re.findall(r"\d+", re.sub(r"/\d+", "", joined))):
        raise ValueError(f"{text!r} is not from {lowest} to {highest}")
    return joined
