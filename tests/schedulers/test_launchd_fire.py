"""Units that are really started: from the plist to the record, with launchd's own bare environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import launchd
from clodputer.schedulers.launchd import launchctl
from clodputer.schedulers.unit import SWEEP
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.launchd_stage import Stage, make
from tests.wait import until
from tests.workshop import command_task, drop, outcomes, records

pytestmark = pytest.mark.slow


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A launchd that starts programs."""
    stage = make(tmp_path, monkeypatch)
    stage.set(fires=True)
    return stage


def kick(stage: Stage, label: str) -> None:
    """Start a job as its alarm would."""
    assert launchctl.call(stage.frame, "kickstart", launchctl.target(label)).returncode == 0


def ended(stage: Stage, label: str) -> bool:
    """Whether a job was started, and is not running any more."""
    job = stage.get("jobs")[label]
    return job["last"] is not None and job["pid"] == 0


def test_from_the_installation_to_the_record(stage: Stage) -> None:
    """A task's own unit runs it; the spool's runs what was dropped."""
    command_task(stage.home, "hello", "printenv", "HOME")
    units = stage.units(alarm_of("hello", (Trigger("startup"),)))
    assert stage.install(units)[1] == []
    until(lambda: records(stage.home, "hello"))
    until(lambda: all(ended(stage, unit.name) for unit in units if unit.kind != SWEEP))
    (record,) = records(stage.home, "hello")
    assert record["outcome"] == "succeeded"
    drop(stage.home, "hello")
    kick(stage, "org.clodputer.spool")
    until(lambda: len(records(stage.home, "hello")) == 2)
    until(lambda: ended(stage, "org.clodputer.spool"))
    assert {one.failed for one in launchd.inspect(stage.frame)} == {""}


def test_a_run_is_not_killed_for_a_change(stage: Stage, tmp_path: Path) -> None:
    """A unit whose exec is at work stays as it is until the run is over; one that is idle is changed meanwhile."""
    go = tmp_path / "go"
    command_task(stage.home, "long", "sh", "-c", f"until [ -e {go} ]; do sleep 0.05; done")
    alarm = alarm_of("long", (Trigger("startup"),))
    stage.install(stage.units(alarm))
    until(lambda: list(Path(stage.home.runs, "long").glob("*/process.json")))
    until(lambda: ended(stage, "org.clodputer.spool"))
    stage.frame = stage.frame._replace(seconds=5.0, environment={**stage.frame.environment, "LANG": "C"})
    done, (trouble,) = stage.install(stage.units(alarm))
    assert (trouble.code, trouble.unit) == ("run_going", "org.clodputer.task.long")
    assert sorted(done) == ["replace spool", "replace sweep"]
    go.touch()
    until(lambda: ended(stage, "org.clodputer.task.long"))
    assert outcomes(stage.home, "long") == ["succeeded"]
    assert stage.install(stage.units(alarm)) == (["replace task.long"], [])
    until(lambda: ended(stage, "org.clodputer.task.long"))


def test_a_program_that_is_not_there(stage: Stage) -> None:
    """launchd can only say 78; the doctor says what that means."""
    units = stage.units()
    Path(stage.frame.shim).unlink()
    stage.install(units)
    until(lambda: stage.get("jobs")["org.clodputer.spool"]["last"] == 78)
    found = launchd.inspect(stage.frame)
    assert "could_not_start" in [trouble.code for trouble in launchd.problems(stage.frame, units, found)]


def test_a_probe_is_started_and_goes_without_a_trace(stage: Stage) -> None:
    """launchd itself starts the shim once, with what a unit would have."""
    take_away = launchd.probe(stage.frame, ["--version"])
    (label,) = stage.get("jobs")
    assert label.startswith("org.clodputer.probe.")
    log = stage.account / "Library" / "Logs" / "clodputer" / f"{label}.log"
    until(lambda: ended(stage, label))
    assert "clodputer" in log.read_text()
    take_away()
    assert (stage.get("jobs"), log.exists()) == ({}, False)
    assert not stage.agents.exists()


def test_a_probe_that_was_left_behind_is_found(stage: Stage) -> None:
    """Whoever began it was killed."""
    launchd.probe(stage.frame, ["--version"])
    (found,) = launchd.inspect(stage.frame)
    assert (found.kind, found.home, found.files) == ("probe", stage.home.root, {})
    assert stage.install([])[0] == [f"remove {found.name[len('org.clodputer.') :]}"]
    assert stage.get("jobs") == {}
