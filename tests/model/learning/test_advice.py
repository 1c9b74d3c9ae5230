"""Advice: what past runs speak for, and above all where nothing may be said."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Optional

import pytest

from clodputer.model.learning.advice import Subject, advice, identity
from clodputer.model.learning.advice.schedule import ranges
from clodputer.model.learning.advice.tools import may_be_advised
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.task import Claude, Task, Trigger
from tests.model.learning.past import past

CRON = Trigger("cron", {"schedule": "0 8,9,20 * * 1-5"}, "nightly")


def task(**keys: Any) -> Task:
    """The task whose runs are looked at."""
    return Task("nightly", "/t/nightly.yaml", prompt="x", **keys)


def found(runs: list[PastRun], own: Optional[Task] = None, **keys: Any) -> list[tuple[str, Any]]:
    subject = Subject(own or task(), runs, keys.pop("timeout", 600.0), **keys)
    return [(one.kind, one.value) for one in advice(subject)]


def some(number: int, reason: str = "completed", begin: int = 0, **fields: Any) -> list[PastRun]:
    return [past(begin + place, reason, **fields) for place in range(number)]


STOPPED = some(4, "timeout", 100, duration=601.0)


@pytest.mark.parametrize(
    ("runs", "timeout", "advised"),
    [
        # Four of fourteen were stopped; how long nine of ten need is not known.
        (some(10, duration=400.0) + STOPPED, 600.0, "20m"),
        # The last that was at work took 700 s, so that is what nine of ten need.
        (some(10, duration=400.0) + STOPPED + some(3, begin=200, duration=800.0), 600.0, "20m"),
        # They were stopped at an earlier timeout, which was raised since.
        (some(10, duration=400.0) + STOPPED, 1200.0, None),
        # too few runs, too few stopped, too few that ended
        (some(3, duration=400.0) + STOPPED, 600.0, None),
        (some(30, duration=400.0) + STOPPED[:2], 600.0, None),
        (some(100, duration=400.0) + STOPPED, 600.0, None),
        (some(2) + some(12, "timeout", 50, duration=601.0), 600.0, None),
        # None of thirty needs a tenth of it: but never less than five minutes, and only where it matters.
        (some(30, duration=60.0), 7200.0, "5m"),
        (some(30, duration=600.0), 7200.0, "30m"),
        (some(30, duration=600.0), 2400.0, None),
        (some(30, duration=1.0), 360.0, None),
        (some(12, duration=60.0), 7200.0, None),
        ([], 600.0, None),
    ],
)
def test_timeout(runs: list[PastRun], timeout: float, advised: Optional[str]) -> None:
    assert found(runs, timeout=timeout) == ([("timeout", advised)] if advised else [])


def test_a_new_prompt_begins_anew() -> None:
    runs = some(10, prompt="old", duration=400.0) + [one._replace(prompt="old") for one in STOPPED]
    assert found(runs) == [("timeout", "20m")]
    assert found(runs + some(10, begin=300, prompt="new", duration=200.0)) == []


@pytest.mark.parametrize(
    ("rules", "number", "fields", "claude", "advised"),
    [
        (("Bash(git commit:*)",), 3, {}, Claude(), [["Bash(git commit:*)"]]),
        (("Write", "WebFetch(domain:a.org)"), 3, {}, Claude(), [["WebFetch(domain:a.org)"], ["Write"]]),
        (("Write",), 2, {}, Claude(), []),
        # text from outside may have asked for it
        (("Write",), 9, {"outside": True}, Claude(), []),
        (("Bash",), 9, {}, Claude(), []),
        (("Bash(sudo:*)", "Bash(rm:*)", "Bash(/usr/bin/python3:*)"), 9, {}, Claude(), []),
        (("Bash(make:*)",), 9, {}, Claude(allowed_tools=("Bash(make:*)",)), []),
        (("Bash(make:*)",), 9, {}, Claude(allowed_tools=("Bash",)), []),
        (("Bash(make:*)",), 9, {}, Claude(disallowed_tools=("Bash(rm:*)",)), []),
    ],
)
def test_allowed_tools(
    rules: tuple[str, ...], number: int, fields: Any, claude: Claude, advised: list[Any]
) -> None:
    runs = some(8) + some(number, "denied", 50, denied=rules, **fields)
    assert [value for _, value in found(runs, task(claude=claude))] == advised
    if advised:
        assert found(runs[5:], task(claude=claude)) == [], "fewer than eight runs"
        assert found(runs, task(claude=claude, agent="command")) == []


@pytest.mark.parametrize(
    "rule", ["Bash", "Bash(sh:*)", "Bash(env FOO:*)", "Bash(/bin/rm:*)", "Bash(sudo make:*)"]
)
def test_what_is_never_advised(rule: str) -> None:
    assert not may_be_advised(rule)


def at_hours(number: int, bad: tuple[int, ...], reason: str) -> list[PastRun]:
    """So many runs at each of three hours, the ones at a bad hour failing."""
    return [
        past(
            24 * day + hour - 8,
            reason if hour in bad else "completed",
            at=past(24 * day + hour - 8).at + 60.0,
        )
        for day in range(number)
        for hour in (8, 9, 20)
    ]


def test_schedule() -> None:
    own = task(triggers=(CRON,))
    zone = timezone.utc
    assert found(at_hours(12, (9,), "overloaded"), own, zone=zone, timeout=60.0) == [
        ("schedule", "0 8,20 * * 1-5")
    ]
    assert found(at_hours(12, (9,), "usage_limit"), own, zone=zone, timeout=60.0) == [
        ("schedule", "0 8,20 * * 1-5")
    ]
    assert found(at_hours(7, (9,), "overloaded"), own, zone=zone, timeout=60.0) == [], (
        "too few runs at an hour"
    )
    assert found(at_hours(12, (8, 9, 20), "overloaded"), own, zone=zone, timeout=60.0) == [], (
        "they are all alike"
    )
    assert found(at_hours(12, (9,), "cancelled"), own, zone=zone, timeout=60.0) == []
    assert found(at_hours(12, (9,), "overloaded"), own, timeout=60.0) == [], "no zone is known"
    assert found(at_hours(12, (9,), "overloaded"), task(triggers=(CRON, CRON)), zone=zone, timeout=60.0) == []
    daily = CRON._replace(options={"schedule": "@daily"})
    assert found(at_hours(12, (9,), "overloaded"), task(triggers=(daily,)), zone=zone, timeout=60.0) == []
    (one,) = advice(Subject(own, at_hours(12, (9,), "overloaded"), 60.0, zone))
    assert (one.key, one.before, one.runs) == ("trigger.0.schedule", "0 8,9,20 * * 1-5", 12)


@pytest.mark.parametrize(
    ("hours", "text"), [([1], "1"), ([1, 2], "1,2"), ([0, 1, 2, 5, 7, 8, 9], "0-2,5,7-9"), ([], "")]
)
def test_hours_as_cron_writes_them(hours: list[int], text: str) -> None:
    assert ranges(hours) == text


def of_model(name: str, good: int, runs: int, cost: float, begin: int = 0) -> list[PastRun]:
    return [
        past(begin + place, "completed" if place < good else "expect_unmet", model=name, cost_usd=cost)
        for place in range(runs)
    ]


@pytest.mark.parametrize(
    ("other", "now", "advised"),
    [
        # no worse, by so many runs, and half the price
        (of_model("haiku", 60, 60, 0.1), of_model("opus", 58, 60, 1.0, 100), "haiku"),
        # by so few runs it may be worse
        (of_model("haiku", 9, 9, 0.1), of_model("opus", 9, 9, 1.0, 100), None),
        # worse
        (of_model("haiku", 40, 60, 0.1), of_model("opus", 58, 60, 1.0, 100), None),
        # hardly cheaper
        (of_model("haiku", 60, 60, 0.9), of_model("opus", 58, 60, 1.0, 100), None),
        # dearer, and clearly better
        (of_model("opus", 38, 40, 1.0), of_model("haiku", 20, 40, 0.1, 100), "opus"),
        (of_model("opus", 5, 5, 1.0), of_model("haiku", 0, 40, 0.1, 100), None),
        ([], of_model("haiku", 0, 40, 0.1, 100), None),
    ],
)
def test_model(other: list[PastRun], now: list[PastRun], advised: Optional[str]) -> None:
    assert found(other + now, timeout=60.0) == ([("model", advised)] if advised else [])
    if advised:
        assert found(other + now, task(claude=Claude(model=advised)), timeout=60.0) == []
        assert found(other + now, task(agent="command"), timeout=60.0) == []


def test_an_id_holds_for_a_change_and_for_a_file() -> None:
    runs = some(10, duration=400.0) + STOPPED
    (one,) = advice(Subject(task(), runs, 600.0))
    (more,) = advice(Subject(task(), some(2, begin=60, duration=400.0) + runs, 600.0))
    assert (one.edit, one.runs, more.runs) == (more.edit, 14, 16)
    assert identity(one, b"a") != identity(one, b"b")
    assert identity(one, b"a").startswith(one.edit)
    assert one.run_ids == ("run-103", "run-102", "run-101", "run-100")
    assert one._replace(task="other").edit != one.edit != one._replace(value="30m").edit
