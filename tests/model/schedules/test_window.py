"""Active hours and days."""

from __future__ import annotations

from datetime import datetime

import pytest

from clodputer.model.schedules.window import ALWAYS, Window, active, closing, parse_days, parse_hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("Sat, sun", (5, 6)),
        ("sat-mon", (0, 5, 6)),
        ("wed", (2,)),
        ("mon-sun", tuple(range(7))),
    ],
)
def test_days(text: str, days: tuple[int, ...]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["", "monday", "mon-", "-fri", "1-5", "mon,,tue", "mon fri"])
def test_no_days(text: str) -> None:
    with pytest.raises(ValueError, match="days such as"):
        parse_days(text)


def test_hours() -> None:
    assert parse_hours("08:00-20:00") == (480, 1200)
    assert parse_hours("8:30 - 24:00") == (510, 1440)
    for text in ("", "8-20", "08:00", "24:00-08:00", "08:60-09:00", "08:00-24:01", "08:00-08:00"):
        with pytest.raises(ValueError, match="hours"):
            parse_hours(text)


def test_the_first_minute_counts_and_the_last_does_not() -> None:
    window = Window(480, 1200, (0,))
    monday = "2026-11-23T"
    assert [window.holds(at(monday + time)) for time in ("07:59", "08:00", "19:59", "20:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert not window.holds(at("2026-11-24T09:00"))
    assert ALWAYS.holds(at("2026-11-24T00:00"))


def test_hours_past_midnight() -> None:
    """They belong to the day on which they begin."""
    window = Window(22 * 60, 6 * 60, (4,))
    moments = (
        "2026-11-27T21:59",
        "2026-11-27T22:00",
        "2026-11-28T05:59",
        "2026-11-28T06:00",
        "2026-11-27T05:00",
    )
    assert [window.holds(at(moment)) for moment in moments] == [False, True, True, False, False]


def test_the_opening() -> None:
    """Today, later in the week, or now."""
    window = Window(480, 1200, (0, 2))
    assert window.opening(at("2026-11-23T07:00")) == at("2026-11-23T08:00")
    assert window.opening(at("2026-11-23T09:00")) == at("2026-11-23T09:00")
    assert window.opening(at("2026-11-23T20:00")) == at("2026-11-25T08:00")
    assert window.opening(at("2026-11-26T00:00")) == at("2026-11-30T08:00")


@pytest.mark.parametrize(
    ("hours", "days", "local", "closes"),
    [
        ("09:00-18:00", "", "2026-11-23T12:00", "2026-11-23T18:00"),
        ("22:00-06:00", "", "2026-11-23T23:00", "2026-11-24T06:00"),
        ("22:00-24:00", "", "2026-11-23T23:00", "2026-11-24T00:00"),
        ("09:00-12:00,12:00-13:00", "", "2026-11-23T11:00", "2026-11-23T13:00"),
        ("", "mon-fri", "2026-11-23T12:00", "2026-11-28T00:00"),
        ("22:00-06:00", "sun", "2026-11-29T23:00", "2026-11-30T06:00"),
        ("", "", "2026-11-23T12:00", None),
        ("00:00-24:00", "mon-sun", "2026-11-23T12:00", None),
    ],
)
def test_hours_end(hours: str, days: str, local: str, closes: str | None) -> None:
    assert closing(active(hours, days), at(local)) == (closes and at(closes))
