"""A real exec that is killed: its runs, and the checks after them, leave nothing alive, and the next exec tells the truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import slot
from clodputer.store.spool.slot import Slot
from tests.runner.families import CHAIN, ESCAPES, HOLD, LINUX, a_mark, gone, held, needs_setsid, sleeps
from tests.wait import until
from tests.workshop import (
    command_task,
    drop,
    environment,
    execute,
    make_home,
    outcomes,
    program,
    records,
    write_secrets,
)

pytestmark = [needs_setsid, pytest.mark.skipif(not LINUX, reason="only Linux has subreapers")]


class Case(NamedTuple):
    """A home with an exec in it whose run, or the check after it, has left an escape behind."""

    home: Home
    folder: Path
    mark: str
    process: subprocess.Popen[bytes]

    def escaped(self) -> None:
        """Wait until the escape is there."""
        until(lambda: (self.folder / "began").exists() or sleeps(self.mark), message="it never began")

    def process_json(self, inside: str = "") -> dict[str, Any]:
        """What is recorded of the run's processes."""
        (path,) = Path(self.home.runs, "work").glob(f"*/{inside}process.json")
        found: dict[str, Any] = json.loads(path.read_text())
        return found


def begin(folder: Path, escape: str, in_check: bool = False) -> Case:
    """Start it."""
    folder.mkdir()
    home, mark = make_home(folder), a_mark()
    (folder / "chain.sh").write_text(CHAIN)
    script = program(
        folder, "escape", f"cd {folder}\n{HOLD}{ESCAPES[escape].replace('MARK', mark)}\nexec sleep 300"
    )
    if in_check:
        command_task(home, "work", "/bin/true", more=f"expect: {{command_succeeds: [{script}]}}\n")
    else:
        command_task(home, "work", str(script))
    drop(home, "work")
    process = subprocess.Popen([sys.executable, "-m", "clodputer", "exec"], env=environment(home))
    return Case(home, folder, mark, process)


@pytest.mark.parametrize("in_check", [False, True], ids=["run", "check"])
def test_exec_is_killed(tmp_path: Path, in_check: bool) -> None:
    """Each escape in a home of its own, all at once: nobody is left although no next exec comes, which then says lost."""
    cases = [begin(tmp_path / str(number), escape, in_check) for number, escape in enumerate(ESCAPES)]
    for case in cases:
        case.escaped()
        case.process.kill()
        case.process.wait()
    for case in cases:
        until(lambda: not held(case.folder), message="still there")  # noqa: B023
    for case in cases:
        execute(case.home)
        assert outcomes(case.home, "work") == ["lost"]
        assert not held(case.folder)


def test_the_next_exec_waits_for_the_keeper(tmp_path: Path) -> None:
    """It comes at once, while the keeper still waits for the agent to obey; nothing is alive when the next run begins."""
    case = begin(tmp_path / "home", "deaf daemon")
    case.escaped()
    keeper = case.process_json()["keeper"][0]
    case.process.kill()
    case.process.wait()
    command_task(case.home, "next", "/bin/sh", "-c", f"ps -eo args > {tmp_path}/seen")
    drop(case.home, "next")
    execute(case.home)
    assert gone(keeper)
    assert case.mark not in (tmp_path / "seen").read_text()
    assert (outcomes(case.home, "work"), outcomes(case.home, "next")) == (["lost"], ["succeeded"])


def test_exec_and_keeper_are_killed(tmp_path: Path) -> None:
    """The next exec kills those that still write to the output of the run, and whoever was seen before."""
    case = begin(tmp_path / "home", "double fork")
    case.escaped()
    # The keeper first: its orphans become children of exec, and nobody's when that is killed a moment later.
    os.kill(case.process_json()["keeper"][0], signal.SIGKILL)
    case.process.kill()
    case.process.wait()
    assert held(case.folder)
    execute(case.home)
    assert not held(case.folder)
    assert outcomes(case.home, "work") == ["lost"]


def test_the_keeper_alone_is_killed(tmp_path: Path) -> None:
    """The run goes on under exec and ends as if nothing had been."""
    case = begin(tmp_path / "home", "chain")
    case.escaped()
    os.kill(case.process_json()["keeper"][0], signal.SIGKILL)
    content = slot.content(case.home, Slot("default", 0))
    assert content.place is not None
    slot.ask_cancel(case.home, Slot("default", 0), content.place.id)
    assert case.process.wait(100) == 0
    assert outcomes(case.home, "work") == ["cancelled"]
    assert not held(case.folder)


def test_a_check_leaves_no_secret_in_its_output(tmp_path: Path) -> None:
    """What it prints stays in the run's folder, as the output of the agent does."""
    home = make_home(tmp_path)
    write_secrets(home, "TOKEN=sk-1234567890\n")
    check = program(tmp_path, "check", "echo the token is sk-1234567890")
    command_task(home, "work", "/bin/true", more=f"expect: {{command_succeeds: [{check}]}}\n")
    drop(home, "work")
    execute(home)
    assert [record["outcome"] for record in records(home, "work")] == ["succeeded"]
    files = [path for path in Path(home.runs).rglob("*") if path.is_file()]
    assert any(b"the token is" in path.read_bytes() for path in files)
    assert not any(b"sk-1234567890" in path.read_bytes() for path in files)
