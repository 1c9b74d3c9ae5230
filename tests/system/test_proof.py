"""precheck and verify while execs are killed and runs cancelled; and the breaker of prechecks, by real execs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.system import execs
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    program,
    records,
    start,
)

pytest_plugins = ["tests.fakes.fixtures"]


def set_up(folder: Path, *more: str) -> Home:
    """A home whose task has both; verify holds once the program has run, and each look and run leaves a line behind."""
    folder.mkdir()
    home = make_home(folder)
    look = program(folder, "look", 'echo "$1" >> asked; if [ "$1" = verify ]; then test -e done; fi')
    keys = {
        "precheck": [str(look), "precheck"],
        "verify": [str(look), "verify"],
        "working_directory": str(folder),
    }
    work = program(folder, "work", "echo x >> ran; touch done")
    command_task(
        home, "work", str(work), more="\n".join([*(f"{key}: {json.dumps(keys[key])}" for key in keys), *more])
    )
    execs.run(home, "validate")
    return home


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("mkdir precheck", ["succeeded"]),
        ("open precheck/stdout", ["succeeded"]),
        ("rename precheck/process.json", ["succeeded"]),
        ("mkdir verify-before", ["succeeded"]),
        ("rename verify-before/process.json", ["succeeded"]),
        ("rename .started", ["succeeded"]),
        ("mkdir verify-after", ["lost"]),
        ("rename verify-after/process.json", ["lost"]),
        ("rename record.json", ["lost"]),
        ("rename dropped.json", ["succeeded"]),
    ],
)
def test_exec_is_killed(tmp_path: Path, step: str, outcome: list[str]) -> None:
    """Before its agent is started a run is only looked at, and begun anew; afterwards nobody knows how it ended."""
    home = set_up(tmp_path / "home")
    drop(home, "one.json", '{"task": "work"}')
    killed, what = execs.kill_at(home, step)
    assert killed, what
    execs.run(home, "exec")
    assert outcomes(home, "work") == outcome
    assert lines(tmp_path / "home/ran") == ["x"]
    places = everything(home)
    kept = [name for name in places.pop("dead", []) if not name.endswith(".reason.json")]
    assert (len(kept), places) == (outcome == ["lost"], {})


@pytest.mark.parametrize("key", ["precheck", "verify"])
def test_what_a_killed_exec_was_asking_is_ended(tmp_path: Path, key: str) -> None:
    """Nothing of the look is alive when the next exec asks again, and the request is run as if nothing had been."""
    home = make_home(tmp_path)
    script = (
        "test -e again && exit 0\ntouch again; trap '' TERM; setsid sleep 300 > /dev/null 2>&1 & echo $! >> pids\n"
        "echo $$ >> pids; sleep 300"
    )
    look = program(tmp_path, "look", script)
    command_task(home, "work", "/bin/true", more=f"working_directory: {tmp_path}\n{key}: [{look}]\n")
    drop(home, "work")
    process = subprocess.Popen([sys.executable, "-m", "clodputer", "exec"], env=environment(home))
    until(lambda: len(lines(tmp_path / "pids")) == 2)
    process.kill()
    process.wait()
    execute(home)
    assert [pid for pid in lines(tmp_path / "pids") if alive(int(pid))] == []
    expected = "completed" if key == "precheck" else "satisfied"
    assert [record["reason"] for record in records(home, "work")] == [expected]
    assert [event["action"] for event in events(home, "recovered")] == ["put_back"]
    assert everything(home) == {}


@pytest.mark.parametrize("when", ["precheck", "verify_before", "verify_after"])
def test_it_is_cancelled_at_any_look(tmp_path: Path, when: str) -> None:
    """As a run is, with the look ended; nothing of it is proved, and nothing more of it started."""
    home = make_home(tmp_path)
    hang = "touch hanging; sleep 300"
    look = program(tmp_path, "look", f"{'test -e ran || exit 1;' if when == 'verify_after' else ''} {hang}")
    key = "precheck" if when == "precheck" else "verify"
    more = f"working_directory: {tmp_path}\n{key}: [{look}]\nstop_grace: 0s\n"
    command_task(home, "work", "/bin/sh", "-c", "touch ran", more=more)
    drop(home, "work")
    process = start(home, "exec")
    until((tmp_path / "hanging").exists)
    clodputer(home, "cancel", "work")
    process.communicate(timeout=100)
    [record] = records(home, "work")
    assert (record["outcome"], record["reason"]) == ("cancelled", "cancelled")
    assert record["proof"][-1]["check"] == when
    assert (tmp_path / "ran").exists() == (when == "verify_after")
    assert (record["argv"] == []) == (when != "verify_after")


def test_an_exec_that_is_told_to_stop_asks_again(tmp_path: Path) -> None:
    """The request goes back, its attempt not used up."""
    home = make_home(tmp_path)
    look = program(tmp_path, "look", "test -e again && exit 75; touch again; sleep 300")
    command_task(
        home, "work", "/bin/true", more=f"working_directory: {tmp_path}\nprecheck: [{look}]\nstop_grace: 0s\n"
    )
    drop(home, "work")
    process = start(home, "exec")
    until((tmp_path / "again").exists)
    process.terminate()
    process.communicate(timeout=100)
    assert [record["reason"] for record in records(home, "work")] == ["interrupted"]
    execute(home)
    found = records(home, "work")
    assert [(record["reason"], record["attempt"]) for record in found] == [
        ("interrupted", 1),
        ("nothing_to_do", 1),
    ]


def test_prechecks_that_fail_have_a_breaker_of_their_own(tmp_path: Path) -> None:
    """It keeps the requests of triggers waiting, says whose it is, and `reset` closes it."""
    home = make_home(tmp_path)
    look = program(tmp_path, "look", "exit $(cat status)")
    (tmp_path / "status").write_text("3\n")
    more = f"working_directory: {tmp_path}\nprecheck: [{look}]\nbreaker: {{threshold: 2}}\n"
    command_task(home, "work", "/bin/true", more=more)
    for number in range(3):
        drop(home, f"{number}.json", json.dumps({"task": "work", "origin": {"trigger": "cron"}}))
    execute(home)
    assert outcomes(home, "work") == ["failed", "failed"]
    [waiting] = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert waiting["waits"]["reason"] == "breaker"
    assert "the last 2 prechecks of work failed" in waiting["waits"]["message"]
    (tmp_path / "status").write_text("0\n")
    clodputer(home, "reset", "work")
    execute(home)
    assert outcomes(home, "work") == ["failed", "failed", "succeeded"]
