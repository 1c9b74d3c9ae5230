"""The doctor's own request: whether it runs, that nothing is left of it, and what is said when it does not run."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from time import time

import pytest

from clodputer.store.home import Home
from clodputer.views.doctor.home import trial
from tests.doctoring import facts, make_older, one
from tests.wait import until
from tests.workshop import command_task, drop, events, everything, make_home, program, start


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def listed(home: Home) -> set[str]:
    """Every file and folder of the home."""
    return {
        os.path.join(folder, name)
        for folder, folders, names in os.walk(home.root)
        for name in (*folders, *names)
    }


def test_it_leaves_nothing(home: Home) -> None:
    """What waits in the person's queue waits as before, and nothing of the trial is in log, runs or cache."""
    command_task(home, "work", "/bin/true")
    drop(home, "work")
    given = facts(home)
    before = listed(home)
    assert "was run in" in one(trial.execute(given), "ok").message
    assert listed(home) == before
    assert everything(home) == {"new": ["work"]}
    assert events(home) == []


def test_an_exec_that_cannot_start(home: Home, tmp_path: Path) -> None:
    python = program(tmp_path / "bin", "python", "echo 'this Python is broken' >&2; exit 1")
    found = one(trial.execute(facts(home, python=str(python))), "problem")
    assert "was not run: this Python is broken" in found.message
    assert os.listdir(home.cache) == []


def test_an_exec_that_says_why(home: Home) -> None:
    found = one(trial.execute(facts(home, {"CLODPUTER_TIMEOUT": "soon"})), "problem")
    assert "CLODPUTER_TIMEOUT" in found.message


def test_a_run_that_fails(home: Home, tmp_path: Path) -> None:
    """What the task's own program says of it is shown."""
    program(tmp_path / "bin", "true", "exit 7")
    found = one(trial.execute(facts(home, {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})), "problem")
    assert "failed (exit_status)" in found.message


def test_what_a_killed_doctor_has_left(home: Home, tmp_path: Path) -> None:
    """The next one removes it, but not that of another which is at work."""
    program(tmp_path / "bin", "true", "exec sleep 30")
    process = start(home, "doctor", extra={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})

    def left() -> list[str]:
        return [name for name in os.listdir(home.cache) if name.startswith("doctor-")]

    assert until(lambda: bool(left()))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (name,) = left()
    one(trial.execute(facts(home)), "ok")
    assert left() == [name]
    make_older(f"{home.cache}/{name}", trial.LEFT_AFTER + 1)
    one(trial.execute(facts(home, now=time())), "ok")
    assert left() == []


def test_a_folder_for_temporary_files(home: Home, tmp_path: Path) -> None:
    """TMPDIR that cannot be used is replaced by /tmp, which is worth knowing."""
    assert str(tmp_path) in one(trial.temporary(facts(home, {"TMPDIR": str(tmp_path)})), "ok").message
    for wrong in ("relative", str(tmp_path / "nowhere"), "/dev/null"):
        found = one(trial.temporary(facts(home, {"TMPDIR": wrong})), "note")
        assert wrong in found.message
        assert "clodputer install" in found.remedy
