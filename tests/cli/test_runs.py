"""`clodputer runs`, `stats --by task` and `show --follow`: the past of a home, and a run of another process."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.cli.commands.runs import runs
from clodputer.cli.commands.stats import stats
from clodputer.cli.terminal.ink import without
from clodputer.model.outcome import BLAMELESS, OUTCOMES
from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, events, execute, make_home, start, write_secrets


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two tasks, three runs."""
    home = make_home(tmp_path)
    command_task(home, "good", "/bin/echo", "all is well")
    command_task(home, "bad", "/bin/sh", "-c", "echo no such host >&2; exit 3")
    for name in ("good", "bad", "good.json"):
        drop(home, name, '{"task": "good"}' if name.endswith(".json") else "")
    execute(home)
    return home


def data(home: Home, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(clodputer(home, *arguments, "--json")[0])["data"]
    return found


def test_all_of_them_the_latest_first(home: Home) -> None:
    found = data(home, "runs")
    moments = [run["ended_at"] for run in found["runs"]]
    assert (found["total"], moments) == (3, sorted(moments, reverse=True))
    assert {(run["task"], run["line"]) for run in found["runs"]} == {
        ("good", "all is well"),
        ("bad", "It exited with status 3. stderr: no such host"),
    }


@pytest.mark.parametrize(
    ("arguments", "tasks"),
    [
        (("good",), ["good", "good"]),
        (("--failed",), ["bad"]),
        (("--outcome", "succeeded", "--outcome", "lost"), ["good", "good"]),
        (("bad", "--outcome", "succeeded"), []),
        (("--since", "2099-01-01"), []),
        (("--since", "today", "good"), ["good", "good"]),
    ],
)
def test_those_that_are_asked_for(home: Home, arguments: tuple[str, ...], tasks: list[str]) -> None:
    assert [run["task"] for run in data(home, "runs", *arguments)["runs"]] == tasks


def test_for_a_person(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    environ = {"CLODPUTER_HOME": home.root}
    lines = without(runs(environ, "", (), None, 2, time()).text).splitlines()
    assert lines[-1] == "and 1 more (--limit N shows more of them)"
    assert max(map(len, lines)) <= 80
    [head, row] = without(
        runs(environ, "bad", [each for each in OUTCOMES if each not in BLAMELESS], None, 9, time()).text
    ).splitlines()
    assert head.split() == ["ENDED", "WHEN", "TOOK", "RUN", "RESULT"]
    assert "failed (exit_status)" in row
    assert row.rpartition("  ")[2].startswith("It exited with")


def test_names_that_are_none(home: Home) -> None:
    _, stderr = clodputer(home, "runs", "goood", status=1)
    assert "no task 'goood', and no run of one (did you mean 'good'?)" in stderr
    _, stderr = clodputer(home, "runs", "--failed", "--outcome", "lost", status=2)
    assert "exclude each other" in stderr
    assert "No run fits." in clodputer(home, "runs", "bad", "--outcome", "lost")[0]


def test_secrets_are_masked(home: Home) -> None:
    write_secrets(home, "HOST=such host\n")
    assert "such host" not in json.dumps(data(home, "runs"))
    assert "such host" not in clodputer(home, "runs")[0]


def test_figures_of_each_task(home: Home) -> None:
    found = data(home, "stats")["stats"]
    assert [(task["task"], task["runs"], task["success_rate"]) for task in found["by_task"]] == [
        ("bad", 1, 0.0),
        ("good", 2, 1.0),
    ]
    assert data(home, "stats", "good")["stats"]["by_task"] == []
    text = stats({"CLODPUTER_HOME": home.root}, "", "1d", time(), 80, "task").text
    rows = [line.split()[:3] for line in without(text).splitlines()[-3:]]
    assert rows == [["task", "runs", "good"], ["good", "2", "100%"], ["bad", "1", "0%"]]
    clodputer(home, "stats", "good", "--by", "task", status=2)


def test_a_run_of_another_process_is_followed_to_its_end(home: Home, tmp_path: Path) -> None:
    """What is said as it is said, then the result; the run's own secrets are masked at once."""
    write_secrets(home, "KEY=very-secret-word\n")
    go = tmp_path / "go"
    program = (
        "import os, time; print('at work with very-' + 'secret-word', flush=True)\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.02)\n"
        "print('well done')"
    )
    command_task(home, "long", sys.executable, "-c", program)
    drop(home, "long")
    going = start(home, "exec")
    until(
        lambda: any(event["task"] == "long" for event in events(home, "started")), message="it never starts"
    )
    watching = start(home, "show", "long", "--follow")
    stopped = start(home, "show", "long", "--follow")
    assert watching.stdout is not None
    assert stopped.stdout is not None
    assert watching.stdout.readline() == "prints   at work with ***\n"
    # Ctrl-C ends only the looking.
    assert stopped.stdout.readline().startswith("prints ")
    stopped.send_signal(signal.SIGINT)
    stopped.communicate(timeout=100)
    assert stopped.returncode == 130
    assert going.poll() is None
    go.touch()
    out, err = watching.communicate(timeout=100)
    assert (watching.returncode, err) == (0, "")
    assert out.startswith("prints   well done\n\nlong succeeded after ")
    going.communicate(timeout=100)
    # One that has ended is told at once.
    assert "long succeeded" in clodputer(home, "show", "long", "--follow")[0]


def test_following_ends_with_the_exec_that_ran_it(home: Home) -> None:
    """A run whose exec was killed will never have a record of its own accord; whoever looks is told so."""
    command_task(home, "long", "/bin/sh", "-c", "echo begun; exec sleep 600")
    drop(home, "long")
    going = start(home, "exec")
    until(
        lambda: any(event["task"] == "long" for event in events(home, "started")), message="it never starts"
    )
    watching = start(home, "show", "long", "--follow")
    assert watching.stdout is not None
    assert watching.stdout.readline() == "prints   begun\n"
    going.kill()
    going.communicate(timeout=100)
    out, _ = watching.communicate(timeout=100)
    assert watching.returncode == 1
    assert "long" in out
    execute(home)


def test_what_does_not_go_with_follow(home: Home) -> None:
    for option in ("--json", "--conversation", "--files"):
        clodputer(home, "show", "good", "--follow", option, status=2)
