"""The brain's decisions, as tables."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import decide, outcome
from clodputer.model.decide import Holder
from clodputer.model.numbers.backoff import FIRST_PAUSE, LONGEST_PAUSE, limit_pause
from clodputer.model.request import Request
from clodputer.model.runs.attempts import Attempts, from_json
from clodputer.model.runs.ending import Ending
from clodputer.model.runs.limit import LATEST_WAKE, SOONEST_WAKE, Limit, wake_after

NOW = 1_800_000_000.0
REQUEST = Request("abcd1234", "nightly", NOW - 60)


@pytest.mark.parametrize(
    ("reason", "kinds"),
    [
        ("completed", ["finish"]),
        ("expect_unmet", ["finish"]),
        ("not_started", ["finish"]),
        ("timeout", ["finish"]),
        ("offline", ["retry"]),
        ("startup_hang", ["retry"]),
        ("cancelled", ["finish"]),
        ("interrupted", ["put_back"]),
        ("usage_limit", ["hold", "retry"]),
        ("exec_died", ["bury"]),
    ],
)
def test_after(reason: str, kinds: list[str]) -> None:
    """Each end leads to exactly one way out of the slot, and a limit to a hold as well."""
    ended = outcome.of(reason)
    effects = decide.after(Ending(ended.outcome, reason, NOW))
    assert [effect["effect"] for effect in effects] == kinds


@pytest.mark.parametrize("reason", outcome.REASONS)
def test_every_reason_leaves_the_slot_last(reason: str) -> None:
    """Whatever the reason, the last effect, and only it, moves the request out of the slot."""
    effects = decide.after(Ending(outcome.of(reason).outcome, reason, NOW))
    leaving = [effect["effect"] in ("finish", "put_back", "retry", "bury", "park") for effect in effects]
    assert leaving == [False] * (len(effects) - 1) + [True]


@given(resets_at=st.none() | st.floats(allow_nan=False), limited_before=st.integers(0, 10**6))
def test_a_hold_ends_in_sane_time(resets_at: Optional[float], limited_before: int) -> None:
    """No reset time, however mad, holds a lane for less than a minute or more than eight days."""
    known = Attempts(windows=limited_before)
    ending = Ending("limited", "usage_limit", NOW, resets_at=resets_at, attempts=known)
    hold = decide.after(ending)[0]
    assert 60 <= hold["until"] - NOW <= 8 * 86400


def test_the_reset_time_is_believed() -> None:
    """A reset in two hours holds the lane for two hours."""
    ending = Ending("limited", "usage_limit", NOW, resets_at=NOW + 7200, attempts=Attempts(windows=3))
    hold = decide.after(ending)[0]
    assert hold["until"] == NOW + 7200


def test_pauses_double_up_to_an_hour() -> None:
    """Five minutes, ten, twenty, forty, then an hour each time."""
    assert [limit_pause(count) for count in range(6)] == [300, 600, 1200, 2400, 3600, 3600]
    assert limit_pause(10**9) == LONGEST_PAUSE > FIRST_PAUSE


HOLDER = Holder("other123", NOW - 100, ttl=0.0, pending=False)


@pytest.mark.parametrize(
    ("request_", "holder", "expected"),
    [
        (REQUEST, HOLDER, False),
        (REQUEST, HOLDER._replace(pending=True), True),
        (REQUEST, HOLDER._replace(ttl=101.0), True),
        (REQUEST, HOLDER._replace(ttl=100.0), False),
        (REQUEST._replace(dedupe_ttl=101.0), HOLDER, True),
        (REQUEST, HOLDER._replace(request_id=REQUEST.id, pending=True), False),
    ],
)
def test_coalesce(request_: Request, holder: Holder, expected: bool) -> None:
    """A second request is one with the first while that waits, runs, or is within a ttl; never with itself."""
    assert decide.coalesce(request_, holder, NOW) is expected


@given(
    windows=st.integers(0, 12),
    attempt=st.integers(1, 9),
    resets=st.lists(st.none() | st.floats(-1e6, 1e6), min_size=14, max_size=14),
)
def test_a_request_waits_through_so_many_limits_and_no_attempt_is_used_up(
    windows: int, attempt: int, resets: list[Optional[float]]
) -> None:
    """Each time its session is gone on with, and its account held for as long as it waits; then it is given up."""
    known, now, ways = Attempts(attempt), NOW, []
    for number, reset in enumerate(resets):
        hold, way = decide.after(
            Ending(
                "limited",
                "usage_limit",
                now,
                attempt=attempt,
                attempts=known,
                limit=Limit(windows),
                resets_at=None if reset is None else now + reset,
                account="claude",
                session=f"session-{number}",
            )
        )
        ways.append(way["effect"])
        assert (hold["effect"], hold["name"]) == ("hold", "claude")
        if way["effect"] != "retry":
            break
        known = from_json(way["attempts"])
        assert (known.attempt, known.windows, known.session) == (attempt, number + 1, f"session-{number}")
        assert now < way["at"] <= hold["until"] == way["until"]
        now = hold["until"]
    assert ways == ["retry"] * windows + ["bury"]


@given(st.text(min_size=1))
def test_after_a_limit_each_task_has_a_moment_of_its_own(task: str) -> None:
    assert SOONEST_WAKE <= wake_after(task) == wake_after(task) <= LATEST_WAKE
