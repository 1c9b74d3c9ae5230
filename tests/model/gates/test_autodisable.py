"""Which ends of runs speak for disabling a task, and how many of them there are in a row; as a table and as properties."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import decide, outcome
from clodputer.model.gates.autodisable import End, counts, in_a_row
from clodputer.model.runs.ending import Ending
from clodputer.model.runs.retry import Retry


def end(reason: str, trigger: str = "cron", *, final: bool = True) -> End:
    return End(outcome.of(reason).outcome, reason, trigger, final)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        *[
            (end(reason), True)
            for reason in ("timeout", "exit_status", "denied", "precheck", "config", "max_cost")
        ],
        *[
            (end(reason), False)
            for reason in ("completed", "nothing_to_do", "cancelled", "usage_limit", "interrupted")
        ],
        *[(end(reason), False) for reason in ("offline", "overloaded", "server_error", "auth", "billing")],
        *[(end(reason), False) for reason in ("exec_died", "not_recorded")],
        (end("timeout", final=False), False),
        (end("timeout", "spool"), True),
        *[(end("timeout", trigger), False) for trigger in ("manual", "retry")],
    ],
)
def test_what_counts(one: End, expected: bool) -> None:
    assert counts(one) is expected


REASONS = st.lists(st.sampled_from(sorted(outcome.REASONS)), max_size=12)


@given(reasons=REASONS, most=st.integers(1, 9))
def test_in_a_row(reasons: list[str], most: int) -> None:
    """Since the last success, and no further than makes a difference; what does not count does not break the row."""
    ends = [end(reason) for reason in reasons]
    number = in_a_row(ends, most)
    since = reasons[: reasons.index("completed")] if "completed" in reasons else reasons
    assert number == min(most, sum(counts(end(reason)) for reason in since))
    assert in_a_row([end("completed"), *ends], most) == 0
    assert in_a_row([end("offline"), *ends], most) == number


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"task_failures": 1}, False),
        ({"auto_disable_after": 0}, False),
        ({"trigger": "manual"}, False),
        ({"reason": "offline"}, False),
        ({"reason": "cancelled", "outcome": "cancelled"}, False),
        ({"reason": "completed", "outcome": "succeeded"}, False),
        ({"retry": Retry(max_attempts=2, on=("timeout",))}, False),
        ({"retry": Retry(max_attempts=2, on=("timeout",)), "attempt": 2}, True),
        ({"task_failures": 99}, True),
    ],
)
def test_what_disables(changes: dict[str, Any], expected: bool) -> None:
    """With the last attempt of the N-th request, and then only; the way out of the slot still comes last."""
    about = {
        "outcome": "timed_out",
        "reason": "timeout",
        "now": 1e9,
        "trigger": "cron",
        "auto_disable_after": 3,
    }
    effects = decide.after(Ending(**{**about, "task_failures": 2, **changes}))
    assert [one["effect"] == "disable" for one in effects] == ([True, False] if expected else [False])
    if expected:
        failures = changes.get("task_failures", 2) + 1
        assert effects[0] == {"effect": "disable", "at": 1e9, "failures": failures, "reason": "timeout"}
