"""Loading and unloading units, against a launchctl that answers as the real one was seen to."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.schedulers import launchd
from clodputer.schedulers.unit import Alarm, Change, changes
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.launchd_stage import NIGHTLY, Stage, make

pytestmark = pytest.mark.slow

LATER = alarm_of("nightly", (Trigger("cron", {"schedule": "30 3 * * *"}),))
MUTATING = {"bootstrap", "bootout", "enable", "disable", "kickstart", "load", "unload"}
# Of macOS; the quick tests are for those in use.
VERSIONS = [pytest.param(11, marks=pytest.mark.slow), pytest.param(13, marks=pytest.mark.slow), 15, 26]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A launchd with nothing of ours."""
    return make(tmp_path, monkeypatch)


def test_install_again_upgrade_and_uninstall(stage: Stage) -> None:
    """The whole life of units; nothing is done without need, and nothing stays behind."""
    units = stage.units(NIGHTLY)
    assert stage.install(units) == (["add task.nightly", "add spool", "add sweep"], [])
    stage.settled(units)
    modes = {os.stat(path).st_mode & 0o777 for path in stage.agents.iterdir()}
    assert modes == {0o644}
    stage.verbs()
    assert stage.install(units) == ([], [])
    assert MUTATING.isdisjoint(stage.verbs())
    changed = stage.units(LATER)
    assert stage.install(changed) == (["replace task.nightly"], [])
    # While a job is stopped we hold the slots, and what an exec left to us meanwhile is looked at.
    assert stage.verbs()[-1] == "kickstart"
    stage.settled(changed)
    assert stage.get("loads").count("org.clodputer.spool") == 1
    assert sorted(stage.install([])[0]) == ["remove spool", "remove sweep", "remove task.nightly"]
    stage.settled([])
    assert not stage.get("torn_down")
    assert launchd.inspect(stage.frame, everywhere=True) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_slow_bootout_is_waited_for(stage: Stage, version: int) -> None:
    """launchd answers before the old job is gone, and refuses the new one until then."""
    stage.set(version=version, drain=3)
    stage.install(stage.units(NIGHTLY))
    changed = stage.units(LATER)
    assert stage.install(changed) == (["replace task.nightly"], [])
    stage.settled(changed)
    called = [words for words in stage.get("calls") if words[0] == "bootout"]
    assert all(("--wait" in words) == (version >= 26) for words in called)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_opaque_refusal_is_tried_again(stage: Stage, version: int) -> None:
    """Status 5 may mean anything; twice it passes by itself."""
    stage.set(version=version, opaque=2)
    units = stage.units()
    assert stage.install(units) == (["add spool", "add sweep"], [])
    stage.settled(units)


def test_a_refusal_that_stays_is_told(stage: Stage) -> None:
    """What was tried, what it said, and where launchd says more; the others are loaded all the same."""
    stage.frame = stage.frame._replace(seconds=4.0)
    stage.set(opaque="org.clodputer.spool")
    done, (trouble,) = stage.install(stage.units())
    assert done == ["add sweep"]
    assert (trouble.code, trouble.unit, trouble.fatal) == ("launchctl_failed", "org.clodputer.spool", True)
    assert "5" in trouble.message
    assert "log show" in trouble.hint
    stage.set(opaque=0)
    assert stage.install(stage.units()) == (["reload spool"], [])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_disabled_unit_is_enabled(stage: Stage, version: int) -> None:
    """An override outlives its file and keeps a job from being loaded."""
    stage.set(version=version, overrides={"org.clodputer.spool": True})
    units = stage.units()
    assert stage.install(units)[1] == []
    stage.settled(units)
    assert stage.get("overrides")["org.clodputer.spool"] is False


def test_switched_off_in_login_items(stage: Stage) -> None:
    """launchd takes the job and drops it: no command can switch it on, so the person is told where to."""
    stage.frame = stage.frame._replace(seconds=3.0)
    stage.set(login_items=["org.clodputer.spool"])
    done, (trouble,) = stage.install(stage.units())
    assert done == ["add sweep"]
    assert trouble.code == "launchd_dropped"
    assert "Login Items" in trouble.hint


def test_without_a_desktop_session(stage: Stage) -> None:
    """By ssh the files are put in place, and it is said that they load at the next login."""
    stage.set(session=False)
    units = stage.units()
    done, problems = stage.install(units)
    assert done == ["add spool", "add sweep"]
    assert [(trouble.code, trouble.fatal) for trouble in problems] == [("loads_at_login", False)] * 2
    assert launchd.answers(stage.frame).notes
    assert {found.loaded for found in launchd.inspect(stage.frame)} == {False}
    assert len(stage.install([])[0]) == 2
    assert list(stage.agents.iterdir()) == []


def test_what_is_loaded_and_not_on_disk(stage: Stage) -> None:
    """A job whose file was deleted is found by its environment, and removed."""
    stage.install(stage.units(NIGHTLY))
    (stage.agents / "org.clodputer.task.nightly.plist").unlink()
    assert stage.install(stage.units()) == (["remove task.nightly"], [])
    stage.settled(stage.units())


def test_loaded_as_an_older_version(stage: Stage) -> None:
    """A file that was written without loading it, as by an installation that was killed, is loaded."""
    stage.install(stage.units(NIGHTLY))
    (newer,) = stage.units(LATER)[0].files.items()
    Path(newer[0]).write_text(newer[1])
    assert stage.install(stage.units(LATER)) == (["reload task.nightly"], [])
    stage.settled(stage.units(LATER))


def test_nothing_foreign_is_touched(stage: Stage) -> None:
    """Files and jobs that only look like ours: by name without our mark, by mark without our name."""
    stage.agents.mkdir(parents=True)
    foreign = {"Label": "org.clodputer.spool", "ProgramArguments": ["/bin/true"]}
    ours_elsewhere = next(iter(stage.units()[1].files.values()))
    (stage.agents / "org.clodputer.spool.plist").write_bytes(plistlib.dumps(foreign))
    (stage.agents / "com.example.copy.plist").write_text(ours_elsewhere)
    before = {path.name: path.read_bytes() for path in stage.agents.iterdir()}
    stage.set(
        jobs={
            "org.clodputer.alien": {
                "keys": foreign,
                "path": "/x",
                "pid": 0,
                "runs": 0,
                "last": None,
                "left": None,
            }
        }
    )
    done, (trouble,) = stage.install(stage.units())
    assert (done, trouble.code) == (["add sweep"], "not_ours")
    stage.install([])
    assert {path.name: path.read_bytes() for path in stage.agents.iterdir()} == before
    assert list(stage.get("jobs")) == ["org.clodputer.alien"]
    assert launchd.inspect(stage.frame, everywhere=True) == []


def test_a_job_of_ours_beside_a_foreign_file(stage: Stage) -> None:
    """The job goes; the file that somebody put in the place of ours stays."""
    stage.install(stage.units(NIGHTLY)[:1])
    path = stage.agents / "org.clodputer.task.nightly.plist"
    path.write_text("mine")
    assert stage.install([]) == (["remove task.nightly"], [])
    assert (stage.get("jobs"), path.read_text()) == ({}, "mine")


@pytest.mark.slow
def test_other_homes_are_others(stage: Stage, tmp_path: Path) -> None:
    """Units of another home have other names, and are only seen when asked for."""
    other = Stage(tmp_path / "other")
    other.frame = other.frame._replace(account=stage.frame.account)
    theirs = [launchd.render(other.frame, alarm) for alarm in (NIGHTLY, Alarm("spool"))]
    launchd.apply(other.frame, [Change("add", unit.name, unit) for unit in theirs], lambda change: None)
    assert stage.install(stage.units(NIGHTLY))[1] == []
    assert len(launchd.inspect(stage.frame)) == 3
    everywhere = launchd.inspect(stage.frame, everywhere=True)
    assert sorted(one.name for one in everywhere if one.home == other.home.root) == sorted(
        one.name for one in theirs
    )
    stage.install([])
    assert sorted(stage.get("jobs")) == sorted(unit.name for unit in theirs)


def test_under_sudo_nothing_is_done(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units that root installs for somebody else never run as that person."""
    if os.getuid() != 0:
        pytest.skip("only root can be under sudo")
    monkeypatch.setenv("SUDO_UID", "501")
    done, (trouble,) = stage.install(stage.units())
    assert (done, trouble.code, trouble.fatal) == ([], "under_sudo", True)
    assert MUTATING.isdisjoint(stage.verbs())
    assert not launchd.answers(stage.frame).usable


def test_the_job_that_we_run_in_is_not_stopped(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that installs would kill itself."""
    stage.install(stage.units(NIGHTLY))
    monkeypatch.setenv("XPC_SERVICE_NAME", "org.clodputer.task.nightly")
    stage.verbs()
    done, (trouble,) = stage.install(stage.units(LATER))
    assert (done, trouble.code) == ([], "own_job")
    assert "bootout" not in stage.verbs()


def test_a_job_that_does_not_go(stage: Stage) -> None:
    """A process that survives everything is not waited for for ever."""
    stage.install(stage.units(NIGHTLY))
    stage.set(drain=-1)
    stage.frame = stage.frame._replace(seconds=2.0)
    done, (trouble,) = stage.install(stage.units(LATER))
    assert (done, trouble.code) == ([], "still_draining")


def test_a_launchctl_that_hangs(stage: Stage) -> None:
    """No call is waited for longer than the frame says."""
    stage.set(hang="bootstrap")
    stage.frame = stage.frame._replace(seconds=3.0)
    (steps,) = [changes(stage.units()[:1], launchd.inspect(stage.frame))]
    (trouble,) = launchd.apply(stage.frame, steps, lambda change: None)
    assert trouble.code == "launchctl_hangs"


def test_a_plist_that_is_a_link_becomes_a_file(stage: Stage) -> None:
    """launchd passes over links at login."""
    units = stage.units()
    stage.install(units)
    path = stage.agents / "org.clodputer.spool.plist"
    kept = stage.agents.parent / "kept"
    path.rename(kept)
    path.symlink_to(kept)
    found = launchd.inspect(stage.frame)
    assert "plist_is_a_link" in [trouble.code for trouble in launchd.problems(stage.frame, units, found)]
    assert stage.install(units) == (["reload spool"], [])
    assert not path.is_symlink()


def test_without_launchctl(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system launchd is not usable, and nothing is raised."""
    monkeypatch.setenv("PATH", "/nowhere")
    answer = launchd.answers(stage.frame)
    assert not answer.usable
    assert "launchctl" in answer.message
    assert launchd.inspect(stage.frame) == []


def test_without_launchctl_and_with_files_of_ours(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded cannot be told."""
    stage.install(stage.units()[:1])
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ClodputerError, match="launchctl"):
        launchd.inspect(stage.frame)
