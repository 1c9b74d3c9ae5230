"""Which runs count, and the rates under each condition."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from clodputer.model.learning.judged import OUTSIDE, is_judged, item_kind
from clodputer.model.learning.rates import rate, rates
from clodputer.model.outcome import REASONS
from tests.model.learning.past import past


@pytest.mark.parametrize(
    ("reason", "fields", "counts"),
    [
        ("completed", {}, True),
        ("exit_status", {}, True),
        ("timeout", {}, True),
        ("denied", {}, True),
        ("expect_unmet", {}, True),
        ("nothing_to_do", {}, False),
        ("usage_limit", {}, False),
        ("cancelled", {}, False),
        ("exec_died", {}, False),
        ("offline", {}, False),
        ("auth", {}, False),
        ("internal", {}, False),
        ("not_started", {}, False),
        # the agent was not started
        ("precheck", {"cost_usd": 0}, False),
        ("unproven", {"cost_usd": 0}, False),
        ("unproven", {}, True),
        # only there because the first one failed
        ("completed", {"attempt": 2}, False),
    ],
)
def test_what_counts(reason: str, fields: dict[str, Any], counts: bool) -> None:
    assert is_judged(past(0, reason, **fields)) is counts


def test_every_reason_outside_is_one() -> None:
    assert set(REASONS) >= OUTSIDE


def test_a_run_that_may_have_done_nothing_is_no_good_one() -> None:
    runs = [past(0), past(1, suspect=True), past(2, "timeout"), past(3, "offline")]
    found = rate("", runs)
    assert (found.good, found.runs, found.share) == (1, 3, 1 / 3)
    assert rate("", []).share is None
    assert rate("", []).interval == (0.0, 1.0)


def test_rates_under_each_condition() -> None:
    runs = [
        past(0, model="a", prompt="p1", version="2.1.0", item="o/r#1", trigger="github"),
        past(1, "timeout", model="a", prompt="p1", version="2.1.0"),
        past(24, "denied", model="b", prompt="p2", version="2.1.0"),
        past(25, "offline", model="c"),
    ]
    found = rates(runs, timezone(timedelta(hours=1)))
    assert [(one.value, one.good, one.runs) for one in found["model"]] == [("a", 1, 2), ("b", 0, 1)]
    assert [one.value for one in found["prompt"]] == ["p1", "p2"]
    assert [(one.value, one.runs) for one in found["version"]] == [("2.1.0", 3)]
    # They took a minute, so that they began before the hour.
    assert [(one.value, one.runs) for one in found["hour"]] == [("08", 2), ("09", 1)]
    assert [(one.value, one.runs) for one in found["item"]] == [("none", 2), ("github", 1)]


def test_a_run_is_about_what_its_trigger_brings() -> None:
    assert item_kind(past(item="a.txt", trigger="file_watch")) == "file_watch"
    assert item_kind(past(item="")) == "none"
    assert item_kind(past(item="x", trigger="")) == "none"
