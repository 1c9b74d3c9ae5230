"""Fuzzy times: `daily around 14:00`, `weekdays between 22:00 and 02:00`; every task has a time of its own in the span."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from clodputer.model.schedules.policy import jitter
from clodputer.model.schedules.window import parse_days
from clodputer.model.text.moment import parse_duration

DAY = 24 * 60
# `around` without a width of its own means this many minutes before and after.
AROUND = 15

_TIME = r"(?P<{0}>[01]?\d|2[0-3]):(?P<{0}_minute>[0-5]\d)"
_ON = r"(?:(?:on|every|each)\s+)?(?P<{0}>daily|days?|weekdays?|weekends?|[a-z]{{3}}(?:\s*[-,]\s*[a-z]{{3}})*)"
_AROUND = (
    rf"(?:at\s+)?(?:around|about)\s+{_TIME.format('begin')}(?:\s*(?:\+-|\+/-|±)\s*(?P<width>[\d.hm ]+))?"
)
_BETWEEN = rf"between\s+{_TIME.format('begin')}\s+and\s+{_TIME.format('end')}"
_FORMS = tuple(
    re.compile(rf"(?:{_ON.format('before')}\s+)?{form}(?:\s+{_ON.format('after')})?", re.ASCII)
    for form in (_AROUND, _BETWEEN)
)


class Span(NamedTuple):
    """From minute `first` of a day (below 0: the evening before) for `length` minutes, on these weekdays (Monday is 0)."""

    first: int
    length: int
    days: tuple[int, ...]


def parse(text: str) -> Optional[Span]:
    """The span that a text names; None for a text that is no fuzzy time."""
    low = " ".join(text.lower().split())
    found = next((match for match in (form.fullmatch(low) for form in _FORMS) if match), None)
    if found is None or (found["before"] and found["after"]):
        return None
    parts = found.groupdict()
    days = _days(found["before"] or found["after"] or "daily")
    begin = int(parts["begin"]) * 60 + int(parts["begin_minute"])
    if "end" in parts:
        length = (int(parts["end"]) * 60 + int(parts["end_minute"]) - begin) % DAY
        return Span(begin, length, days) if days and length else None
    try:
        width = int(parse_duration(parts["width"]) // 60) if parts["width"] else AROUND
    except ValueError:
        return None
    return Span(begin - width, 2 * width, days) if days and 0 < width <= DAY // 2 else None


def fields(span: Span, task: str) -> str:
    """The cron expression of a task's own time in a span: a fixed time, the same on every machine and at every time."""
    ahead, minute = divmod(span.first + jitter(task, span.length * 60) // 60, DAY)
    # Cron counts from Sunday. A time after midnight belongs to the day on which the span began.
    days = sorted((day + 1 + ahead) % 7 for day in span.days)
    on = "*" if len(days) == 7 else ",".join(map(str, days))
    return f"{minute % 60} {minute // 60} * * {on}"


def _days(text: str) -> tuple[int, ...]:
    """The weekdays that a word or a list such as `mon-fri` names; none for what is neither."""
    short = text.rstrip("s") if text.startswith(("week", "day")) else text
    named = {"daily": "mon-sun", "day": "mon-sun", "weekday": "mon-fri", "weekend": "sat-sun"}
    try:
        return parse_days(named.get(short, short))
    except ValueError:
        return ()
