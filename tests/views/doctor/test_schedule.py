"""What the doctor says of the scheduler: a crontab of the tests' own, in which things go wrong one by one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.schedulers import shim
from clodputer.schedulers.unit import Answer, FoundUnit
from clodputer.store.home import Home
from clodputer.views.doctor.finding import Facts
from clodputer.views.doctor.schedule import schedule as doctor_schedule
from tests import doctoring
from tests.doctoring import one
from tests.fakes.start import install_fake_claude
from tests.schedulers.crontabs import Crontab
from tests.slots import settle
from tests.workshop import ROOT, command_task, make_home, write_task


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    return doctoring.only_cron(tmp_path, monkeypatch)


@pytest.fixture
def home(tmp_path: Path, table: Crontab, monkeypatch: pytest.MonkeyPatch) -> Home:
    home = make_home(tmp_path)
    monkeypatch.setenv("CLODPUTER_HOME", home.root)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cron_task(home, "nightly", "30 2 * * *")
    return home


def cron_task(home: Home, name: str, schedule: str) -> None:
    """A task by the system's own clock, which cron can be told exactly."""
    command_task(home, name, "/bin/true", more=f"trigger: {{type: cron, schedule: '{schedule}'}}\n")
    settle(home, name)


def facts(home: Home) -> Facts:
    """The facts, the schedulers asked; with this process's environment, as their modules take that."""
    return doctoring.facts(home, os.environ, ask_schedulers=True)


def test_nobody_rings(home: Home) -> None:
    """A problem when a task relies on it, else a note."""
    found = one(doctor_schedule.scheduler(facts(home)), "problem")
    assert "needed by nightly" in found.message
    assert "clodputer install" in found.remedy
    os.unlink(f"{home.tasks}/nightly.yaml")
    command_task(home, "manual", "true")
    one(doctor_schedule.scheduler(facts(home)), "note")


def test_the_sweep_is_compared_with_the_settings(home: Home) -> None:
    """As `install` would have it; a config.yaml that is broken is another check's trouble."""
    doctoring.install(home)
    for said, seconds in (("sweep: 2m\n", 120), ("sweep: often\n", 300)):
        Path(home.config).write_text(said)
        seen = facts(home)
        assert seen.installed is not None
        assert seen.installed.frame.sweep == seconds


def test_all_is_well(home: Home) -> None:
    doctoring.install(home)
    seen = facts(home)
    assert "cron starts the tasks of this home: 3 units" in one(doctor_schedule.scheduler(seen), "ok").message
    assert "3 units" in one(doctor_schedule.units(seen), "ok").message
    one(doctor_schedule.shim(seen), "ok")
    one(doctor_schedule.zone_changed(seen), "ok")
    one(doctor_schedule.other_homes(seen), "ok")
    assert doctor_schedule.two(seen) == []


def test_nothing_is_said_of_units_that_were_never_installed(home: Home) -> None:
    seen = facts(home)
    for check in (
        doctor_schedule.units,
        doctor_schedule.alarms,
        doctor_schedule.shim,
        doctor_schedule.unit_path,
        doctor_schedule.two,
        doctor_schedule.zone_changed,
    ):
        assert check(seen) == []


def test_schedulers_that_could_not_be_asked(home: Home) -> None:
    one(doctor_schedule.scheduler(facts(home)._replace(installed=None)), "problem")


def test_a_scheduler_that_has_the_alarms_and_does_not_answer(home: Home) -> None:
    doctoring.install(home)
    seen = facts(home)
    assert seen.installed is not None
    known = dict(seen.installed.known)
    known["cron"] = known["cron"]._replace(answer=Answer(False, "it is gone", "Bring it back."))
    found = doctor_schedule.scheduler(seen._replace(installed=seen.installed._replace(known=known)))
    assert "cron has the alarms, and cannot be used: it is gone" in one(found, "problem").message


def test_a_trigger_that_was_changed_since(home: Home) -> None:
    doctoring.install(home)
    cron_task(home, "nightly", "45 3 * * *")
    cron_task(home, "another", "0 5 * * *")
    found = doctor_schedule.units(facts(home))
    assert [finding.level for finding in found] == ["problem", "problem"]
    told = {finding.message.split("\n")[0]: finding for finding in found}
    assert "task another: not installed" in told
    drift = told["task nightly: not as the task needs it"]
    assert any(line.startswith("-30 2 ") for line in drift.message.splitlines())
    assert any(line.startswith("+45 3 ") for line in drift.message.splitlines())
    assert drift.fix is not None


def test_another_terminal_is_no_drift(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed is compared with itself, not with the PATH of whoever asks."""
    doctoring.install(home)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/opt")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    one(doctor_schedule.units(facts(home)), "ok")


def test_a_task_that_is_gone(home: Home) -> None:
    doctoring.install(home)
    os.unlink(f"{home.tasks}/nightly.yaml")
    assert "task nightly: still installed" in one(doctor_schedule.units(facts(home)), "note").message


def test_a_great_many_changes_are_told_briefly(home: Home) -> None:
    for number in range(9):
        cron_task(home, f"t{number}", "0 5 * * *")
    doctoring.install(home)
    for number in range(9):
        cron_task(home, f"t{number}", "0 6 * * *")
        cron_task(home, f"u{number}", "0 6 * * *")
    messages = [finding.message for finding in doctor_schedule.units(facts(home))]
    assert len(messages) == 1 + doctor_schedule.MOST_DIFFERENCES + 1
    assert messages[0].startswith("task u0, task u1, task u2, task u3, task u4, ...: not installed")
    assert messages[-1].startswith(
        "task t3, task t4, task t5, task t6, task t7, ...: not as the tasks need them"
    )


def test_a_broken_task_keeps_its_alarm(home: Home) -> None:
    """Its mistakes are told by the check of the tasks."""
    doctoring.install(home)
    write_task(home, "nightly", "prompt: [\n")
    one(doctor_schedule.units(facts(home)), "ok")


def test_lines_that_somebody_edited(home: Home, table: Crontab) -> None:
    doctoring.install(home)
    assert table.content is not None
    table.content = table.content.replace(b"30 2 ", b"31 2 ")
    seen = facts(home)
    assert "edited" in " ".join(finding.message for finding in doctor_schedule.alarms(seen))
    messages = [finding.message for finding in doctor_schedule.units(seen)]
    assert any(message.startswith("task nightly: not as the task needs it") for message in messages)
    assert any("in a block that was edited" in message for message in messages)


def test_no_trouble_of_the_scheduler(home: Home) -> None:
    doctoring.install(home)
    seen = facts(home)
    assert seen.installed is not None
    quiet = seen._replace(installed=seen.installed._replace(seen=()))
    one(doctor_schedule.alarms(quiet), "ok")


def test_two_schedulers(home: Home) -> None:
    doctoring.install(home)
    seen = facts(home)
    assert seen.installed is not None
    twice = seen._replace(installed=seen.installed._replace(names=("systemd", "cron")))
    found = one(doctor_schedule.two(twice), "note")
    assert "systemd and cron" in found.message
    assert found.fix is not None


def test_the_shim(home: Home) -> None:
    """Gone, not ours, open to others, without its interpreter, or not working."""
    place = doctoring.install(home)
    path = Path(place.shim)
    text = path.read_text()
    path.chmod(0o722)
    assert "others can write" in one(doctor_schedule.shim(facts(home)), "problem").message
    path.chmod(0o700)
    known = shim.read(place.shim)
    assert known is not None
    path.write_text(shim.text(known._replace(python="/no/such/python")))
    assert "/no/such/python" in one(doctor_schedule.shim(facts(home)), "problem").message
    path.write_text(shim.text(known._replace(places=("/no/such/place", *known.places[1:]))))
    assert "/no/such/place" in one(doctor_schedule.shim(facts(home)), "problem").message
    path.write_text(text.replace("from clodputer.__main__ import program", "sys.exit('such a pity')"))
    assert "such a pity" in one(doctor_schedule.shim(facts(home)), "problem").message
    path.write_text("#!/bin/sh\n")
    assert one(doctor_schedule.shim(facts(home)), "problem").fix is None
    path.unlink()
    assert one(doctor_schedule.shim(facts(home)), "problem").fix is not None


def test_claude_as_alarms_find_it(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the PATH that is frozen, whatever this terminal has."""
    account = Path(os.environ["HOME"])
    doctoring.install(home)
    assert doctor_schedule.unit_path(facts(home)) == []  # no task needs it
    write_task(home, "hello", "prompt: say hello\n")
    install_fake_claude(account / ".local" / "bin")
    one(doctor_schedule.unit_path(facts(home)), "ok")
    install_fake_claude(tmp_path / "other")
    monkeypatch.setenv("PATH", f"{tmp_path / 'other'}:{os.environ['PATH']}")
    found = one(doctor_schedule.unit_path(facts(home)), "note")
    assert f"{tmp_path}/other/claude" in found.message
    os.unlink(account / ".local" / "bin" / "claude")
    if doctor_schedule.unit_path(facts(home))[0].level == "note":
        pytest.skip("this machine has a claude where it is always looked for")
    assert "alarms do not find claude" in one(doctor_schedule.unit_path(facts(home)), "problem").message
    os.unlink(tmp_path / "other" / "claude")
    assert doctor_schedule.unit_path(facts(home)) == []  # told by the check of claude itself


def test_another_time_zone(home: Home) -> None:
    doctoring.install(home)
    seen = facts(home)
    assert seen.installed is not None
    assert seen.installed.shim is not None
    if not seen.installed.shim.zone:
        pytest.skip("this system does not tell its zone's name")
    moved = seen.installed._replace(shim=seen.installed.shim._replace(zone="Pacific/Apia"))
    assert "Pacific/Apia" in one(doctor_schedule.zone_changed(seen._replace(installed=moved)), "note").message


def test_homes_that_are_gone(home: Home, tmp_path: Path) -> None:
    other = make_home(tmp_path / "second")
    cron_task(other, "weekly", "0 1 * * 1")
    doctoring.install(other)
    assert "1 other home" in one(doctor_schedule.other_homes(facts(home)), "ok").message
    os.rename(other.root, f"{other.root}-away")
    found = one(doctor_schedule.other_homes(facts(home)), "note")
    assert f"CLODPUTER_HOME={other.root} clodputer uninstall" in found.remedy


def test_marks_that_name_no_home(home: Home) -> None:
    seen = facts(home)
    assert seen.installed is not None
    stray = FoundUnit("stray", "", "task", "x", {}, True)
    known = {"cron": seen.installed.known["cron"]._replace(found=(stray,))}
    found = doctor_schedule.other_homes(seen._replace(installed=seen.installed._replace(known=known)))
    assert "stray" in one(found, "note").message
