"""`clodputer costs` and `stats --by model`: what runs cost, told apart, and its marks."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

import pytest

from clodputer.cli.commands.costs import MOST, costs
from clodputer.cli.commands.stats import stats
from clodputer.cli.terminal.ink import without
from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from tests.store.index.indexed import NOW, ended

DAY = 86400.0


def environ(home: Home) -> dict[str, str]:
    return {"CLODPUTER_HOME": home.root, "HOME": home.root}


def asked(
    home: Home, by: str, since: str = "30d", now: float = NOW + 100, width: int = 100
) -> tuple[Any, str]:
    result = costs(environ(home), by, since, now, width)
    return result.data["costs"], without(result.text)


@pytest.fixture
def spent(home: Home) -> Home:
    """Five runs with a cost and one without."""
    ended(home, 1, "nightly", cost=2.0, lane="default", model="opus")
    ended(home, 2, "nightly", "failed", cost=1.0, lane="default", model="opus", cost_estimated=True)
    ended(home, 3, "triage", cost=3.0, lane="side", model="haiku", subscription=True)
    ended(home, 4, "triage", cost=0.5, lane="side", model="haiku", subscription=True, cost_estimated=True)
    ended(home, -3 * DAY, "nightly", cost=0.25, lane="default")
    ended(home, 5, "program", cost=None, lane="default")
    return home


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("task", [("triage", 2, 3.5), ("nightly", 3, 3.25)]),
        ("model", [("haiku", 2, 3.5), ("opus", 2, 3.0), (None, 1, 0.25)]),
        ("lane", [("side", 2, 3.5), ("default", 3, 3.25)]),
        ("reason", [("completed", 5, 6.75)]),
        ("day", [("2026-09-18", 1, 0.25), ("2026-09-21", 4, 6.5)]),
    ],
)
def test_told_apart(spent: Home, by: str, rows: list[tuple[Any, int, float]]) -> None:
    """Each kind of row, and the same sums under all of them."""
    told, text = asked(spent, by)
    assert [(row["key"], row["runs"], row["cost_usd"]) for row in told["rows"]] == rows
    assert (told["runs"], told["cost_usd"], told["unpriced_runs"]) == (5, 6.75, 1)
    assert (told["estimated_usd"], told["subscription_usd"]) == (1.5, 3.5)
    for name, *_ in rows:
        assert f"\n{name or '(not known)'} " in text
    assert text.startswith("$6.75~* since ")
    assert "~ $1.50 is estimated" in text
    assert "* $3.50 drew on a subscription" in text
    assert "1 more run has no cost" in text


def test_marks_stand_at_the_figures_that_they_are_for(spent: Home) -> None:
    _, text = asked(spent, "task")
    lines = {
        line.split()[0]: line.split()[2] for line in text.splitlines() if line.startswith(("tri", "nig"))
    }
    assert lines == {"triage": "$3.50~*", "nightly": "$3.25~"}


def test_since_and_nothing(spent: Home) -> None:
    """Only from the moment asked for on; without any run it says so."""
    assert asked(spent, "task", "1d")[0]["cost_usd"] == 6.5
    told, text = asked(spent, "task", "1h", NOW + 9 * DAY)
    assert (told["rows"], told["runs"], told["unpriced_runs"]) == ([], 0, 0)
    assert text.startswith("No run with a cost ended since ")


def test_many_rows_are_cut_for_people_and_not_for_programs(home: Home) -> None:
    """In a terminal of any width the lines fit; 10,000 runs take no time that anybody feels."""
    for number in range(MOST + 9):
        ended(home, number, f"task{number:02}", cost=number / 100)
    told, text = asked(home, "task")
    assert len(told["rows"]) == MOST + 9
    assert "and 9 more, $0.36 together" in text
    for width in (30, 60, 200):
        table = asked(home, "task", width=width)[1].split("\n\n")[1].splitlines()
        assert max(map(len, table[:-1])) <= max(width, 24)


def test_ten_thousand_runs(home: Home) -> None:
    """The log is read once, into the index; a bound that only tells it from reading everything at each call again."""
    fields = {"outcome": "succeeded", "reason": "completed", "duration_seconds": 1, "cost_usd": 0.01}
    with open(home.log, "a") as log:
        for number in range(10_000):
            told = {"task": f"t{number % 7}", "run_id": f"run{number}", "model": f"m{number % 3}"}
            line = {"timestamp": iso(NOW + number / 1000), "event": "finished", **told, **fields}
            log.write(json.dumps(line) + "\n")
    asked(home, "day")
    began = monotonic()
    told, _ = asked(home, "model")
    assert [row["runs"] for row in told["rows"]] == [3334, 3333, 3333]
    assert monotonic() - began < 50


def test_stats_by_model(spent: Home) -> None:
    """Programs and what ended before a reply stand under no model."""
    result = stats(environ(spent), "", "30d", NOW + 100, 100, "model")
    told = [(row["model"], row["runs"], row["cost_usd"]) for row in result.data["stats"]["by_model"]]
    assert told == [(None, 2, 0.25), ("haiku", 2, 3.5), ("opus", 2, 3.0)]
    lines = without(result.text).split("\n\n")[-1].splitlines()
    assert [line.split()[0] for line in lines] == ["model", "haiku", "opus", "(none)"]
    of_one = stats(environ(spent), "triage", "30d", NOW + 100, 100, "model")
    assert [row["model"] for row in of_one.data["stats"]["by_model"]] == ["haiku"]
