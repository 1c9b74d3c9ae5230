"""What a report leads to: the baseline, what is new, fixed and back again, and reports that are not whole."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.findings import judge
from clodputer.model.findings.finding import Finding
from clodputer.model.findings.fingerprint import fingerprints
from clodputer.model.findings.weigh import churn, score
from clodputer.model.triggers.decision import Decision
from clodputer.triggers.findings.source import relative


class Trigger:
    """A trigger that is given one report after the other."""

    def __init__(self, *, baseline: bool = True, at_most: int = 5) -> None:
        self.baseline, self.at_most = baseline, at_most
        self.entry: Optional[dict[str, Any]] = None
        self.now = 1000.0
        self.decision = Decision(None)

    def decide(self, seen: Any, trouble: str = "", *, replaces: bool = False) -> list[tuple[str, str]]:
        """The requests: (fingerprint, why) of each."""
        self.now += 3600
        self.decision = judge.judge(
            self.entry,
            seen,
            trouble,
            baseline=self.baseline,
            at_most=self.at_most,
            replaces=replaces,
            every=3600.0,
            now=self.now,
        )
        self.entry = self.decision.entry
        found = [drop.context["finding"] for drop in self.decision.drops]
        return [(one["fingerprint"], one["why"]) for one in found]

    def report(self, *names: str, replaces: bool = False, **fields: Any) -> list[tuple[str, str]]:
        """Of a report in which these are found; the first is the most urgent."""
        entry = judge.read(self.entry)
        record = judge.records({**entry, "anew": entry["anew"] or replaces}, baseline=self.baseline)
        wanted = [name for name in names if judge.is_candidate(entry, name, record=record)]
        seen = {
            "source": str(self.now),
            "present": {name: ["ruff", f"{name}.py", name] for name in names},
            "moved": {},
            "tools": ["ruff"],
            "skipped": [],
            "only": None,
            "candidates": [{"fingerprint": name, "severity": "warning"} for name in wanted],
        }
        return self.decide({**seen, **fields}, replaces=replaces)

    def states(self) -> dict[str, str]:
        return {name: state for name, (state, *_) in judge.read(self.entry)["known"].items()}


def test_a_baseline_and_what_comes_later() -> None:
    trigger = Trigger()
    assert trigger.report("a", "b") == []
    assert [event.name for event in trigger.decision.events] == ["watch_started"]
    assert trigger.report("a", "b", "c") == [("c", "new")]
    assert trigger.report("a", "b", "c") == []
    assert trigger.states() == {"a": "baseline", "b": "baseline", "c": "open"}


def test_without_a_baseline_all_make_requests_a_few_at_a_look() -> None:
    trigger = Trigger(baseline=False, at_most=2)
    assert trigger.report("a", "b", "c") == [("a", "new"), ("b", "new")]
    assert trigger.states()["c"] == "waiting"
    assert trigger.report("d", "a", "b", "c") == [("d", "new"), ("c", "new")]
    assert trigger.report("d", "a", "b", "c") == []


def test_what_was_fixed_and_comes_back_is_noticed() -> None:
    """Of the baseline as well: the ratchet."""
    trigger = Trigger()
    trigger.report("a", "b")
    assert trigger.report("b") == []
    (event,) = trigger.decision.events
    assert (event.name, event.fields) == ("fixed", {"count": 1})
    assert trigger.report("a", "b") == [("a", "regressed")]
    assert trigger.report("a", "b") == []
    trigger.report("b")
    assert trigger.report("a", "b") == [("a", "regressed")]


def test_what_waits_and_is_fixed_makes_no_request() -> None:
    trigger = Trigger(baseline=False, at_most=1)
    assert trigger.report("a", "b") == [("a", "new")]
    assert trigger.report("a") == []
    assert trigger.states()["b"] == "fixed"


@pytest.mark.parametrize("seen", [None, {"capped": "the tool took too long", "source": "x"}])
def test_a_report_that_is_not_whole_decides_nothing(seen: Any) -> None:
    trigger = Trigger()
    trigger.report("a")
    before = trigger.states()
    assert trigger.decide(seen, "" if seen else "no answer") == []
    assert trigger.states() == before
    assert trigger.entry is not None
    assert trigger.entry["trouble"]
    assert [event.name for event in trigger.decision.events] == ["watch_failed"]
    trigger.decide(seen, "" if seen else "no answer")
    assert trigger.decision.events == (), "told once for each cause"
    assert trigger.report("a", "b") == [("b", "new")]
    assert trigger.entry["trouble"] == ""


def test_a_first_report_that_is_not_whole_is_no_baseline() -> None:
    trigger = Trigger()
    trigger.decide({"capped": "killed", "source": "x"})
    assert trigger.report("a", "b") == []
    assert set(trigger.states().values()) == {"baseline"}


@pytest.mark.parametrize(
    "fields",
    [{"tools": ["another"]}, {"skipped": ["a.py"]}, {"only": ["c.py"]}],
    ids=lambda fields: next(iter(fields)),
)
def test_what_was_not_looked_at_is_not_fixed(fields: dict[str, Any]) -> None:
    trigger = Trigger()
    trigger.report("a", "b")
    trigger.report("b", **fields)
    assert trigger.states()["a"] == "baseline"


def test_in_place_of_another_it_begins_anew() -> None:
    """Also when the first report is not whole, and without a baseline: what was there already was asked about."""
    trigger = Trigger(baseline=False)
    trigger.decide({"capped": "killed", "source": "x"}, replaces=True)
    assert trigger.report("a") == []
    trigger = Trigger(baseline=False)
    assert trigger.report("a", replaces=True) == []
    assert trigger.report("a", "b") == [("b", "new")]
    trigger.decide(None, replaces=True)
    assert trigger.report("c") == []


def test_nothing_new_changes_nothing() -> None:
    trigger = Trigger()
    assert trigger.decide({"nothing": True}) == []
    assert trigger.entry is None
    trigger.report("a")
    kept = trigger.entry
    trigger.decide({"nothing": True})
    assert trigger.entry == kept
    assert trigger.decision.look_again is not None
    assert trigger.decision.look_again > trigger.now


def test_what_is_remembered_is_bounded() -> None:
    """The oldest of those that were fixed are forgotten."""
    trigger = Trigger()
    for letter in "abc":
        trigger.report(*(f"{letter}{number}" for number in range(judge.MOST_KNOWN // 2)))
    known = trigger.states()
    assert len(known) == judge.MOST_KNOWN
    assert {name[0] for name in known} == {"b", "c"}


def test_a_critical_one_comes_first() -> None:
    trigger = Trigger(baseline=False)
    trigger.report("a", candidates=[{"fingerprint": "a", "severity": "critical"}])
    assert trigger.decision.drops[0].priority == 5
    assert trigger.decision.drops[0].item == "a"


def names(*findings: Finding, lines: Optional[dict[int, str]] = None) -> list[str]:
    return sorted(fingerprints(findings, lambda one: (lines or {}).get(one.line, "")))


def test_a_line_that_moves_is_the_same_finding() -> None:
    one = Finding("F401", "`os` imported but unused", "a.py", 1, tool="ruff")
    assert names(one, lines={1: "import os"}) == names(one._replace(line=9), lines={9: "    import  os"})
    assert names(one, lines={1: "import os"}) != names(one, lines={1: "import sys"})
    assert names(one) != names(one._replace(rule="F402"))
    assert names(one) != names(one._replace(path="b.py"))
    assert names(one)[0].startswith("v1:")


def test_one_more_of_the_same_is_one_more() -> None:
    one = Finding("S101", "assert", "a.py", 1, tool="ruff")
    lines = {1: "assert x", 5: "assert x"}
    both = names(one, one._replace(line=5), lines=lines)
    assert len(both) == 2
    assert set(names(one._replace(line=5), lines=lines)) < set(both)


@pytest.mark.parametrize("name", ["symbol", "known_as"])
def test_a_name_is_better_than_a_line(name: str) -> None:
    given: dict[str, Any] = {name: "f"}
    one = Finding("complexity", "f has 12", "a.py", 1, tool="radon")._replace(**given)
    grown = one._replace(message="f has 15", line=30)
    assert names(one, lines={1: "x"}) == names(grown, lines={30: "y"})


def test_without_a_line_what_it_says_counts() -> None:
    one = Finding("r", "12 of 30 are wrong", "a.py")
    assert names(one) == names(one._replace(message="13 of 31 are wrong"))
    assert names(one) != names(one._replace(message="all are wrong"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/p/a.py", "a.py"),
        ("./a.py", "a.py"),
        ("/q/a.py", "/q/a.py"),
        ("/pp/a.py", "/pp/a.py"),
        ("", ""),
        ("../x", "../x"),
    ],
)
def test_paths_are_seen_from_the_folder(path: str, expected: str) -> None:
    assert relative(path, "/p") == expected


def test_scores() -> None:
    """Severity first; a file that is changed often counts more, by its logarithm."""
    assert score("critical", 0) == 8
    assert score("warning", 7) == 8
    assert score("note", 10**6) < 3 * score("critical", 0)
    assert churn("3\t1\ta.py\0-\t-\tb.png\0\n2\t0\ta.py\0\n\0") == {"a.py": 6, "b.png": 0}
    assert churn("nonsense") == {}
