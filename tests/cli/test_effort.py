"""What runs are expected to take and to cost: in `queue`, `next` and `status`, from five runs on."""

from __future__ import annotations

import json
from pathlib import Path
from time import time

import pytest

from clodputer.cli.commands.next import asked
from clodputer.cli.commands.queue import queue
from clodputer.cli.text.figures import effort
from clodputer.cli.text.status_page import page
from clodputer.model.queue.estimate import Ended, Estimate, Expected, Spread, estimate, expected
from clodputer.model.text.mask import masker as make_masker
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.log import events
from clodputer.store.records import estimates
from clodputer.store.records.history import History
from clodputer.views.overview import status
from tests.workshop import clodputer, command_task, drop, environment, execute, make_home

NOW = time()


def finished(
    home: Home, task: str, runs: int, seconds: float, cost: float, model: str = "", **more: str
) -> None:
    """So many runs of a task in the log."""
    for number in range(runs):
        told = {
            "task": task,
            "lane": "default",
            "request_id": f"{task}-{number}",
            "run_id": f"{task}-{model}-{number}-{more}",
            "outcome": "succeeded",
            "reason": "completed",
            "duration_seconds": seconds,
            "cost_usd": cost,
            "model": model or None,
            **more,
        }
        events.append(home, make_masker([]), NOW - 1000 + number, "finished", **told)


def waiting(tmp_path: Path, runs: int) -> Home:
    """A home with a task of which so many runs are known, and three requests of it and one of another that wait."""
    home = make_home(tmp_path)
    Path(home.config).write_text("lanes: {default: {slots: 2}}\n")
    command_task(home, "known", "/bin/true", more="trigger: {type: interval, every: 1h}\n")
    command_task(home, "new", "/bin/true")
    finished(home, "known", runs, 600.0, 0.5)
    clodputer(home, "pause", "known")
    clodputer(home, "pause", "new")
    for number, task in enumerate(("known", "known", "known", "new")):
        drop(home, f"{number}.json", json.dumps({"task": task}))
    clodputer(home, "pause", "--all")
    execute(home)
    clodputer(home, "resume", "--all")
    return home


def test_from_five_runs_on(tmp_path: Path) -> None:
    """Each request and slot time with what it usually takes; the queue with its end: 4 requests of 600 s in two slots."""
    home = waiting(tmp_path, 5)
    found = queue(environment(home), "", 20, NOW)
    rows = {row["task"]: row["estimate"] for row in found.data["requests"]}
    spread = {"p50": 600.0, "p90": 600.0}
    told = {
        "model": None,
        "runs": 5,
        "duration_seconds": spread,
        "priced_runs": 5,
        "cost_usd": {"p50": 0.5, "p90": 0.5},
    }
    assert rows == {"known": told, "new": None}
    assert "10m, $0.50" in found.text
    (one,) = found.data["expected"]
    assert (one["requests"], one["looked_at"], one["known"]) == (4, 4, 3)
    assert (one["seconds"], one["cost_usd"]) == ({"p50": 2400.0, "p90": 2400.0}, {"p50": 2.0, "p90": 2.0})
    (there,) = status.gather(look(environment(home)), NOW, 5).expected
    assert there.end is not None
    assert there.end.p50 == NOW + 1200.0
    text = " ".join(page(status.gather(look(environment(home)), NOW, 5)).split())
    assert "for about $2.00 (known of 3 of 4)" in text
    coming = asked(environment(home), "", None, None, None, 2, NOW)
    assert coming.data["estimates"] == [{"task": "known", **told}]
    assert "usually 10m to 10m, $0.50 to $0.50, by 5 runs" in " ".join(coming.text.split())


def test_of_four_runs_nothing_is_said(tmp_path: Path) -> None:
    home = waiting(tmp_path, 4)
    found = queue(environment(home), "", 20, NOW)
    assert {row["estimate"] and row["task"] for row in found.data["requests"]} == {None}
    assert [(one["known"], one["end"]) for one in found.data["expected"]] == [(0, None)]
    assert "through by" not in found.text
    assert asked(environment(home), "", None, None, None, 2, NOW).data["estimates"] == []


def test_a_lane_on_hold_has_no_end(tmp_path: Path) -> None:
    home = waiting(tmp_path, 5)
    clodputer(home, "pause", "--all")
    assert queue(environment(home), "", 20, NOW).data["expected"] == []


@pytest.mark.parametrize(
    ("asked_for", "model", "seconds"),
    [
        ("opus", "claude-opus-4-8", 60.0),
        ("claude-haiku-4-5", "claude-haiku-4-5", 5.0),
        ("sonnet", "", 5.0),  # too few with it: those with all models
        ("claude", "", 5.0),  # may mean both
        ("", "", 5.0),
    ],
)
def test_by_model(tmp_path: Path, asked_for: str, model: str, seconds: float) -> None:
    home = make_home(tmp_path)
    finished(home, "work", 5, 60.0, 1.0, "claude-opus-4-8")
    finished(home, "work", 6, 5.0, 0.1, "claude-haiku-4-5")
    finished(home, "work", 4, 1.0, 0.1, "claude-sonnet-5")
    found = estimates.of_home(History(home), NOW).of("work", asked_for)
    assert found.duration is not None
    assert (found.model, found.duration.p50) == (model, seconds)


def test_what_did_not_run_tells_nothing(tmp_path: Path) -> None:
    """A run that was skipped took no time, and one that a person cancelled says nothing about the task."""
    home = make_home(tmp_path)
    finished(home, "work", 5, 60.0, 1.0)
    finished(home, "work", 9, 0.1, 0.0, outcome="skipped", reason="nothing_to_do")
    finished(home, "work", 3, 1.0, 0.1, outcome="cancelled", reason="cancelled")
    found = estimates.of_home(History(home), NOW).of("work")
    assert (found.runs, found.judged, found.succeeded) == (8, 5, 5)
    assert estimates.of_home(History(home), NOW).of("other") == Estimate()


def test_a_run_that_goes_on_counts_with_what_is_left() -> None:
    ten = estimate([Ended("succeeded", False, 600.0, None)] * 5)
    found = expected("default", 2, [ten, ten], [(ten, 200.0), (ten, 900.0), (Estimate(), 5.0)], 1, 0.0)
    assert found == Expected("default", 2, 2, 2, Spread(1600.0, 1600.0), None, Spread(1600.0, 1600.0))
    assert expected("default", 400, [ten, Estimate()], [], 4, 0.0).seconds == Spread(240_000.0, 240_000.0)
    assert list(effort.lines([expected("default", 3, [Estimate()], [], 1, 0.0)])) == []


@pytest.mark.parametrize(
    ("queued", "left", "slots", "end"),
    [
        ([600.0], [600.0] * 3, 3, 1200.0),  # all slots are taken: it begins when one is free
        ([600.0], [100.0, 500.0], 3, 600.0),  # one is free now; those that go on end before it
        ([60.0], [3000.0], 2, 3000.0),  # the lane is through when the last one has ended
        ([600.0, 600.0, 600.0], [], 2, 1200.0),  # three by two are two after each other
        ([600.0], [100.0, 200.0, 900.0], 1, 1500.0),  # more go on than may: it waits for all of them
    ],
)
def test_when_a_lane_with_several_slots_is_through(
    queued: list[float], left: list[float], slots: int, end: float
) -> None:
    def usually(seconds: float) -> Estimate:
        return estimate([Ended("succeeded", False, seconds, None)] * 5)

    running = [(usually(seconds + 50.0), 50.0) for seconds in left]
    found = expected("default", len(queued), [usually(one) for one in queued], running, slots, 0.0)
    assert found.end == Spread(end, end)
