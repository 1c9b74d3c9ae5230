"""The circuit breaker: its state from how runs ended, as a table and as properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import outcome
from clodputer.model.gates.breaker import (
    AT_ONCE,
    CLOSED,
    HALF_OPEN,
    NOT_COUNTED,
    OPEN,
    Breaker,
    End,
    State,
    state,
    state_of_precheck,
)

NOW = 1_800_000_000.0
BREAKER = Breaker(threshold=3, cooldown=3600.0)


def ends(*reasons: str, newest: float = NOW - 60) -> list[End]:
    """Runs that ended for these reasons, the newest first, a minute apart."""
    return [End(newest - 60 * age, outcome.of(reason).outcome, reason) for age, reason in enumerate(reasons)]


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([], CLOSED),
        (["timeout", "exit_status"], CLOSED),
        (["timeout", "exit_status", "completed", "timeout", "timeout"], CLOSED),
        (["timeout", "exit_status", "empty"], OPEN),
        (["exec_died", "not_recorded", "exec_died"], CLOSED),
        (["timeout", "offline", "exit_status", "usage_limit", "cancelled", "interrupted", "empty"], OPEN),
        (["offline", "overloaded", "server_error", "usage_limit", "cancelled"], CLOSED),
        (["nothing_to_do", "timeout", "nothing_to_do", "timeout", "timeout"], OPEN),
        *[([reason], OPEN) for reason in AT_ONCE],
        (["timeout", "auth"], CLOSED),
        (["completed", "auth"], CLOSED),
        (["precheck"] * 5, CLOSED),
        (["precheck", "timeout", "precheck", "satisfied", "timeout", "unproven"], OPEN),
    ],
)
def test_the_state_of_a_row_of_ends(reasons: list[str], expected: str) -> None:
    """Only failures of the task's own count, and only those since the last success."""
    assert state(ends(*reasons), BREAKER, NOW).state == expected


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ([], CLOSED),
        (["precheck", "precheck"], CLOSED),
        (["precheck"] * 3, OPEN),
        (["precheck", "cancelled", "precheck", "interrupted", "exec_died", "not_started", "precheck"], OPEN),
        *[
            (["precheck", "precheck", after, "precheck"], CLOSED)
            for after in (
                "completed",
                "nothing_to_do",
                "satisfied",
                "timeout",
                "unproven",
                "usage_limit",
                "model",
            )
        ],
        (["timeout"] * 9, CLOSED),
        (["model"], CLOSED),
    ],
)
def test_the_breaker_of_prechecks(reasons: list[str], expected: str) -> None:
    """Only prechecks that failed count, and whatever came after one that did its work begins the row anew."""
    assert state_of_precheck(ends(*reasons), BREAKER, NOW).state == expected


def test_it_has_the_cooldown_of_the_task() -> None:
    failed = ends("precheck", "precheck", "precheck")
    until = NOW - 60 + 3600
    assert state_of_precheck(failed, BREAKER, NOW) == State(OPEN, 3, "precheck", until)
    assert state_of_precheck(failed, BREAKER, until).state == HALF_OPEN
    assert state_of_precheck([*ends("nothing_to_do", newest=until), *failed], BREAKER, until).state == CLOSED
    assert state_of_precheck(failed, Breaker(threshold=0), NOW) == State(CLOSED)


def test_it_opens_for_its_cooldown_and_is_half_open_from_then_on() -> None:
    failed = ends("timeout", "timeout", "exit_status")
    until = NOW - 60 + 3600
    assert state(failed, BREAKER, NOW) == State(OPEN, 3, "timeout", until)
    assert state(failed, BREAKER, until - 0.001).state == OPEN
    assert state(failed, BREAKER, until).state == HALF_OPEN
    probe = End(until + 5, *outcome.of("timeout")[:2])
    assert state([probe, *failed], BREAKER, until + 6).state == OPEN


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ("aaaa", State(CLOSED, 1, "timeout")),
        ("abab", State(CLOSED, 2, "timeout")),
        ("aabbc", State(OPEN, 3, "timeout", NOW - 60 + 3600)),
        ("abc", State(OPEN, 3, "timeout", NOW - 60 + 3600)),
    ],
)
def test_the_attempts_of_a_request_count_as_one(requests: str, expected: State) -> None:
    """So the retries of a request do not open the breaker against its own last attempt."""
    failed = [
        one._replace(request_id=request) for one, request in zip(ends(*["timeout"] * len(requests)), requests)
    ]
    assert state(failed, BREAKER, NOW) == expected


def test_without_a_threshold_there_is_none() -> None:
    assert state(ends(*["timeout"] * 9), Breaker(threshold=0), NOW) == State(CLOSED)


@pytest.mark.parametrize("first", AT_ONCE)
def test_a_run_to_try_that_fails_otherwise_keeps_it_open(first: str) -> None:
    """After a failure that is enough by itself only a success closes the breaker, not a failure that by itself is not."""
    failed = ends(first)
    until = NOW - 60 + 3600
    probe = End(until + 5, *outcome.of("timeout")[:2])
    assert state([probe, *failed], BREAKER, until + 6) == State(OPEN, 2, "timeout", until + 5 + 3600)


@given(ahead=st.integers(0, 10**7), cooldown=st.integers(1, 10**6))
def test_a_clock_that_went_back_makes_no_endless_pause(ahead: int, cooldown: int) -> None:
    """However far it went back, a run is tried within two pauses, and how that ends counts from then on."""
    breaker = Breaker(3, cooldown)
    failed = ends("timeout", "timeout", "timeout", newest=NOW + ahead)
    assert state(failed, breaker, NOW + ahead).state == OPEN
    if ahead >= cooldown:
        assert state(failed, breaker, NOW).state == HALF_OPEN
        probe = End(NOW, *outcome.of("timeout")[:2])
        assert state([probe, *failed], breaker, NOW) == State(OPEN, 3, "timeout", NOW + cooldown)
    else:
        assert state(failed, breaker, NOW + 2 * cooldown).state == HALF_OPEN


REASONS = st.lists(st.sampled_from(sorted(outcome.REASONS)), max_size=12)


@given(reasons=REASONS, threshold=st.integers(0, 6), later=st.floats(0, 10_000))
def test_properties(reasons: list[str], threshold: int, later: float) -> None:
    """It looks at no run before the last success; once half open it stays so until a run ends; a success closes it."""
    breaker = Breaker(threshold, 3600.0)
    found = state(ends(*reasons), breaker, NOW)
    since = reasons[: reasons.index("completed")] if "completed" in reasons else reasons
    assert state(ends(*since), breaker, NOW) == found
    assert state(ends("completed", *reasons), breaker, NOW).state == CLOSED
    counted = [
        one for one in since if outcome.of(one).outcome not in outcome.BLAMELESS and one not in NOT_COUNTED
    ]
    assert (found.state == CLOSED) == (
        threshold == 0 or (len(counted) < threshold and not any(one in AT_ONCE for one in counted))
    )
    if found.state == HALF_OPEN:
        assert state(ends(*reasons), breaker, NOW + later).state == HALF_OPEN
