"""Approval: what a decision, or its absence, leads to, and what a dropped decision may say."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.gates.approval import (
    APPROVAL_EXPIRED,
    APPROVED,
    BEFORE,
    DENIED,
    DENIED_BY_PERSON,
    EXPIRED,
    PLAN,
    Approval,
    Decision,
    Form,
    contradiction,
    read_form,
    verdict,
)
from clodputer.model.gates.verdict import GO, Close, Wait
from clodputer.model.gates.waiting import APPROVAL

NOW = 1_800_000_000.0
ASKS, SILENT = Approval(BEFORE, 60.0), Approval()
YES, NO, LATE = (Decision(one, NOW - 1) for one in (APPROVED, DENIED, EXPIRED))


PLANS = Approval(PLAN, 60.0)


@pytest.mark.parametrize(
    ("decision", "plan", "since", "expected"),
    [
        (None, None, NOW, GO),
        (None, None, NOW - 9e9, GO),
        (None, "", NOW, APPROVAL),
        (None, "a plan", NOW, APPROVAL),
        (None, "a plan", NOW - 60, APPROVAL_EXPIRED),
        (YES, "a plan", NOW - 9e9, GO),
        (NO, "a plan", NOW, DENIED_BY_PERSON),
        (NO, None, NOW, DENIED_BY_PERSON),
    ],
)
def test_a_plan_is_made_first(
    decision: Optional[Decision], plan: Optional[str], since: float, expected: Any
) -> None:
    found = verdict(PLANS, decision, since, NOW, plan)
    assert expected in (found, getattr(found, "reason", None), getattr(found, "code", None))


def test_a_message_shows_how_a_plan_begins() -> None:
    found = verdict(PLANS, None, NOW, NOW, "first\n\x1b[31mthis\x1b[0m " + "x" * 9999)
    assert isinstance(found, Wait)
    assert ": first this xxx" in found.message
    assert len(found.message) < 500


@pytest.mark.parametrize(
    ("rule", "decision", "since", "expected"),
    [
        (SILENT, None, NOW, GO),
        (ASKS, None, NOW, APPROVAL),
        (ASKS, None, NOW - 59.9, APPROVAL),
        (ASKS, None, NOW - 60, APPROVAL_EXPIRED),
        (ASKS, YES, NOW, GO),
        (ASKS, YES, NOW - 9e9, GO),
        (ASKS, NO, NOW, DENIED_BY_PERSON),
        (ASKS, NO, NOW - 9e9, DENIED_BY_PERSON),
        (ASKS, LATE, NOW, APPROVAL_EXPIRED),
        (SILENT, YES, NOW, GO),
        (SILENT, NO, NOW, DENIED_BY_PERSON),
        (SILENT, LATE, NOW, APPROVAL_EXPIRED),
    ],
)
def test_what_a_decision_leads_to(
    rule: Approval, decision: Optional[Decision], since: float, expected: Any
) -> None:
    """A decision counts for good; without one it waits until the time is over."""
    found = verdict(rule, decision, since, NOW)
    if isinstance(found, Wait):
        assert (found.until, found.reason) == (None, expected)
    elif isinstance(found, Close):
        assert found.code == expected
        assert found.message
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"approve": "3f9a2c1b"}, (APPROVED, "3f9a2c1b", "")),
        ({"approve": " 3f9a2c1b ", "note": "seen"}, (APPROVED, "3f9a2c1b", "seen")),
        ({"deny": "3f9a2c1b", "reason": "no"}, (DENIED, "3f9a2c1b", "no")),
        ({"deny": "3f9a2c1b", "reason": None}, (DENIED, "3f9a2c1b", "")),
        ({"token": "a.b", "note": "seen"}, ("", "", "seen", "a.b")),
        ({"deny": "3f9a2c1b", "reason": "x" * 9000}, (DENIED, "3f9a2c1b", "x" * 2000)),
    ],
)
def test_a_dropped_decision(fields: Any, expected: tuple[str, ...]) -> None:
    """One key says which, and of which request."""
    assert read_form(fields) == Form(*expected)


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        "approve",
        {},
        {"approve": "3f9a2c1b", "deny": "3f9a2c1b"},
        {"approve": 12},
        {"token": "a.b", "approve": "3f9a2c1b"},
        {"token": "a.b", "reason": "x"},
        {"approve": ""},
        {"approve": "x" * 101},
        {"approve": "3f9a2c1b", "reason": "the word of the other one"},
        {"approve": "3f9a2c1b", "note": ["x"]},
        {"approve": "3f9a2c1b", "task": "x"},
    ],
)
def test_what_is_no_decision(fields: Any) -> None:
    """It is rejected with the reason."""
    with pytest.raises(ValueError, match=r"\w"):
        read_form(fields)


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [
        ({}, False),
        ({"approve": "before"}, False),
        ({"require_confirmation": True}, False),
        ({"require_confirmation": False}, False),
        ({"require_confirmation": True, "approve": "before"}, False),
        ({"require_confirmation": False, "approve": "before"}, True),
    ],
)
def test_two_keys_for_one_thing(keys: dict[str, Any], wrong: bool) -> None:
    """They may agree."""
    assert bool(contradiction(keys)) == wrong
