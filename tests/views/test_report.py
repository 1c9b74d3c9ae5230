"""The figures of the report: past runs folded, and the waiting of requests; tables of what goes in and what comes out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.outcome import OUTCOMES
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.views import report
from clodputer.views.report.fold import Tally, fold, spread, tally
from clodputer.views.report.waiting import PARTS, Depth, Lag, depths, lags
from tests.store.index.indexed import NOW, ended, log

DAY = 86400.0
DAYS = {NOW - DAY: "first", NOW: "second"}


def run(outcome: str = "succeeded", at: float = NOW, **more: Any) -> PastRun:
    reason = "completed" if outcome == "succeeded" else "stall"
    fields = {
        "task": "nightly",
        "run_id": f"run-{at}",
        "reason": reason,
        "duration": 1.0,
        "cost_usd": None,
        **more,
    }
    return PastRun(at=at, lane="", account="", request_id="r", outcome=outcome, **fields)


@pytest.mark.parametrize(
    ("runs", "counts", "rate"),
    [
        ([], (0, 0, 0, 0), None),
        ([run()], (1, 1, 0, 0), 1.0),
        ([run("skipped"), run("limited"), run("cancelled")], (3, 0, 0, 3), None),
        ([run(), run("failed"), run("timed_out"), run("lost"), run("skipped")], (5, 1, 3, 1), 0.25),
    ],
)
def test_a_tally(runs: list[PastRun], counts: tuple[int, ...], rate: float | None) -> None:
    found = tally("x", runs)
    assert (found.runs, found.succeeded, found.failed, found.other) == counts
    assert found.success_rate == rate


def test_a_tally_of_costs() -> None:
    found = tally(
        "",
        [
            run(cost_usd=1.0),
            run(cost_usd=2.0, estimated=True),
            run(cost_usd=4.0, subscription=True),
            run(cost_usd=0.0),
            run(),
        ],
    )
    assert (found.priced, found.cost_usd, found.estimated_usd, found.subscription_usd) == (4, 7.0, 2.0, 4.0)


def test_a_spread_leaves_out_what_had_nothing_to_do() -> None:
    assert spread([run("skipped", duration=9.0)]) is None
    found = spread([run(duration=float(number)) for number in range(1, 11)])
    assert found is not None
    assert found == (10, 1.0, 2.0, 6.0, 10.0, 10.0)


def test_folded() -> None:
    runs = [
        run("failed", task="b", reason="auth", at=NOW + 5, run_id="last"),
        run("failed", task="a", reason="auth"),
        run("failed", task="a", reason="auth"),
        run("timed_out", task="a"),
        run(task="c", at=NOW - DAY, cost_usd=1.0, model="opus"),
        run(task="c", at=NOW - 9 * DAY, cost_usd=2.0),  # of a clock that was wrong: before the first day
        run(task="d", model="haiku"),
    ]
    found = fold(runs, DAYS, {NOW - DAY: "all"})
    assert [(one.key, one.runs, one.failed) for one in found.days] == [("first", 2, 0), ("second", 5, 4)]
    assert [(one.total.key, one.total.failed) for one in found.tasks] == [
        ("a", 3),
        ("b", 1),
        ("c", 0),
        ("d", 0),
    ]
    assert [one.spans[0].runs for one in found.tasks] == [3, 1, 2, 1]
    assert [(one.key, one.cost_usd) for one in found.models] == [("", 2.0), ("opus", 1.0)]
    assert [(one.reason, one.runs, one.tasks, one.hit) for one in found.reasons] == [
        ("auth", 3, 2, (("a", 2), ("b", 1))),
        ("stall", 1, 1, (("a", 1),)),
    ]
    assert found.reasons[0].latest.run_id == "last"


@given(
    st.lists(
        st.tuples(st.sampled_from(OUTCOMES), st.floats(-3 * DAY, 3 * DAY), st.sampled_from("abc")),
        max_size=40,
    )
)
def test_no_run_is_lost_or_counted_twice(drawn: list[tuple[str, float, str]]) -> None:
    runs = [run(outcome, NOW + at, task=task) for outcome, at, task in drawn]
    found = fold(runs, DAYS, DAYS)
    assert sum(one.runs for one in found.days) == found.total.runs == len(runs)
    assert sum(one.total.runs for one in found.tasks) == len(runs)
    assert sum(span.runs for one in found.tasks for span in one.spans) == len(runs)
    assert sum(one.runs for one in found.reasons) == found.total.failed


def started(request: str, at: float, slot: float | None = None, task: str = "a") -> dict[str, Any]:
    more = {} if slot is None else {"slot_time": iso(slot)}
    return {"timestamp": iso(at), "request_id": request, "task": task, **more}


def test_lags() -> None:
    found = lags(
        [
            started("1", NOW + 10, NOW),
            started("2", NOW + 30, NOW),
            started("3", NOW + 30),  # of no slot time
            started("4", NOW - 5, NOW),  # the clock was put back
            started("5", NOW + 99, NOW, task="b"),
            {"timestamp": "yesterday", "slot_time": 7},
        ]
    )
    assert found == (Lag("b", 1, 99.0, 99.0, 99.0), Lag("a", 3, 10.0, 30.0, 30.0))


@pytest.mark.parametrize(
    ("queued", "begun", "most"),
    [
        ([], [], []),
        ([("1", 0.0)], [], []),  # never started
        ([("1", 0.0)], [("1", 60.0)], [1] * 60),
        ([("1", 10.0), ("2", 10.5)], [("1", 12.0), ("2", 11.0)], [0] * 10 + [2, 1] + [0] * 48),
        ([("1", 20.0)], [("1", 5.0)], []),  # the clock was put back
        ([("1", -500.0)], [("1", 2.0)], [1, 1] + [0] * 58),
    ],
)
def test_depths(queued: list[tuple[str, float]], begun: list[tuple[str, float]], most: list[int]) -> None:
    came = [started(request, NOW + at) for request, at in queued]
    found = depths(came, [started(request, NOW + at) for request, at in begun], NOW, NOW + PARTS)
    assert [one.most for one in found] == most
    assert not found or found[0] == Depth(NOW, most[0])


def test_a_home_is_gathered(home: Home) -> None:
    ended(home, 1, "nightly", cost=2.0, model="opus", cost_estimated=True)
    ended(home, 2, "nightly", "failed")
    ended(home, -400 * DAY, "old")
    log(home, "queued", NOW - 90, task="nightly", request_id="r1")
    log(home, "started", NOW - 30, task="nightly", request_id="r1", slot_time=iso(NOW - 60))
    found = report.gather(look({"CLODPUTER_HOME": home.root, "HOME": home.root}), 0.0, NOW + 100)
    assert found.folded.total == Tally("", 2, 1, 1, 0, 2, 2.5, 2.0, 0.0)
    assert len(found.folded.days) == report.MOST_DAYS
    assert found.left_out.runs == 1
    assert found.left_out.days == 400 + 1 - report.MOST_DAYS
    assert [one.task for one in found.lags] == ["nightly"]
    assert [entry.run.outcome for entry in found.failed] == ["failed"]
    assert max(one.most for one in found.depths) == 1


def test_very_many_days_share_spans(home: Home) -> None:
    for number in (100, 60, 0):
        ended(home, -number * DAY, "nightly")
    found = report.gather(look({"CLODPUTER_HOME": home.root, "HOME": home.root}), 0.0, NOW + 100)
    spans = found.folded.tasks[0].spans
    assert len(found.folded.days) == 101
    assert 2 <= len(spans) <= report.MOST_SPANS + 1
    assert sum(one.runs for one in spans) == 3
