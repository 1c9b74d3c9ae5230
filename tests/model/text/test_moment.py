"""Durations and moments: read as people write them, written so that they can be read back."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.text.moment import LONGEST, compact, format_duration, iso, parse_duration, parse_moment

NOON = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        (" 5 M ", 300),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("0s", 0),
        ("36500d", 36500 * 86400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Numbers with units, alone or added up."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5",
        "m",
        "5 minutes",
        "5min",
        "-5m",
        "1h30",
        "1:30",
        "5m!",
        "\u0665m",
        "1e3s",
        "5mm",
        "x" * 10_000,
    ],
)
def test_no_durations(text: str) -> None:
    """Anything else is an error that says what to write, and is not endless itself."""
    with pytest.raises(
        ValueError, match=r"not a duration: .*; write a number and a unit, such as 90s"
    ) as caught:
        parse_duration(text)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("text", ["36601d", "9" * 400 + "d"])
def test_durations_beyond_all_bounds(text: str) -> None:
    """Longer ones are slips, and their far end (infinity) could not be written down."""
    with pytest.raises(ValueError, match="longer than 100 years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (0.0454, "45ms"),
        (0.9994, "999ms"),
        (0.9996, "1s"),
        (1, "1s"),
        (3.24, "3.2s"),
        (59.94, "59.9s"),
        (59.96, "1m"),
        (60, "1m"),
        (61.4, "1m 1s"),
        (3600, "1h"),
        (3900, "1h 5m"),
        (3605, "1h"),
        (86400, "1d"),
        (90000, "1d 1h"),
        (-1, "0ms"),
    ],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    """At most two units, and never sixty of one."""
    assert format_duration(seconds) == text


@settings(deadline=None)
@given(st.floats(0, LONGEST))
def test_a_told_duration_is_close(seconds: float) -> None:
    """What is told reads back to nearly the same."""
    assert abs(parse_duration(format_duration(seconds)) - seconds) <= max(0.06, seconds / 24 + 0.5)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2023-11-14T22:13:20Z", NOON),
        ("2023-11-14T22:13:20z", NOON),
        ("2023-11-14T23:13:20+01:00", NOON),
        (" 2023-11-14 22:13:20.500+00:00 ", NOON + 0.5),
        ("+30m", NOON + 1800),
        ("+1h 30m", NOON + 5400),
        ("+0s", NOON),
    ],
)
def test_moments(text: str, moment: float) -> None:
    """ISO 8601 with a zone, or from now on."""
    assert parse_moment(text, NOON) == moment


def test_a_moment_without_a_zone_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the person's clock on the wall shows it."""
    monkeypatch.setitem(os.environ, "TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert parse_moment("2023-11-15T03:43:20", 0) == NOON
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "8:00", "2023-13-01", "2023-11-14T25:00:00Z", "Z", "\ud800", "x" * 10_000]
)
def test_no_moments(text: str) -> None:
    """Anything else is an error that says what to write."""
    with pytest.raises(ValueError, match=r"not a moment: .*; write ISO 8601 such as") as caught:
        parse_moment(text, NOON)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["+", "+5", "+soon", "+" + "9" * 400 + "d"])
def test_no_moments_from_now(text: str) -> None:
    """After a plus only a duration."""
    with pytest.raises(ValueError, match="not a duration"):
        parse_moment(text, NOON)


@settings(deadline=None)
@given(st.integers(0, 253_402_300_799_000))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    """To the millisecond, for every moment that a record can hold."""
    moment = milliseconds / 1000
    assert parse_moment(iso(moment), 0) == moment


@settings(deadline=None)
@given(st.floats(0, 253_402_300_798), st.floats(0, 253_402_300_798))
def test_compact_moments_sort(one: float, other: float) -> None:
    """Names made of them are in the order of time."""
    assert (compact(one) <= compact(other)) or one > other
