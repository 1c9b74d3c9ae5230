"""What claude's stream says of usage windows: recorded events, and whatever else may stand in their place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents.claude.reading.windows import in_stream, rejected_until
from clodputer.model.gates.usage import FIVE_HOUR, SEVEN_DAY, Share
from tests.agents.streams import init, recorded, said, told

RESET = 1_800_003_600
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("status", "resetsAt", "utilization", "unifiedWindows", FIVE_HOUR, SEVEN_DAY, "rateLimitType")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def event(**info: Any) -> dict[str, Any]:
    return {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed", **info}}


@pytest.mark.parametrize(
    ("name", "five_hour", "seven_day"),
    [
        ("reply_oauth", Share(10, 1795231420), Share(10, 1795231420)),
        ("reply_oauth_warned", Share(91, 1795235020), Share(10, 1795235020)),
        ("limit_seven_day", Share(10, 1795627848), Share(100, 1795627848)),
    ],
)
def test_recorded_events(name: str, five_hour: Share, seven_day: Share) -> None:
    """2.1.329 says both windows whenever it says anything; what it says of a login with a key is nothing."""
    assert told(*recorded(name).lines).shares == {FIVE_HOUR: five_hour, SEVEN_DAY: seven_day}


def test_a_key_has_no_windows() -> None:
    assert told(*recorded("status_429").lines).shares == {}


def test_the_latest_event_counts_for_each_window() -> None:
    first = event(unifiedWindows={FIVE_HOUR: {"utilization": 0.5, "resetsAt": RESET}})
    second = event(rateLimitType=SEVEN_DAY, utilization=0.8, resetsAt=RESET + 9)
    third = event(unifiedWindows={FIVE_HOUR: {"utilization": 0.6, "resetsAt": RESET}})
    progress = told(init(), first, second, said("x"), third)
    assert progress.shares == {FIVE_HOUR: Share(60, RESET), SEVEN_DAY: Share(80, RESET + 9)}


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({}, {}),
        ({"status": "allowed", "resetsAt": RESET, "rateLimitType": FIVE_HOUR}, {}),
        (
            {"status": "rejected", "resetsAt": RESET, "rateLimitType": FIVE_HOUR},
            {FIVE_HOUR: Share(100, RESET)},
        ),
        ({"unifiedWindows": {"seven_day_opus": {"utilization": 0.9, "resetsAt": RESET}}}, {}),
        ({"unifiedWindows": {FIVE_HOUR: {"utilization": -1, "resetsAt": RESET}}}, {}),
        ({"unifiedWindows": {FIVE_HOUR: {"utilization": 0.9}}}, {}),
        ({"unifiedWindows": {FIVE_HOUR: {"utilization": 1e9, "resetsAt": RESET}}}, {}),
        (
            {"unifiedWindows": {FIVE_HOUR: {"utilization": 1, "resetsAt": RESET}}},
            {FIVE_HOUR: Share(100, RESET)},
        ),
    ],
)
def test_what_is_no_share(info: dict[str, Any], expected: dict[str, Share]) -> None:
    assert in_stream(info) == expected


@given(st.dictionaries(st.sampled_from(("status", "resetsAt", "unifiedWindows", "rateLimitType")), ANYTHING))
def test_nothing_upsets_it(info: dict[str, Any]) -> None:
    assert told(init(), event(**info)).started
    assert all(found.resets_at > 0 for found in in_stream(info).values())
    assert (rejected_until(info) or 1) > 0
