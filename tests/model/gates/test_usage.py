"""Readings of usage windows: which one counts, and that nothing written in their place can pass for one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.gates.usage import (
    FIVE_HOUR,
    LENGTHS,
    SAME_WINDOW,
    SEVEN_DAY,
    STATUS_LINE,
    STREAM,
    Reading,
    Share,
    from_json,
    in_force,
    is_account,
    share,
    to_json,
    with_shares,
)

NOW = 1_800_000_000.0
HOUR = 3600.0
KINDS = st.sampled_from(sorted(LENGTHS))
SHARES = st.builds(Share, st.floats(0, 120), st.integers(-9, 9).map(lambda hours: NOW + hours * HOUR))
READINGS = st.dictionaries(
    KINDS,
    st.builds(
        lambda found, ago, source: Reading(found.used, found.resets_at, NOW - ago, source),
        SHARES,
        st.floats(0, 1e6),
        st.sampled_from((STREAM, STATUS_LINE)),
    ),
)


def known(used: float, resets_in: float = HOUR) -> dict[str, Reading]:
    """What was read a minute ago of the 5-hour window."""
    return {FIVE_HOUR: Reading(used, NOW + resets_in, NOW - 60, STREAM)}


@pytest.mark.parametrize(
    ("before", "used", "resets_in", "source", "after"),
    [
        ({}, 40, HOUR, STATUS_LINE, 40),
        (known(50), 60, HOUR, STATUS_LINE, 60),
        # A session that has been idle for hours says what it saw then.
        (known(50), 40, HOUR, STATUS_LINE, 50),
        (known(50), 40, HOUR + SAME_WINDOW / 2, STATUS_LINE, 50),
        # A run knows better: the plan was changed, say.
        (known(50), 40, HOUR, STREAM, 40),
        # The next window.
        (known(50), 3, HOUR + 2 * SAME_WINDOW, STATUS_LINE, 3),
        (known(50, -1), 3, HOUR, STATUS_LINE, 3),
        # The window before.
        (known(50, 2 * HOUR), 90, HOUR, STATUS_LINE, 50),
        (known(50), 90, -1, STATUS_LINE, 50),
        (known(50), 90, 0, STREAM, 50),
        # No window of five hours is reset in eight.
        (known(50), 90, 8 * HOUR, STREAM, 50),
    ],
)
def test_which_reading_counts(
    before: dict[str, Reading], used: float, resets_in: float, source: str, after: float
) -> None:
    found = with_shares(before, {FIVE_HOUR: Share(used, NOW + resets_in)}, source, NOW)
    assert found[FIVE_HOUR].used == after


def test_a_reading_past_its_reset_counts_for_nothing() -> None:
    readings = {FIVE_HOUR: Reading(99, NOW, NOW - 60, STREAM), SEVEN_DAY: Reading(9, NOW + 1, NOW, STREAM)}
    assert sorted(in_force(readings, NOW)) == [SEVEN_DAY]
    assert sorted(in_force(readings, NOW - 1)) == sorted(readings)
    # The clock was set back by a day: nobody knows how old the reading is.
    assert sorted(in_force(readings, NOW - 86400)) == [SEVEN_DAY]


@given(before=READINGS, shares=st.dictionaries(KINDS, SHARES), source=st.sampled_from((STREAM, STATUS_LINE)))
def test_what_is_kept_always_counts_and_saying_it_twice_changes_nothing(
    before: dict[str, Reading], shares: dict[str, Share], source: str
) -> None:
    once = with_shares(before, shares, source, NOW)
    assert in_force(once, NOW) == once
    assert with_shares(once, shares, source, NOW) == once


@given(readings=READINGS, shares=st.lists(SHARES, max_size=4))
def test_status_lines_agree_in_whichever_order_they_speak_of_one_window(
    readings: dict[str, Reading], shares: list[Share]
) -> None:
    """Of one window the highest counts, so it makes no difference which session was drawn last."""
    same = [found._replace(resets_at=NOW + HOUR) for found in shares]

    def after(said: list[Share]) -> list[float]:
        found = readings
        for one in said:
            found = with_shares(found, {FIVE_HOUR: one}, STATUS_LINE, NOW)
        return [reading.used for reading in found.values()]

    assert after(same) == after(same[::-1])


@given(readings=READINGS)
def test_readings_survive_their_file(readings: dict[str, Reading]) -> None:
    """Moments to the millisecond, percent to the hundredth."""
    back = from_json(json.loads(json.dumps(to_json(readings))))
    assert to_json(back) == to_json(readings)
    assert back.keys() == readings.keys()


@pytest.mark.parametrize(
    "fields",
    [
        3,
        "text",
        {FIVE_HOUR: None},
        {FIVE_HOUR: {}},
        {FIVE_HOUR: {**to_json(known(5))[FIVE_HOUR], "used_percent": "5"}},
        {FIVE_HOUR: {**to_json(known(5))[FIVE_HOUR], "used_percent": -5}},
        {FIVE_HOUR: {**to_json(known(5))[FIVE_HOUR], "resets_at": 5}},
        {FIVE_HOUR: {**to_json(known(5))[FIVE_HOUR], "seen_at": "yesterday"}},
    ],
)
def test_a_damaged_file_is_none(fields: Any) -> None:
    with pytest.raises(ValueError, match=r"it does not hold|not a plausible number|not a moment"):
        from_json(fields)


@given(
    used=st.none() | st.text() | st.floats() | st.integers(), reset=st.none() | st.floats() | st.booleans()
)
def test_a_share_is_two_numbers_that_make_sense(used: Any, reset: Any) -> None:
    found = share(used, reset)
    if found is not None:
        assert 0 <= found.used <= 1000
        assert found.resets_at > 0


def test_names_of_accounts() -> None:
    assert all(map(is_account, ("claude", "claude-0a1b2c3d")))
    assert not any(
        map(is_account, ("", "claude-", "claude-../../x", "claude-0A1B2C3D", "Claude", "claude-0a1b2c3d4"))
    )
