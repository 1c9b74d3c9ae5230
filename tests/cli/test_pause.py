"""`pause`, `resume` and `stop`: requests wait, are let go, and what runs is ended and put back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.cli.arguments.ahead import moment_ahead
from clodputer.model.errors import ClodputerError
from clodputer.model.text.moment import parse_moment
from clodputer.store import holds
from clodputer.store.holds import EVERYTHING, Target
from clodputer.store.home import Home
from clodputer.store.records import runs
from tests.wait import until
from tests.workshop import ROOT, clodputer, command_task, drop, events, execute, make_home, records, start

NOW = parse_moment("2026-11-28T09:30:00Z", 0.0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "work", "/bin/true")
    command_task(home, "other", "/bin/true", more="lane: reports\n")
    return home


def answer(home: Home, *arguments: str) -> dict[str, Any]:
    """The data of a command."""
    data: dict[str, Any] = json.loads(clodputer(home, *arguments, "--json")[0])["data"]
    return data


@pytest.mark.parametrize(
    ("arguments", "target", "ran"),
    [
        (("work",), Target("task", "work"), ["other"]),
        (("--lane", "default"), Target("lane", "default"), ["other"]),
        (("--lane", "reports"), Target("lane", "reports"), ["work"]),
        (("--all",), EVERYTHING, []),
    ],
)
def test_what_is_paused_waits_and_the_rest_runs(
    home: Home, arguments: tuple[str, ...], target: Target, ran: list[str]
) -> None:
    """After `resume` all of it runs, each once, without waiting for the next look at what is delayed."""
    execute(home)
    data = answer(home, "pause", *arguments)
    assert data["hold"]["scope"] == target.scope
    drop(home, "work")
    drop(home, "other")
    assert [run["task"] for run in execute(home)["runs"]] == ran
    assert f"clodputer resume {' '.join(arguments)}" in clodputer(home, "pause", *arguments)[0]
    ended = answer(home, "resume", *arguments)
    assert (ended["ended"]["reason"], ended["left"]) == ("paused", [])
    execute(home)
    assert sorted(record["task"] for record in _records(home)) == ["other", "work"]
    assert [event["event"] for event in events(home) if event["event"] in ("paused", "resumed")] == [
        "paused",
        "paused",
        "resumed",
    ]


def test_a_hold_that_has_ended_lets_go_what_waited_for_it(home: Home) -> None:
    """Nobody has asked about it again yet; `resume` has that done now."""
    holds.place(home, Target("task", "work"), holds.Hold("paused", "", time(), None))
    drop(home, "work")
    execute(home)
    holds.place(home, Target("task", "work"), holds.Hold("paused", "", time() - 2, time() - 1))
    said = answer(home, "resume", "work")
    assert (said["ended"], said["woken"]) == (None, 1)
    execute(home)
    assert [record["task"] for record in _records(home)] == ["work"]


def test_one_hold_is_ended_and_others_stay(home: Home) -> None:
    clodputer(home, "pause", "work", "--for", "2h", "--reason", "moving\nhouse")
    clodputer(home, "pause", "--all")
    stdout, stderr = clodputer(home, "resume", status=2)
    assert (stdout, "clodputer resume work" in stderr, "clodputer resume --all" in stderr) == ("", True, True)
    assert "Still on hold: task work (paused)" in clodputer(home, "resume", "--all")[0]
    assert "everything was not on hold" in clodputer(home, "resume", "--all")[0]
    [left] = holds.in_effect(home, time())
    assert left.hold.message == "moving house"
    assert left.hold.end == pytest.approx(time() + 7200, abs=60)
    assert "task work is no longer on hold" in clodputer(home, "resume")[0]
    assert "nothing is on hold" in clodputer(home, "resume", status=1)[1]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "say what should wait"),
        (("work", "--all"), 2, "one of TASK, --lane, --account and --all"),
        (("wrok",), 1, "did you mean 'work'"),
        (("--lane", "report"), 1, "did you mean 'reports'"),
        (("--account", "claude"), 1, "there is no account 'claude'"),
        (("work", "--until", "08:00", "--for", "1h"), 2, "exclude each other"),
        (("work", "--until", "2020-01-01"), 2, "not a moment in the future"),
        (("work", "--for", "0s"), 2, "--for"),
        (("work", "--for", "soon"), 2, "--for: not a duration"),
    ],
)
def test_what_cannot_be_paused(home: Home, arguments: tuple[str, ...], status: int, said: str) -> None:
    """It says why, and nothing is on hold."""
    assert said in clodputer(home, "pause", *arguments, status=status)[1]
    assert holds.in_effect(home, time()) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10:00", "2026-11-28T10:00:00Z"),
        ("9:30", "2026-11-29T09:30:00Z"),
        ("08:00", "2026-11-29T08:00:00Z"),
        ("2026-12-24", "2026-12-24T00:00:00Z"),
        ("2026-12-24T08:00+01:00", "2026-12-24T07:00:00Z"),
        ("+30m", "2026-11-28T10:00:00Z"),
    ],
)
def test_a_moment_ahead(text: str, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert moment_ahead("--until", text, NOW, {"TZ": "UTC"}) == parse_moment(moment, 0.0)


@pytest.mark.parametrize("text", ["24:00", "8", "2026-11-28T09:30Z", "yesterday", ""])
def test_no_moment_ahead(text: str) -> None:
    with pytest.raises(ClodputerError, match="--until: not a moment in the future"):
        moment_ahead("--until", text, NOW, {"TZ": "UTC"})


def test_the_brakes_work_with_a_broken_configuration(home: Home) -> None:
    Path(home.config).write_text("sweep: [\n")
    clodputer(home, "pause", "work")
    clodputer(home, "stop")
    assert {placed.target for placed in holds.in_effect(home, time())} == {EVERYTHING, Target("task", "work")}


def test_stop_ends_what_runs_and_loses_nothing(home: Home, tmp_path: Path) -> None:
    """Two runs in two lanes, and one that waits behind: all three run to their ends after `resume`, once each."""
    for task, lane in (("one", "default"), ("two", "reports")):
        began, enough = tmp_path / f"{task}-began", tmp_path / "enough"
        script = f"touch {began}; while ! test -e {enough}; do sleep 0.05; done"
        command_task(home, task, "/bin/sh", "-c", script, more=f"lane: {lane}\n")
        drop(home, task)
    drop(home, "work")
    running = start(home, "exec")
    until((tmp_path / "one-began").exists)
    until((tmp_path / "two-began").exists)
    data = answer(home, "stop", "--reason", "wrong prompt")
    assert sorted((run["task"], run["over"]) for run in data["runs"]) == [("one", True), ("two", True)]
    running.communicate(timeout=100)
    (tmp_path / "enough").touch()
    assert execute(home)["runs"] == []
    assert "Nothing was running." in clodputer(home, "stop")[0]
    clodputer(home, "resume", "--all")
    execute(home)
    ended = sorted((record["task"], record["outcome"], record["reason"]) for record in _records(home))
    assert ended == [
        ("one", "cancelled", "interrupted"),
        ("one", "succeeded", "completed"),
        ("two", "cancelled", "interrupted"),
        ("two", "succeeded", "completed"),
        ("work", "succeeded", "completed"),
    ]


def test_a_run_can_call_stop_itself(home: Home, tmp_path: Path) -> None:
    """Claude operates the tool too: what it stops is its own run as well, and its request waits."""
    (tmp_path / ".clodputer").symlink_to(home.root)
    surroundings = json.dumps({"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)})
    command_task(home, "stops", sys.executable, "-m", "clodputer", "stop", more=f"env: {surroundings}\n")
    drop(home, "stops")
    assert [run["reason"] for run in execute(home)["runs"]] == ["interrupted"]
    [placed] = holds.in_effect(home, time())
    assert placed.hold.reason == "stopped"


def _records(home: Home) -> list[dict[str, Any]]:
    return [record for task in runs.tasks(home) for record in records(home, task)]
