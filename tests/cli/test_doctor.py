"""`clodputer doctor` as a person and a program meet it: exit codes, both forms of the answer, and its safe remedies."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.cli.text.setup import doctor
from clodputer.store.home import Home
from clodputer.store.spool import slot
from clodputer.store.spool.slot import Slot
from clodputer.views.doctor.finding import Finding
from clodputer.views.doctor.fix import Fix
from clodputer.views.doctor.home import spool
from tests.doctoring import first_on_path, make_older
from tests.fakes.start import install_fake_claude
from tests.wait import until
from tests.workshop import clodputer, command_task, everything, run, write_secrets

DAY = 86400.0
# What depends on the machine that runs the tests, and not on the home.
OF_THE_MACHINE = {"disk", "start", "program"}


def examined(home: Home, *arguments: str, **extra: str) -> dict[str, Any]:
    """`doctor --json`: its envelope, which is consistent with its exit code."""
    status, stdout, stderr = run(home, "doctor", "--json", *arguments, extra=extra)
    envelope: dict[str, Any] = json.loads(stdout)
    problems = [found for found in envelope["data"]["findings"] if found["level"] == "problem"]
    assert stderr == ""
    assert status == (4 if problems else 0)
    assert envelope["ok"] is not bool(problems)
    assert envelope["data"]["problems"] == len(problems) == len(envelope["errors"])
    return envelope


def levels(envelope: dict[str, Any]) -> dict[str, str]:
    """The level of each check that is not well."""
    return {
        found["check"]: found["level"]
        for found in envelope["data"]["findings"]
        if found["level"] != "ok" and found["check"] not in OF_THE_MACHINE
    }


def test_a_fresh_home_is_well(tmp_path: Path) -> None:
    """What `init` makes has no problem once claude is there; that nobody is logged in is not seen from outside."""
    home = Home(str(tmp_path / "fresh"))
    install_fake_claude(tmp_path / "bin")
    path = first_on_path(tmp_path / "bin")
    clodputer(home, "init", "--yes")
    assert set(levels(examined(home, **path)).values()) <= {"note"}


def test_a_person_reads_the_problem_first_and_its_remedy_below(home: Home, tmp_path: Path) -> None:
    install_fake_claude(tmp_path / "bin")
    Path(home.root).chmod(0o755)
    stdout, stderr = clodputer(home, "doctor", extra=first_on_path(tmp_path / "bin"), status=4)
    assert stderr == ""
    assert stdout.startswith("problem  home-mode: others can look into")
    assert f"         chmod 700 {home.root}\n" in stdout
    assert "doctor --fix does 1 safe remedy by itself." in stdout
    assert "1 problem" in stdout.splitlines()[-1]


def test_all_tells_what_is_well(home: Home) -> None:
    stdout, _ = clodputer(home, "doctor", "--all")
    assert f"ok       home: {home.root}\n" in stdout


def test_fix(home: Home) -> None:
    """Each remedy is named and done, and what is looked at afterwards is well again; no request is touched."""
    command_task(home, "hello", "true")
    Path(home.root).chmod(0o755)
    Path(home.secrets).write_text("A=b\n")
    os.chmod(home.secrets, 0o644)
    os.rmdir(home.archive)
    Path(home.cache, "x.1.tmp").touch()
    make_older(f"{home.cache}/x.1.tmp", 2 * DAY)
    Path(home.tmp, "half.json").touch()
    queued = Path(home.lanes, "default/delayed", "9999999999999999.3.abc123.hello")
    queued.touch()
    Path(home.rejected, "a.json").touch()
    before = everything(home)
    envelope = examined(home, "--fix")
    fixed = envelope["data"]["fixed"]
    assert [each["done"] for each in fixed] == [True] * 4
    assert [each["fix"].split()[0] for each in fixed] == ["make", "chmod", "empty", "chmod"]
    assert set(levels(envelope)) - {"claude", "scheduler"} == {"aside"}
    assert everything(home) == before
    assert os.listdir(home.tmp) == ["half.json"]  # not a day old
    assert os.stat(home.root).st_mode & 0o777 == 0o700


def test_fix_settles_what_a_dead_exec_left(home: Home) -> None:
    """It starts a real exec, which puts back what was claimed, and runs it."""
    command_task(home, "hello", "true")
    claimed = Path(slot.folder(home, Slot("default", 0)), "1700000000000000.3.abc123.hello")
    claimed.touch()
    # A request that was claimed a moment ago may still be about to be marked by a living exec.
    until(lambda: time() - claimed.lstat().st_ctime > spool.UNMARKED)
    stdout, _ = clodputer(home, "doctor", "--fix")
    assert "fix      start clodputer exec" in stdout
    assert everything(home) == {}
    assert len(os.listdir(f"{home.runs}/hello")) == 1


def test_fix_without_anything_to_fix(home: Home) -> None:
    assert examined(home, "--fix")["data"]["fixed"] == []
    Path(home.tasks, "bad.yaml").write_text("prompt: [\n")
    assert "None of the problems can be fixed safely" in clodputer(home, "doctor", "--fix", status=4)[0]


def test_leftovers_are_looked_at_once_more(home: Home) -> None:
    """Between the finding and its remedy a writer may have come back."""
    from clodputer.cli.commands.doctor_fix import perform

    path = Path(home.tmp, "half.json")
    path.touch()
    fix = Fix("remove", "unlink", (str(path), f"{home.new}/other.json"))
    Path(home.new, "other.json").touch()
    assert perform(home, {}, fix) == "removed 0"
    assert path.exists()


def test_secrets_are_not_shown(home: Home) -> None:
    write_secrets(home, "TOKEN=a-very-secret-value\n")
    Path(home.rejected, "a-very-secret-value.json").touch()
    stdout, _ = clodputer(home, "doctor", "--json")
    assert "a-very-secret-value" not in stdout


FINDINGS = [
    Finding("home", "ok", "/h"),
    Finding(
        "tasks",
        "problem",
        "tasks/a.yaml:2: timeout: expected a duration\x1b[31m such as 20s, found 20",
        "Fix it.",
    ),
    Finding("tmp", "note", "1 leftover", "Remove it.", Fix("remove it", "unlink")),
    Finding("spool", "ok", "fine"),
]


@pytest.mark.parametrize("width", [1, 40, 60, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = doctor.page(FINDINGS, width, False, "clodputer doctor --fix")
    plain = "".join(
        part.partition("m")[2] if index else part for index, part in enumerate(text.split("\x1b["))
    )
    assert max(len(line) for line in plain.splitlines()) <= max(width, doctor.NARROWEST, 60)
    assert plain.index("problem") < plain.index("note") < plain.index("ok ")
    assert "\\x1b[31m" in plain.replace("\n         ", " ")
    assert plain.splitlines()[-1] == "1 problem, 1 note, 4 checks."


def test_the_last_line_of_a_good_morning() -> None:
    text = doctor.page(FINDINGS[:1], 80, False, "clodputer doctor --fix")
    assert "No problem" in text.splitlines()[-1]
    assert "--fix" not in text
