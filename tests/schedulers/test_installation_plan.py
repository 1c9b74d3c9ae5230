"""The plan of an installation, and what is left of a failing one; with a scheduler that keeps its units in a drawer."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from clodputer.cli.commands.install import Options, install
from clodputer.model.errors import ClodputerError
from clodputer.schedulers import installation
from clodputer.schedulers.installation import Known, choose
from clodputer.schedulers.place import Alone
from clodputer.schedulers.unit import TASK, Answer, FoundUnit
from clodputer.store.home import Home
from tests.schedulers.drawer import CRON, NOW, Drawer, environ, installed, tasks
from tests.workshop import command_task, make_home, write_secrets, write_task


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "nightly", "true", more=CRON)
    command_task(made, "manual", "true")
    return made


def test_what_is_installed(home: Home) -> None:
    """Tasks that ring, the spool and the sweep; told with their times."""
    drawer = Drawer()
    steps: list[tuple[str, int]] = []
    result = installed(home, drawer, told=lambda change, number: steps.append((change.verb, number)))
    assert tasks(drawer) == ["nightly", "spool", "sweep"]
    assert steps == [("add", 3)] * 3
    assert drawer.starts == 1
    assert result.exit_code == 0
    assert "nightly  at 08:00 on weekdays" in result.text
    assert "Without an alarm (disabled or manual): manual" in result.text
    assert "it creaks" in result.text
    alarm = result.data["alarms"][0]
    assert (alarm["task"], alarm["when"]) == ("nightly", "at 08:00 on weekdays")
    assert 0 < datetime.fromisoformat(alarm["next"]).timestamp() - NOW < 4 * 86400
    assert Path(home.root, "bin/clodputer").exists()


def test_a_second_time_nothing_is_asked_for(home: Home) -> None:
    """Neither of the scheduler nor of the disk."""
    drawer = Drawer()
    installed(home, drawer)
    before, drawer.asked = os.stat(f"{home.root}/bin/clodputer"), []
    result = installed(home, drawer)
    assert (drawer.asked, drawer.starts) == ([], 1)
    assert os.stat(f"{home.root}/bin/clodputer").st_ino == before.st_ino
    assert "Nothing had to be changed." in result.text
    assert result.data["unchanged"] == 3


def test_a_dry_run_changes_nothing(home: Home) -> None:
    drawer = Drawer()
    result = installed(home, drawer, dry_run=True)
    assert (drawer.asked, os.path.exists(f"{home.root}/bin")) == ([], False)
    assert "Would add 3, would write bin/clodputer." in result.text
    told = installed(home, drawer, dry_run=True, diff=True).text
    assert "+++ " in told
    assert "+#!/bin/sh" in told
    assert f"+{home.root}/bin/clodputer" in told


def test_tasks_that_change_disappear_and_are_disabled(home: Home) -> None:
    drawer = Drawer()
    for name in ("gone", "off", "same"):
        command_task(home, name, "true", more=CRON)
    installed(home, drawer)
    drawer.asked = []
    os.unlink(f"{home.tasks}/gone.yaml")
    command_task(home, "off", "true", more=CRON + "enabled: false\n")
    command_task(home, "nightly", "true", more=CRON.replace("8", "9"))
    result = installed(home, drawer)
    assert [line.split()[0] + " " + line.rpartition("-")[2] for line in drawer.asked] == [
        "remove gone",
        "remove off",
        "replace nightly",
    ]
    assert "Changed 1, removed 2." in result.text


def test_only_the_tasks_that_are_named(home: Home) -> None:
    """The others stay as they are, also when they would have changed."""
    drawer = Drawer()
    for name in ("one", "two"):
        command_task(home, name, "true", more=CRON)
    installed(home, drawer)
    for name in ("one", "two"):
        command_task(home, name, "true", more=CRON.replace("8", "9"))
    command_task(home, "nightly", "true")
    drawer.asked = []
    installed(home, drawer, tasks=["one"])
    assert [line.rpartition("-")[2] for line in drawer.asked] == ["one"]
    assert tasks(drawer) == ["nightly", "one", "spool", "sweep", "two"]
    installed(home, drawer, tasks=["nightly"])
    assert tasks(drawer) == ["one", "spool", "sweep", "two"]
    with pytest.raises(ClodputerError) as raised:
        installed(home, drawer, tasks=["nihgtly"])
    assert raised.value.code == "task_unknown"


def test_a_broken_task_blocks_no_other_and_keeps_its_alarm(home: Home) -> None:
    """A slip in a file must not silence it for good."""
    drawer = Drawer()
    installed(home, drawer)
    write_task(home, "nightly", "agent: nope\n")
    command_task(home, "fresh", "true", more=CRON)
    result = installed(home, drawer)
    assert tasks(drawer) == ["fresh", "nightly", "spool", "sweep"]
    assert result.exit_code == 1
    assert [error.code for error in result.errors] == ["task_invalid"]
    assert "tasks/nightly.yaml:1" in result.errors[0].message
    assert result.data["broken"] == ["nightly"]


def test_a_broken_file_that_hides_its_name_removes_nothing(home: Home) -> None:
    drawer = Drawer()
    Path(home.tasks, "file.yaml").write_text(f"name: other\nagent: command\ncommand: ['true']\n{CRON}")
    installed(home, drawer)
    assert "other" in tasks(drawer)
    Path(home.tasks, "file.yaml").write_text("name: [\n")
    installed(home, drawer)
    assert "other" in tasks(drawer)


def test_a_pipe_in_place_of_a_task_file_holds_nothing_up(home: Home) -> None:
    """Nobody will ever write to it."""
    os.mkfifo(f"{home.tasks}/pipe.yaml")
    drawer = Drawer()
    result = installed(home, drawer)
    assert tasks(drawer) == ["nightly", "spool", "sweep"]
    assert result.data["broken"] == ["pipe"]


def test_what_a_scheduler_cannot_express_blocks_no_other(home: Home) -> None:
    """And what was installed of it stays."""
    drawer = Drawer()
    installed(home, drawer)
    command_task(home, "fresh", "true", more=CRON)
    drawer.unrendered = {"nightly", "fresh"}
    command_task(home, "nightly", "true", more=CRON.replace("8", "9"))
    result = installed(home, drawer)
    assert tasks(drawer) == ["nightly", "spool", "sweep"]
    assert result.exit_code == 1
    assert len(result.errors) == 2


def test_a_refused_change_is_an_error_and_the_others_are_made(home: Home) -> None:
    drawer = Drawer()
    command_task(home, "other", "true", more=CRON)
    name = next(iter(_names(home, "nightly")))
    drawer.refused = {name}
    result = installed(home, drawer)
    assert tasks(drawer) == ["other", "spool", "sweep"]
    assert (result.exit_code, [error.code for error in result.errors]) == (1, ["refused"])
    assert "nightly  at" not in result.text
    drawer.refused = set()
    assert installed(home, drawer).exit_code == 0
    assert "nightly" in tasks(drawer)


def _names(home: Home, task: str) -> list[str]:
    drawer = Drawer()
    installed(home, drawer)
    return [one.name for one in drawer.units.values() if one.task == task]


def test_another_scheduler_takes_over(home: Home) -> None:
    """First the new clock, then the old one goes: two do no harm, none would."""
    old, new = Drawer(), Drawer()
    installed(home, new, old, scheduler="cron")
    assert (tasks(new), tasks(old)) == ([], ["nightly", "spool", "sweep"])
    assert installed(home, new, old).data["scheduler"] == "cron"  # what is in use stays in use
    result = installed(home, new, old, scheduler="systemd")
    assert (tasks(new), tasks(old)) == (["nightly", "spool", "sweep"], [])
    assert "cron, which no longer starts tasks of this home" in " ".join(result.text.split())


def test_the_old_clock_stays_when_the_new_one_fails(home: Home) -> None:
    old, new = Drawer(), Drawer()
    names = _names(home, "nightly")
    installed(home, new, old, scheduler="cron")
    new.refused = set(names)
    assert installed(home, new, old, scheduler="systemd").exit_code == 1
    assert tasks(old) == ["nightly", "spool", "sweep"]


def test_a_shim_that_does_not_work_is_taken_back(home: Home) -> None:
    """Nothing of the scheduler is touched then."""
    drawer = Drawer()
    installed(home, drawer)
    path = Path(home.root, "bin/clodputer")
    good = path.read_text().replace("ZONE = ", "ZONE =  ")
    path.write_text(good)
    drawer.asked = []
    command_task(home, "fresh", "true", more=CRON)

    from clodputer.schedulers import installation

    def refuse(_: str) -> None:
        raise ClodputerError("shim_fails", "no")

    with pytest.raises(ClodputerError):
        installation.write_shim(str(path), good.replace("ZONE", "NOZE"), refuse)
    assert path.read_text() == good
    path.unlink()
    with pytest.raises(ClodputerError):
        installation.write_shim(str(path), good, refuse)
    assert not path.exists()


def test_a_changed_environment_is_told(home: Home) -> None:
    drawer = Drawer()
    installed(home, drawer)
    here = {**environ(home), "PATH": f"/usr/bin:/bin:{os.path.dirname(os.__file__)}"}
    result = install(here, Options(), {"systemd": drawer}, NOW, lambda *_: None)
    assert f"environment: PATH has gained {os.path.dirname(os.__file__)}" in result.text


def test_two_at_once_are_refused(home: Home) -> None:
    before = sorted(os.listdir(home.root))
    with Alone(home.root), pytest.raises(ClodputerError) as raised:
        installed(home, Drawer())
    assert raised.value.code == "install_busy"
    assert sorted(os.listdir(home.root)) == before


def test_no_secret_is_installed(home: Home, tmp_path: Path) -> None:
    """A watched folder that secrets.env names is left to the sweep; no unit, no shim and no answer has the value."""
    write_secrets(home, f"WHERE={tmp_path}/hush-hush-folder\n")
    command_task(home, "watch", "true", more='trigger: {type: file_watch, path: "{{ env.WHERE }}"}\n')
    drawer = Drawer()
    result = installed(home, drawer)
    assert result.exit_code == 0
    assert "Only the sweep looks there" in result.text
    for place in (drawer.units, result.text, result.data, Path(home.root, "bin/clodputer").read_text()):
        assert "hush-hush" not in repr(place)


def known(usable: bool, found: bool = False) -> Known:
    return Known(Answer(usable, "why", "hint"), (FoundUnit("x", "/h", TASK, "t", {}, True),) if found else ())


@pytest.mark.parametrize(
    ("asked", "platform", "seen", "chosen"),
    [
        ("auto", "linux", {"systemd": known(True), "cron": known(True)}, "systemd"),
        ("auto", "linux", {"systemd": known(False), "cron": known(True)}, "cron"),
        ("auto", "linux", {"systemd": known(True), "cron": known(True, True)}, "cron"),
        ("auto", "linux", {"systemd": known(True, True), "cron": known(True, True)}, "systemd"),
        ("auto", "linux", {"systemd": known(False, True), "cron": known(True, True)}, "cron"),
        ("auto", "linux", {"systemd": known(False, True), "cron": known(True)}, ""),
        ("cron", "linux", {"systemd": known(False, True), "cron": known(True)}, "cron"),
        ("auto", "darwin", {"launchd": known(True), "cron": known(True)}, "launchd"),
        ("auto", "darwin", {"launchd": known(False), "cron": known(True)}, ""),
        ("auto", "linux", {"systemd": known(False), "cron": known(False)}, ""),
        ("cron", "linux", {"systemd": known(True, True), "cron": known(True)}, "cron"),
        ("systemd", "linux", {"systemd": known(False), "cron": known(True)}, ""),
    ],
)
def test_which_scheduler_is_chosen(asked: str, platform: str, seen: dict[str, Known], chosen: str) -> None:
    if chosen:
        assert choose(asked, platform, seen) == chosen
        return
    with pytest.raises(ClodputerError) as raised:
        choose(asked, platform, seen)
    assert "hint" in raised.value.hint
    assert "why" in raised.value.message


def test_what_a_system_may_have() -> None:
    assert installation.candidates("darwin") == ("launchd", "cron")
    assert installation.candidates("linux") == ("systemd", "cron")
    assert installation.candidates("linux", "launchd") == ("launchd", "systemd", "cron")
