"""The drawings of the report: columns, strips, bars, ranges and a calendar; pure functions that return SVG."""

# Those that get as wide as the page hold no text: that is beside them in HTML, where it keeps its size on a phone.
from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from markupsafe import Markup

from clodputer.cli.page import axis
from clodputer.cli.page.svg import drawing, element

# The room of one column, how much of it the column takes, and the height of a chart, in units of the drawing.
PITCH, WIDE, HIGH = 10.0, 8.0, 100.0
# The same of a strip of one task.
STRIP_HIGH = 22.0
# One day of the calendar, with the gap to the next; the room for the names of days, and for those of months.
DAY, SIDE, HEAD = 13.0, 26.0, 14.0
# So much larger it is drawn where the page is wide enough.
LARGER = 1.35
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Shades of the calendar, by how many runs a day had: so many are one shade more each.
SHADES = 4


class Column(NamedTuple):
    """One column: what it says when it is pointed at, and its parts from below, each with its class."""

    words: str
    parts: tuple[tuple[str, float], ...]


def columns(title: str, found: Sequence[Column], end: float) -> Markup:
    """Columns side by side, on a scale from 0 to `end`."""
    marks = [
        element("line", x1=0, x2=PITCH * max(1, len(found)), y1=at, y2=at, class_="grid")
        for at in (0.5, HIGH / 2, HIGH - 0.5)
    ]
    bars = [_column(place, one, end) for place, one in enumerate(found)]
    return drawing(
        "columns", title, [*marks, *bars], (PITCH * max(1, len(found)), HIGH), preserveAspectRatio="none"
    )


def _column(place: int, of: Column, end: float) -> Markup:
    x, y = PITCH * place + (PITCH - WIDE) / 2, HIGH
    parts = []
    for name, size in of.parts:
        if size <= 0:
            continue
        # What is there is seen, however little it is.
        high = max(1.0, HIGH * size / end)
        y -= high
        parts.append(element("rect", x=x, y=max(0.0, y), width=WIDE, height=high, class_=name))
    # The whole height can be pointed at.
    room = element("rect", x=PITCH * place, y=0, width=PITCH, height=HIGH, class_="room")
    return element("g", element("title", of.words), *parts, room)


def strip(title: str, found: Sequence[Column]) -> Markup:
    """One cell for each span of time, filled from below in the proportion of its parts; a low line where there is nothing."""
    cells = []
    for place, one in enumerate(found):
        x, y, total = PITCH * place + 0.75, STRIP_HIGH, sum(size for _, size in one.parts)
        rects = []
        if not total:
            rects.append(element("rect", x=x, y=STRIP_HIGH - 3, width=PITCH - 1.5, height=3, class_="none"))
        for name, size in one.parts:
            if size > 0:
                high = STRIP_HIGH * size / total
                y -= high
                rects.append(element("rect", x=x, y=y, width=PITCH - 1.5, height=high, class_=name))
        cells.append(element("g", element("title", one.words), *rects))
    return drawing(
        "strip", title, cells, (PITCH * max(1, len(found)), STRIP_HIGH), preserveAspectRatio="none"
    )


def bar(title: str, parts: Iterable[tuple[str, float]], end: float) -> Markup:
    """One bar that lies, made of parts with a class each, on a scale from 0 to `end`."""
    x, rects = 0.0, [element("rect", x=0, y=0, width=HIGH, height=8, class_="none")]
    for name, size in parts:
        wide = HIGH * size / end if end else 0.0
        if wide > 0:
            rects.append(element("rect", x=x, y=0, width=max(0.5, wide), height=8, class_=name))
            x += wide
    return drawing("bar", title, rects, (HIGH, 8), preserveAspectRatio="none")


def span(title: str, low: float, middle: float, high: float, marks: list[tuple[float, str]]) -> Markup:
    """A range of durations (seconds) with its middle, on the logarithmic axis of these marks."""
    begin, dot, end = (HIGH * axis.along(seconds, marks) for seconds in (low, middle, high))
    lines = [
        element("line", x1=at, x2=at, y1=0, y2=12, class_="grid")
        for at in (HIGH * axis.along(seconds, marks) for seconds, _ in marks)
    ]
    rect = element("rect", x=begin, y=3.5, width=max(0.6, end - begin), height=5, class_="range")
    middle_mark = element(
        "rect", x=min(HIGH - 0.8, max(0.0, dot - 0.4)), y=1, width=0.8, height=10, class_="middle"
    )
    return drawing("span", title, [*lines, rect, middle_mark], (HIGH, 12), preserveAspectRatio="none")


class CalendarDay(NamedTuple):
    """One day of the calendar: its date, how many runs ended on it, and how many of these failed."""

    day: str
    runs: int
    failed: int


def calendar(title: str, days: Sequence[CalendarDay]) -> Markup:
    """A column for each week, a row for each day of it, darker with more runs; a day with a failure has a corner of its own."""
    if not days:
        return Markup("")
    first = date.fromisoformat(days[0].day).toordinal()
    monday = first - date.fromisoformat(days[0].day).weekday()
    most = max(one.runs for one in days)
    marks = [element("text", WEEKDAYS[row], x=0, y=HEAD + DAY * row + 9, class_="tick") for row in (0, 2, 4)]
    weeks = 0
    months: dict[int, int] = {}
    for one in days:
        at = date.fromisoformat(one.day)
        week, row = divmod(at.toordinal() - monday, 7)
        weeks = week + 1
        months.setdefault(week, at.month)
        marks.append(_calendar_day(one, most, SIDE + DAY * week, HEAD + DAY * row))
    for week, month in _begun(months):
        marks.append(element("text", MONTHS[month - 1], x=SIDE + DAY * week, y=9, class_="tick"))
    # The name of a month is wider than a week.
    wide = SIDE + DAY * weeks + 10
    return drawing("calendar", title, marks, (wide, HEAD + DAY * 7), width=wide * LARGER)


def _begun(months: dict[int, int]) -> list[tuple[int, int]]:
    """The weeks with which a month begins, and that month; one that has no room before the next has no name."""
    begun = [(week, month) for week, month in months.items() if months.get(week - 1) != month]
    return [one for one, (following, _) in zip(begun, [*begun[1:], (1 << 20, 0)]) if following - one[0] >= 3]


def _calendar_day(of: CalendarDay, most: int, x: float, y: float) -> Markup:
    shade = -(-SHADES * of.runs // most) if of.runs else 0
    size = DAY - 2
    inside = [element("rect", x=x, y=y, width=size, height=size, rx=2, class_=f"day shade{shade}")]
    if of.failed:
        corner = f"M{x + size - 7:g} {y:g}h5a2 2 0 0 1 2 2v5z"
        inside.append(element("path", d=corner, class_="bad"))
    runs = "run" if of.runs == 1 else "runs"
    return element("g", element("title", f"{of.day}: {of.runs:,} {runs}, {of.failed:,} failed"), *inside)
