"""What a doctor is told about launchd."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import launchd
from clodputer.schedulers.launchd import launchctl
from clodputer.schedulers.unit import Unit
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.launchd_stage import NIGHTLY, Stage, make
from tests.workshop import program

pytestmark = pytest.mark.slow


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An installation in which all is well."""
    stage = make(tmp_path, monkeypatch)
    assert stage.install(stage.units()[:1])[1] == []
    return stage


def codes(stage: Stage, units: list[Unit] | None = None) -> list[str]:
    """The codes of all problems."""
    wanted = stage.units()[:1] if units is None else units
    return [trouble.code for trouble in launchd.problems(stage.frame, wanted, launchd.inspect(stage.frame))]


def answering(stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    """A program of the system that prints a text."""
    path = program(stage.launchd / "programs", name, f"cat <<'END'\n{text}\nEND")
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")


def test_all_is_well(stage: Stage) -> None:
    """Nothing is made up."""
    assert codes(stage) == []


def test_disabled_and_switched_off(stage: Stage) -> None:
    """An override is told with its cure; a job that is missing without one points at Login Items."""
    stage.set(overrides={"org.clodputer.spool": True})
    assert codes(stage) == ["launchd_disabled"]
    stage.set(overrides={}, jobs={})
    assert codes(stage) == ["login_items"]


def test_over_ssh(stage: Stage) -> None:
    """There is a person, and no desktop."""
    stage.set(session=False)
    assert codes(stage) == ["no_desktop"]


def test_loaded_in_two_domains(stage: Stage) -> None:
    """Every alarm would ring twice."""
    stage.set(user_jobs=["org.clodputer.spool"])
    (trouble,) = launchd.problems(stage.frame, [], launchd.inspect(stage.frame))
    assert (trouble.code, trouble.fix[:2]) == ("loaded_twice", ("launchctl", "bootout"))
    assert launchctl.call(stage.frame, *trouble.fix[1:]).returncode == 0
    assert codes(stage) == []


def test_a_plist_others_may_write_to(stage: Stage) -> None:
    """launchd refuses it."""
    os.chmod(stage.agents / "org.clodputer.spool.plist", 0o622)  # noqa: S103
    assert codes(stage) == ["plist_not_safe"]


def test_watched_folders(stage: Stage) -> None:
    """One that asks for consent, and one that is not there."""
    path = f"{stage.account}/Documents/in"
    watch = alarm_of("inbox", (Trigger("file_watch", {"path": path}),), (path,))
    assert codes(stage, stage.units(watch)[:1]) == ["guarded_folder", "no_folder"]


def test_sleep_at_night(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer that goes to sleep, and a task that is due at half past two."""
    settings = (
        "System-wide power settings:\nCurrently in use:\n displaysleep 10\n sleep {} (sleep prevented by x)"
    )
    answering(stage, monkeypatch, "pmset", settings.format(1))
    assert codes(stage, stage.units(NIGHTLY)[:1]) == ["sleeps_at_night"]
    daily = alarm_of("nightly", (Trigger("cron", {"schedule": "0 9 * * *"}),))
    assert codes(stage, stage.units(daily)[:1]) == []
    answering(stage, monkeypatch, "pmset", settings.format(0))
    assert codes(stage, stage.units(NIGHTLY)[:1]) == []


def test_a_shim_in_quarantine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was downloaded is not started."""
    answering(stage, monkeypatch, "xattr", "com.apple.provenance\ncom.apple.quarantine")
    assert codes(stage) == ["quarantined"]


def test_large_logs(stage: Stage) -> None:
    """launchd only appends, and no exec has shortened it."""
    log = stage.account / "Library" / "Logs" / "clodputer" / "org.clodputer.spool.log"
    with log.open("wb") as file:
        file.truncate(21 * 2**20)
    assert codes(stage) == ["log_large"]


def test_what_cannot_be_asked_is_a_trouble(stage: Stage) -> None:
    """Of its own, beside the others."""
    found = launchd.inspect(stage.frame)
    stage.set(hang="managername")
    stage.frame = stage.frame._replace(seconds=3.0)
    os.chmod(stage.agents / "org.clodputer.spool.plist", 0o622)  # noqa: S103
    told = [trouble.code for trouble in launchd.problems(stage.frame, [], found)]
    assert told == ["launchctl_hangs", "plist_not_safe"]
