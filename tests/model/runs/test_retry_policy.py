"""Which reasons are retried, how often and after what wait; and what follows a run that failed, as data."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import decide, outcome
from clodputer.model.numbers.dice import dice
from clodputer.model.outcome import BLAMELESS, BY_DEFAULT, NEVER, REASONS, WHEN_NAMED
from clodputer.model.runs.attempts import Attempts, from_json, past, to_json, with_run
from clodputer.model.runs.ending import Ending
from clodputer.model.runs.retry import (
    EXPONENTIAL,
    FIXED,
    LINEAR,
    LONGEST_ASKED,
    SHORTEST_WAIT,
    USUAL_ATTEMPTS,
    Retry,
    is_retried,
    wait_after,
)

NOW = 1_800_000_000.0
RUN = "20270115T080000.000Z-abcd1234"

policies = st.builds(
    Retry,
    max_attempts=st.none() | st.integers(1, 100),
    wait=st.floats(1, 1e7),
    backoff=st.sampled_from([EXPONENTIAL, LINEAR, FIXED]),
    multiplier=st.floats(1, 100),
    longest_wait=st.floats(1, 1e7),
    jitter=st.booleans(),
    on=st.none() | st.lists(st.sampled_from(sorted(REASONS)), max_size=4).map(tuple),
)


@pytest.mark.parametrize(
    ("kept", "reasons"),
    [
        (
            BY_DEFAULT,
            {
                "mcp",
                "no_ports",
                "image_build",
                "not_confirmed",
                "offline",
                "sandbox",
                "overloaded",
                "server_error",
                "startup_hang",
                "worktree_busy",
            },
        ),
        (WHEN_NAMED, {"exec_died", "internal", "job_ended"}),
    ],
)
def test_the_table_of_reasons(kept: str, reasons: set[str]) -> None:
    """These and no others."""
    assert {code for code, reason in REASONS.items() if reason.retry == kept} == reasons


@pytest.mark.parametrize(
    "reason", ["auth", "billing", "denied", "max_cost", "model", "refused", "config", "invalid_request"]
)
def test_what_would_end_the_same_way_is_never_retried(reason: str) -> None:
    """Not even when the task asks for it."""
    assert REASONS[reason].retry == NEVER
    assert not is_retried(Retry(max_attempts=9, on=(reason,)), reason)


@pytest.mark.parametrize("reason", [code for code, one in REASONS.items() if one.outcome in BLAMELESS])
def test_what_is_no_failure_is_never_retried(reason: str) -> None:
    """What succeeded was done, and what a person stopped is not begun again."""
    assert REASONS[reason].retry == NEVER


@pytest.mark.parametrize(
    ("retry", "reason", "expected"),
    [
        (Retry(), "offline", True),
        (Retry(), "timeout", False),
        (Retry(wait=5.0), "timeout", False),
        (Retry(max_attempts=3), "timeout", True),
        (Retry(max_attempts=3), "offline", True),
        (Retry(max_attempts=3), "exec_died", False),
        (Retry(on=("exec_died",)), "exec_died", True),
        (Retry(on=("timeout",)), "timeout", True),
        (Retry(on=("timeout",)), "offline", False),
        (Retry(), "a reason of a version to come", False),
    ],
)
def test_which_reasons_are_retried(retry: Retry, reason: str, expected: bool) -> None:
    """By default, when asked for attempts, when named; and nothing but what is named."""
    assert is_retried(retry, reason) is expected


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (EXPONENTIAL, [60, 240, 960, 3600, 3600]),
        (LINEAR, [60, 120, 180, 240, 300]),
        (FIXED, [60, 60, 60, 60, 60]),
    ],
)
def test_how_waits_grow(backoff: str, waits: list[float]) -> None:
    """Without jitter, with the values that hold by default."""
    retry = Retry(backoff=backoff, jitter=False)
    assert [wait_after(retry, attempt, 0.0) for attempt in range(1, 6)] == waits


@given(retry=policies, attempt=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_every_wait_is_sane(retry: Retry, attempt: int, chance: float) -> None:
    """Never shorter than a second, never longer than the longest one, however far it has grown."""
    wait = wait_after(retry, attempt, chance)
    assert SHORTEST_WAIT <= wait <= max(retry.longest_wait, SHORTEST_WAIT)
    whole = wait_after(retry._replace(jitter=False), attempt, chance)
    assert wait <= whole
    assert retry.jitter or wait == whole


@given(asked=st.none() | st.floats(0, 1e12))
def test_a_wait_that_is_asked_for_is_kept(asked: Optional[float]) -> None:
    """Never undercut, believed up to a day."""
    wait = wait_after(Retry(), 1, 0.0, asked)
    assert wait == max(SHORTEST_WAIT, min(asked or 0.0, LONGEST_ASKED))


@given(st.text(), st.integers())
def test_dice_fall_the_same_way(name: str, number: int) -> None:
    """From 0 up to 1, and the same each time."""
    assert 0 <= dice(name, number) < 1
    assert dice(name, number) == dice(name, number)


def test_dice_of_many_words_are_spread() -> None:
    """A thousand tasks do not come back at one moment."""
    thrown = [dice("task", number) for number in range(1000)]
    for tenth in range(10):
        assert 50 < sum(tenth / 10 <= number < (tenth + 1) / 10 for number in thrown) < 150


def story(*reasons: str) -> Attempts:
    """What is known after so many attempts, one for each reason."""
    known = Attempts()
    for number, reason in enumerate(reasons, 1):
        run = past(RUN, number, outcome.of(reason).outcome, reason, "", "2027-01-15T08:00:00Z")
        known = with_run(known, run)._replace(attempt=number + 1)
    return known


# A usage limit uses up no attempt: its end is that of the windows, which tests/model/test_decide.py has. Nor does a plan,
# which waits for a person.
@given(
    retry=policies,
    reason=st.sampled_from(sorted(set(REASONS) - {"usage_limit", "planned"})),
    left=st.integers(0, 2),
)
def test_a_request_has_an_end(retry: Retry, reason: str, left: int) -> None:
    """However it fails, a request is tried as often as its policy says at most, and then is kept with the story of all."""
    known, ran = Attempts(), 0
    while True:
        ending = Ending(
            outcome.of(reason).outcome,
            reason,
            NOW + ran,
            run_id=RUN,
            attempt=known.attempt,
            attempts=known,
            retry=retry,
            left=left,
        )
        last = decide.after(ending)[-1]
        ran += 1
        if last["effect"] != "retry":
            break
        assert not left
        assert NOW + ran - 1 < last["at"]
        known = from_json(last["attempts"])
        assert known.attempt == ran + 1
        assert known.story[-1].attempt == ran
    most = USUAL_ATTEMPTS if retry.max_attempts is None else retry.max_attempts
    failed = outcome.of(reason).outcome in ("failed", "timed_out", "lost")
    expected = most if failed and is_retried(retry, reason) and not left else 1
    assert ran == expected
    if ran > 1:
        assert (last["effect"], last["code"]) == ("bury", reason)
        assert [run["attempt"] for run in last["attempts"]] == list(range(1, ran + 1))[-20:]


def test_what_succeeds_at_last_is_finished() -> None:
    ending = Ending("succeeded", "completed", NOW, attempt=2, attempts=story("offline"))
    assert decide.after(ending) == [{"effect": "finish"}]


def test_another_failure_after_a_retry_is_kept_with_the_story() -> None:
    """It is not retried, but the first failure must not be forgotten."""
    ending = Ending("failed", "denied", NOW, run_id=RUN, attempt=2, attempts=story("offline"))
    (effect,) = decide.after(ending)
    assert (effect["effect"], effect["code"]) == ("bury", "denied")
    assert [run["reason"] for run in effect["attempts"]] == ["offline", "denied"]


def test_processes_that_would_not_die_forbid_another_attempt() -> None:
    """Two runs of one request must not be at work at the same time; and it is said why."""
    (effect,) = decide.after(Ending("failed", "offline", NOW, left=2))
    assert effect["effect"] == "bury"
    assert "2 of its processes could not be ended" in effect["message"]


@given(
    attempt=st.integers(1, 10**6),
    windows=st.integers(0, 9),
    texts=st.lists(st.text(max_size=3000), min_size=6, max_size=6),
    runs=st.integers(0, 40),
)
def test_what_is_known_is_read_back(attempt: int, windows: int, texts: list[str], runs: int) -> None:
    """As it was written, and of many runs and long texts never more than is bearable."""
    known = Attempts(attempt, (), texts[0], texts[1], windows)
    how, why, message, ended_at, result, file = texts
    for number in range(runs):
        run = past(RUN, number + 1, how, why, message, ended_at, result, [file])
        known = with_run(known, run)
    assert from_json(to_json(known)) == known
    assert len(known.story) <= 20
    assert all(len(run.message) <= 600 and len(run.result) <= 2000 for run in known.story)


@pytest.mark.parametrize(
    "fields",
    [None, {}, [], {"attempt": 0, "windows": 0, "story": []}, {"attempt": "x", "windows": 0, "story": []}, 5],
)
def test_what_is_not_ours_is_refused(fields: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        from_json(fields)
