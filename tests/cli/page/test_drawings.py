"""The drawings of the report: numbers in, well-formed SVG out, whatever the texts are; axes that do not lie."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.cli.page import axis, charts
from clodputer.cli.page.charts import HIGH, CalendarDay, Column
from clodputer.cli.page.svg import element, value
from clodputer.cli.page.words import percent


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 (our own)


@pytest.mark.parametrize(
    ("most", "whole", "end"),
    [
        (0, True, 2),
        (1, True, 2),
        (2, True, 2),
        (3, True, 6),
        (5, True, 6),
        (7, True, 10),
        (11, True, 20),
        (20, True, 20),
        (21, True, 50),
        (1000, True, 1000),
        (0, False, 1),
        (0.003, False, 0.005),
        (0.2, False, 0.2),
        (7.5, False, 10),
    ],
)
def test_the_end_of_an_axis(most: float, whole: bool, end: float) -> None:
    assert axis.top(most, whole=whole) == pytest.approx(end)


@given(st.floats(1e-6, 1e9), st.booleans())
def test_an_axis_holds_what_it_is_for_and_wastes_little(most: float, whole: bool) -> None:
    end = axis.top(most, whole=whole)
    assert most <= end * (1 + 1e-9)
    assert whole or end <= 2.5 * most * (1 + 1e-9)
    assert not whole or end % 2 == 0


@pytest.mark.parametrize(
    ("shortest", "longest", "words"),
    [
        (5, 50, ["1s", "10s", "1m"]),
        (10, 10, ["1s", "10s"]),
        (0.01, 0.02, ["0.1s", "1s"]),
        (3600, 1e9, ["1h", "6h", "1d", "7d"]),
    ],
)
def test_marks_of_durations(shortest: float, longest: float, words: list[str]) -> None:
    assert [words for _, words in axis.durations(shortest, longest)] == words


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_every_duration_has_a_place(one: float, other: float) -> None:
    marks = axis.durations(min(one, other), max(one, other))
    assert len(marks) >= 2
    low, high = axis.along(min(one, other), marks), axis.along(max(one, other), marks)
    assert 0 <= low <= high <= 1


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.99999, "99.9%"),
        (0.5, "50%"),
        (0.123, "12.3%"),
    ],
)
def test_a_share_is_not_rounded_to_all(share: float | None, words: str) -> None:
    assert percent(share) == words


def test_columns_are_as_high_as_their_numbers() -> None:
    drawn = tree(
        charts.columns(
            "t", [Column("a", (("good", 5), ("bad", 0))), Column("b", (("good", 10), ("bad", 10)))], 20
        )
    )
    high = [
        (one.get("class"), float(one.get("height", "")))
        for one in drawn.iter("rect")
        if one.get("class") != "room"
    ]
    assert high == [("good", HIGH / 4), ("good", HIGH / 2), ("bad", HIGH / 2)]
    assert [one.text for one in drawn.iter("title")] == ["t", "a", "b"]


def test_a_strip_is_full_where_something_ran() -> None:
    drawn = tree(charts.strip("t", [Column("a", (("good", 1), ("bad", 3))), Column("b", (("good", 0),))]))
    found = [(one.get("class"), float(one.get("height", ""))) for one in drawn.iter("rect")]
    assert found == [("good", charts.STRIP_HIGH / 4), ("bad", charts.STRIP_HIGH * 3 / 4), ("none", 3.0)]


@pytest.mark.parametrize("end", [0.0, 10.0])
def test_a_bar_stays_within_its_room(end: float) -> None:
    drawn = tree(charts.bar("t", (("cost", 6.0), ("estimated", 4.0)), end))
    assert all(
        float(one.get("x", "")) + float(one.get("width", "")) <= HIGH + 0.5 for one in drawn.iter("rect")
    )


def test_a_calendar_has_weeks_weekdays_months_and_failures() -> None:
    days = [CalendarDay(f"2026-11-{day:02d}", day % 5, int(day == 9)) for day in range(1, 31)]
    drawn = tree(charts.calendar("t", days))
    rects = list(drawn.iter("rect"))
    assert len(rects) == 30
    # The first of November 2026 is a Sunday, the second a Monday.
    assert float(rects[0].get("y", "")) == charts.HEAD + 6 * charts.DAY
    assert float(rects[1].get("y", "")) == charts.HEAD
    assert float(rects[1].get("x", "")) == charts.SIDE + charts.DAY
    assert len(list(drawn.iter("path"))) == 1
    assert {one.get("class") for one in rects} == {f"day shade{shade}" for shade in range(5)}
    assert "Nov" in [one.text for one in drawn.iter("text")]


@pytest.mark.parametrize("first", ["2026-10-30", "2026-01-01", "2026-11-28"])
@pytest.mark.parametrize("length", [1, 5, 30, 182])
def test_names_of_months_do_not_stand_in_each_other(first: str, length: int) -> None:
    begin = date.fromisoformat(first)
    days = [CalendarDay((begin + timedelta(number)).isoformat(), 1, 0) for number in range(length)]
    drawn = tree(charts.calendar("t", days))
    at = [float(one.get("x", "")) for one in drawn.iter("text") if one.text in charts.MONTHS]
    assert at
    assert all(later - earlier >= 3 * charts.DAY for earlier, later in zip(at, at[1:]))
    assert at[-1] + 20 <= float(drawn.get("viewBox", "").split()[2])


@given(st.text(max_size=30))
def test_texts_stay_texts(text: str) -> None:
    drawn = str(charts.columns(text, [Column(text, (("good", 1),))], 2))
    found = tree(drawn)
    assert {one.tag for one in found.iter()} <= {"svg", "title", "line", "g", "rect"}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", drawn)


def test_attributes_are_escaped_and_numbers_are_short() -> None:
    assert element("a", "<b>", x='"><script>', class_="c", y=None) == (
        '<a x="&#34;&gt;&lt;script&gt;" class="c">&lt;b&gt;</a>'
    )
    assert [str(value(one)) for one in (1.0, 0.123456, 20.0, 3)] == ["1", "0.12", "20", "3"]
