"""Runs whose folder is prepared before their agent and taken down after it, by real execs, killed ones too."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.isolate import provision
from clodputer.store.computer import ports
from clodputer.store.home import Home
from tests.repositories import repository
from tests.system import execs
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, events, execute, make_home, records, start

STEP = 'echo "$0 $PORT_BASE" >> "$HERE/steps"'


def task(folder: Path, home: Home, *command: str, **keys: Any) -> None:
    """A task whose programs each leave a line in `steps` of its folder."""
    keys = {
        "working_directory": str(folder),
        "env": {"HERE": str(folder)},
        "precheck": ["sh", "-c", STEP, "precheck"],
        "setup": ["sh", "-c", STEP, "setup"],
        "verify": ["sh", "-c", f"{STEP}; test -e $HERE/done", "verify"],
        "teardown": ["sh", "-c", STEP, "teardown"],
        **keys,
    }
    more = "".join(f"{name}: {json.dumps(value)}\n" for name, value in keys.items() if value is not None)
    command_task(home, "work", *(command or ("sh", "-c", f"{STEP}; touch $HERE/done", "agent")), more=more)
    drop(home, "one.json", '{"task": "work"}')


def steps(folder: Path) -> list[str]:
    text = (folder / "steps").read_text() if (folder / "steps").exists() else ""
    return [line.split()[0] for line in text.splitlines()]


def looks(record: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(one["check"], one["ok"]) for one in record["proof"]]


def test_the_order(home: Home, tmp_path: Path) -> None:
    """All of them know the same block of ports, which is free afterwards; the record has what each came to."""
    task(tmp_path, home)
    execute(home)
    (record,) = records(home, "work")
    assert record["outcome"] == "succeeded"
    assert steps(tmp_path) == ["precheck", "setup", "verify", "agent", "verify", "teardown"]
    assert looks(record) == [
        ("precheck", True),
        ("setup", True),
        ("verify_before", False),
        ("verify_after", True),
        ("teardown", True),
    ]
    bases = {line.split()[1] for line in (tmp_path / "steps").read_text().splitlines()}
    assert len(bases) == 1
    assert int(bases.pop()) % 100 == 0
    assert ports.taken(home) == {}
    assert "teardown.json" not in os.listdir(f"{home.runs}/work/{record['run_id']}")
    shown = clodputer(home, "show", record["run_id"])[0]
    assert "setup (" in shown
    assert "teardown (" in shown


@pytest.mark.parametrize(
    ("keys", "wanted", "said"),
    [
        ({"setup": ["sh", "-c", "echo no room; exit 3"]}, "setup", "exited with status 3. It said: no room"),
        ({"setup": ["/no/such"]}, "setup", "could not be run"),
        ({"setup": ["sleep", "60"], "setup_timeout": "1s"}, "setup", "took longer than 1s"),
    ],
)
def test_a_setup_that_fails(home: Home, tmp_path: Path, keys: dict[str, Any], wanted: str, said: str) -> None:
    """The agent is not started, what there may be is taken down, and the reason is the run's own."""
    task(tmp_path, home, **keys, verify=None, retry={"max_attempts": 1})
    execute(home)
    (record,) = records(home, "work")
    assert (record["outcome"], record["reason"], record["cost_usd"]) == ("failed", wanted, 0)
    assert said in record["message"]
    assert steps(tmp_path) == ["precheck", "teardown"]


def test_without_work_nothing_is_prepared(home: Home, tmp_path: Path) -> None:
    task(tmp_path, home, precheck=["false"])
    execute(home)
    assert [record["reason"] for record in records(home, "work")] == ["nothing_to_do"]
    assert steps(tmp_path) == []


@pytest.mark.parametrize("command", [("true",), ("false",)])
def test_a_teardown_that_fails_is_told_and_changes_nothing(
    home: Home, tmp_path: Path, command: tuple[str, ...]
) -> None:
    task(tmp_path, home, *command, verify=None, teardown=["sh", "-c", "echo stuck; exit 4"])
    execute(home)
    (record,) = records(home, "work")
    assert record["outcome"] == ("succeeded" if command == ("true",) else "failed")
    assert looks(record)[-1] == ("teardown", False)
    assert "Its teardown failed" in record["message"]
    assert "It said: stuck" in record["message"]
    assert [event["run_id"] for event in events(home, "not_torn_down")] == [record["run_id"]]


def test_in_a_worktree(home: Home, tmp_path: Path) -> None:
    """Setup and teardown run in the run's tree, which is still there."""
    checkout = repository(tmp_path)
    here = ["sh", "-c", "pwd; git status --short"]
    task(
        tmp_path,
        home,
        "true",
        working_directory=f"{checkout}/sub",
        isolation="worktree",
        setup=here,
        teardown=here,
        verify=None,
    )
    execute(home)
    (record,) = records(home, "work")
    outputs = [one["output"].strip() for one in record["proof"] if one["check"] in ("setup", "teardown")]
    assert outputs == [record["working_directory"]] * 2
    assert record["worktree"]["state"] == "removed"


def test_a_secret_in_an_argument_keeps_the_run_from_starting(home: Home, tmp_path: Path) -> None:
    Path(home.secrets).write_text("TOKEN=very-secret-value\n")
    Path(home.secrets).chmod(0o600)
    task(tmp_path, home, teardown=["echo", "{{ env.TOKEN }}"])
    execute(home)
    assert [record["reason"] for record in records(home, "work")] == ["not_started"]
    assert steps(tmp_path) == []


def test_without_a_block_of_ports_nothing_is_started(home: Home, tmp_path: Path) -> None:
    """The reason says so, and the request is tried again later."""
    os.mkdir(home.ports)
    for base in provision.bases():
        os.symlink("another-run", f"{home.ports}/{base}")
    task(tmp_path, home)
    execute(home)
    (record,) = records(home, "work")
    assert (record["reason"], record["effects"][0]["effect"]) == ("no_ports", "retry")
    assert steps(tmp_path) == []


def test_a_cancelled_run_is_taken_down(home: Home, tmp_path: Path) -> None:
    task(tmp_path, home, "sh", "-c", f"{STEP}; exec sleep 60", "agent", verify=None, stop_grace="1s")
    process = start(home, "exec")
    until(lambda: "agent" in steps(tmp_path))
    clodputer(home, "cancel", "--all-of", "work")
    process.communicate(timeout=100)
    assert [record["outcome"] for record in records(home, "work")] == ["cancelled"]
    assert steps(tmp_path) == ["precheck", "setup", "agent", "teardown"]


def test_an_exec_that_is_told_to_stop_takes_down_first(home: Home, tmp_path: Path) -> None:
    """The request goes back to its queue, and is prepared again."""
    task(tmp_path, home, "sh", "-c", f"{STEP}; exec sleep 60", "agent", verify=None, stop_grace="1s")
    process = start(home, "exec")
    until(lambda: "agent" in steps(tmp_path))
    process.terminate()
    process.communicate(timeout=100)
    assert [record["reason"] for record in records(home, "work")] == ["interrupted"]
    assert steps(tmp_path) == ["precheck", "setup", "agent", "teardown"]
    assert ports.taken(home) == {}


@pytest.mark.parametrize(
    ("step", "outcome", "taken_down"),
    [
        ("symlink", ["succeeded"], 1),
        ("rename teardown.json", ["succeeded"], 1),
        ("mkdir setup", ["succeeded"], 2),
        ("open setup/stdout", ["succeeded"], 2),
        ("mkdir verify-before", ["succeeded"], 2),
        ("rename .started", ["succeeded"], 2),
        ("mkdir verify-after", ["lost"], 1),
        ("mkdir /teardown'", ["lost"], 1),
        ("rename teardown/process.json", ["lost"], 1),
        ("rename record.json", ["lost"], 1),
        ("rename dropped.json", ["succeeded"], 1),
    ],
)
def test_exec_is_killed(tmp_path: Path, step: str, outcome: list[str], taken_down: int) -> None:
    """Whatever was prepared is taken down by the next exec, with the task's variables, and no block stays taken."""
    home = make_home(tmp_path)
    task(tmp_path, home)
    killed, what = execs.kill_at(home, step)
    assert killed, what
    execs.run(home, "exec")
    assert [record["outcome"] for record in records(home, "work")] == outcome
    assert steps(tmp_path).count("teardown") == taken_down
    last = [line.split() for line in (tmp_path / "steps").read_text().splitlines()]
    assert all(len(words) == 2 for words in last), "without its ports"
    assert ports.taken(home) == {}


def test_a_teardown_that_kills_exec_is_begun_three_times_at_most(tmp_path: Path) -> None:
    """Then recovery goes on without it, and says so."""
    home = make_home(tmp_path)
    task(tmp_path, home, precheck=None, setup=None, verify=None)
    for _ in range(3):
        killed, what = execs.kill_at(home, "open /teardown/stdout'")
        assert killed, what
    execs.run(home, "exec")
    assert [record["outcome"] for record in records(home, "work")] == ["lost"]
    assert "begun 3 times" in events(home, "not_torn_down")[0]["message"]
    assert steps(tmp_path) == ["agent"]
