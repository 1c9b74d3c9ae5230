"""What a record says of how its run ended, put back into the form in which agents judge it; and what today's rules change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.outcome import REASONS, SUCCEEDED, Outcome

# Why we stopped a run, as its reason tells.
_STOPPED = frozenset(
    ("startup_hang", "stall", "timeout", "output_too_large", "interrupted", "cancelled", "replaced")
)
# Decided by something else than the stream: by gates and checks, by GitHub, by what became of exec, or by the surroundings.
NOT_BY_STREAM = frozenset(
    (
        "cancelled",
        "exec_died",
        "expect_unmet",
        "image_build",
        "internal",
        "no_container",
        "no_ports",
        "no_worktree",
        "not_confirmed",
        "not_recorded",
        "not_started",
        "planned",
        "precheck",
        "protected",
        "replaced",
        "sandbox",
        "satisfied",
        "setup",
        "unproven",
        "withdrawn",
        "worktree_busy",
    )
)
_SIGNALS = (128 + 2, 128 + 9, 128 + 15)


class Verdict(NamedTuple):
    """What a run amounts to: its outcome, reason and message."""

    outcome: str
    reason: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Its keys are a promise to programs."""
        return self._asdict()


def recorded(record: Mapping[str, Any]) -> Verdict:
    """The verdict in a record."""
    return Verdict(*(str(record.get(key) or "") for key in ("outcome", "reason", "message")))


def of_outcome(outcome: Outcome) -> Verdict:
    """The verdict of an agent."""
    return Verdict(outcome.outcome, outcome.reason, outcome.message)


def stopped(record: Mapping[str, Any], *, done: bool, hopeless: str) -> str:
    """Why we stopped the run, as `Ended` has it. done: its stream has a final result; hopeless: what its progress was called.

    The record does not have it: it follows from its reason and from the signal.
    """
    reason, killed = str(record.get("reason") or ""), _killed(record)
    if reason in _STOPPED:
        return reason
    if killed and hopeless:
        return hopeless
    # It had its result and would not leave.
    return "exit_grace" if killed and done and record.get("outcome") == SUCCEEDED else ""


def _killed(record: Mapping[str, Any]) -> bool:
    return record.get("signal") is not None or record.get("exit_status") in _SIGNALS


def left_alone(record: Mapping[str, Any]) -> str:
    """Why today's rules have nothing to say of a run; empty when they do."""
    reason = str(record.get("reason") or "")
    if reason not in REASONS:
        return f"the reason {reason[:40]!r} no longer exists" if reason else "its record has no reason"
    if reason in NOT_BY_STREAM:
        return f"its reason ({reason}) does not come from its stream"
    return ""
