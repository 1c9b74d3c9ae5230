"""Fuzzy times: which texts are one, and which time of its own a task gets in the span."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.schedules import cron, fuzzy
from clodputer.model.schedules.fuzzy import Span

EVERY, WORKING = tuple(range(7)), (0, 1, 2, 3, 4)
NAMES = [f"task-{number}" for number in range(300)]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("daily around 14:00", Span(825, 30, EVERY)),
        ("Daily  AROUND 14:00 ", Span(825, 30, EVERY)),
        ("every day at about 14:00", Span(825, 30, EVERY)),
        ("around 14:00", Span(825, 30, EVERY)),
        ("around 14:00 on weekdays", Span(825, 30, WORKING)),
        ("weekdays around 9:30 +-1h", Span(510, 120, WORKING)),
        ("each weekend around 9:30 +/- 1h 30m", Span(480, 180, (5, 6))),
        ("mon, wed-thu around 00:05 ±20m", Span(-15, 40, (0, 2, 3))),
        ("between 22:00 and 02:00", Span(1320, 240, EVERY)),
        ("fri between 22:00 and 02:00", Span(1320, 240, (4,))),
        ("between 08:30 and 09:15 daily", Span(510, 45, EVERY)),
        ("daily between 10:00 and 10:00", None),
        ("daily around 14:00 weekdays", None),
        ("funday around 14:00", None),
        ("daily around 14:00 +-13h", None),
        ("daily around 14:00 +-10s", None),
        ("daily around 14", None),
        ("daily around 24:00", None),
        ("daily between 22:00", None),
        ("0 14 * * *", None),
        ("", None),
    ],
)
def test_what_is_a_fuzzy_time(text: str, span: Optional[Span]) -> None:
    assert fuzzy.parse(text) == span


@pytest.mark.parametrize(
    "text",
    ["daily around 14:00", "daily between 22:00 and 02:00", "daily around 00:05", "between 23:59 and 00:01"],
)
def test_each_task_has_its_own_time_in_the_span(text: str) -> None:
    """Always the same one, and three hundred tasks are spread over the whole of the span."""
    span = fuzzy.parse(text)
    assert span is not None
    times = []
    for name in NAMES:
        expression = fuzzy.fields(span, name)
        assert fuzzy.fields(span, name) == expression
        (minute,), (hour,) = cron.parse(expression)[:2]
        times.append((hour * 60 + minute - span.first) % fuzzy.DAY)
    assert set(times) == set(range(span.length)) if span.length < 60 else max(times) < span.length
    assert min(times) < span.length / 4
    assert max(times) >= span.length * 3 // 4


def test_a_time_after_midnight_belongs_to_the_evening_before() -> None:
    """And one before midnight, of a time named shortly after it, to the day that is named."""
    evening, morning = fuzzy.parse("mon-fri between 22:00 and 02:00"), fuzzy.parse("sun around 00:05")
    assert evening is not None
    assert morning is not None
    for name in NAMES:
        found = cron.parse(fuzzy.fields(evening, name))
        assert found.weekdays == ((1, 2, 3, 4, 5) if found.hours[0] >= 22 else (2, 3, 4, 5, 6))
        found = cron.parse(fuzzy.fields(morning, name))
        assert found.weekdays == ((6,) if found.hours[0] == 23 else (0,))


@given(st.text(alphabet="aroundbetweilymf 0123456789:+-±hm,", max_size=50), st.sampled_from(NAMES))
def test_any_text_is_read_or_is_none(text: str, name: str) -> None:
    """And what is read makes an expression that cron can keep."""
    span = fuzzy.parse(text)
    if span is not None:
        cron.parse(fuzzy.fields(span, name))
