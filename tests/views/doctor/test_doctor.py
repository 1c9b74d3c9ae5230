"""The doctor as a whole: every check is listed and told of, and none can hold up or fell the others."""

from __future__ import annotations

import os
import re
import shutil
import threading
from pathlib import Path
from time import time

import pytest

from clodputer.store.home import Home
from clodputer.views import doctor
from clodputer.views.doctor import Check
from clodputer.views.doctor.finding import Facts, Finding, ok
from tests.doctoring import facts, one
from tests.guard import RealHomeTouched
from tests.workshop import ROOT, environment


def test_the_page_tells_of_every_check() -> None:
    """A row for each, in the same order, and none for a check that is gone."""
    rows = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/doctor.md").read_text(), re.MULTILINE)
    assert rows == [check.name for check in doctor.CHECKS]


def test_names_are_unique() -> None:
    names = [check.name for check in doctor.CHECKS]
    assert len(names) == len(set(names))


def test_every_finding_bears_the_name_of_its_check(home: Home) -> None:
    given = facts(home)
    for check in doctor.CHECKS:
        assert {finding.check for finding in check.look(given)} <= {check.name}


def test_without_a_home_only_the_program_is_looked_at(tmp_path: Path) -> None:
    found = doctor.examine(environment(Home(str(tmp_path / "none"))), time())
    assert "home" in {finding.check for finding in found if finding.level == "problem"}
    assert {finding.check for finding in found} <= {check.name for check in doctor.CHECKS if not check.inside}


def test_a_broken_home_is_looked_at_to_the_end(home: Home) -> None:
    """Whatever is broken, every check has its say."""
    Path(home.config).write_text("claude: [\n")
    Path(home.secrets).write_text("nonsense")
    Path(home.tasks, "bad.yaml").write_text("prompt: [\n")
    os.rmdir(home.dead)
    os.rename(home.lanes, f"{home.lanes}-away")
    Path(home.lanes).touch()
    found = doctor.examine(environment(home), time())
    assert {"config", "secrets", "tasks", "home"} <= {each.check for each in found if each.level == "problem"}
    assert not [finding for finding in found if "the check itself failed" in finding.message]


PARTS = (
    "config.yaml",
    "secrets.env",
    "execution.log",
    "tasks",
    "tasks/task.yaml",
    "spool/tmp",
    "spool/rejected",
    "spool/dead",
    "spool/lanes",
    "spool/lanes/default",
    "spool/lanes/stray",
    "spool/lanes/default/queue",
    "spool/lanes/default/slot-0",
    "spool/lanes/default/slot-0.lock",
    "holds",
    "holds/all.json",
    "spool/lanes/default/queue/3/x",
    "runs",
    "runs/task",
    "runs/task/20261121T000000.000Z-x",
    "runs/task/20261121T000000.000Z-x/record.json",
    "ledger",
    "ledger/slots",
    "ledger/slots/task.0.json",
    "cache",
    "bin",
    "bin/clodputer",
)


@pytest.mark.parametrize("kind", ["file", "folder", "dangling", "nonsense"])
def test_whatever_stands_in_the_home(home: Home, kind: str) -> None:
    """Each part of the home is another thing than it should be: told as what it is, never as a fault of the check."""
    dear = {"exec", "start", "program", "packages", "claude", "templates", "python"}
    names = [check.name for check in doctor.CHECKS if check.name not in dear]
    for part in PARTS:
        path = Path(home.root, part)
        away = path.with_name(f"{path.name}-away")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            path.rename(away)
        if kind == "folder":
            path.mkdir()
        elif kind == "dangling":
            path.symlink_to("nowhere")
        else:
            path.write_bytes(b"\xff\x00{nonsense" if kind == "nonsense" else b"")
        found = doctor.examine(environment(home), time(), names)
        assert not [finding for finding in found if "the check itself failed" in finding.message], part
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        if away.exists():
            away.rename(path)


def fails(_: Facts) -> list[Finding]:
    raise ValueError("such a thing")


def cannot(_: Facts) -> list[Finding]:
    raise PermissionError(13, "Permission denied", "/some/place")


def test_a_check_that_fails_is_a_finding(home: Home) -> None:
    found = one(doctor.guarded(Check("x", fails), facts(home)), "note")
    assert "ValueError: such a thing" in found.message
    found = one(doctor.guarded(Check("x", cannot), facts(home)), "problem")
    assert found.message == "this could not be looked at: Permission denied (/some/place)"


def test_a_check_that_does_not_return_is_a_finding(home: Home) -> None:
    never = threading.Event()
    try:
        hangs = Check("x", lambda given: ok("x", str(never.wait())))
        assert "longer than" in one(doctor.guarded(hangs, facts(home), 0.1), "problem").message
    finally:
        never.set()


def test_the_guard_of_the_tests_is_not_swallowed(home: Home) -> None:
    def reaches(given: Facts) -> list[Finding]:
        raise RealHomeTouched("the real home")

    with pytest.raises(RealHomeTouched):
        doctor.guarded(Check("x", reaches), facts(home))
