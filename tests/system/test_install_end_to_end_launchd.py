"""install, status and uninstall by the commands' own functions, with a stand-in for `launchctl` that really starts programs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from time import time

import pytest

from clodputer.cli.commands.install import Options, install
from clodputer.cli.commands.uninstall import Options as Uninstall
from clodputer.cli.commands.uninstall import uninstall
from clodputer.cli.result import Result
from clodputer.schedulers import launchd, load
from clodputer.schedulers.launchd import launchctl
from clodputer.store.home import Home
from clodputer.views.schedule.schedulers import Schedulers, gather
from tests.schedulers.launchd_stage import Stage, make
from tests.wait import until
from tests.workshop import command_task, drop, outcomes

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.waits]

LAUNCHD = {"launchd": load("launchd")}
READING = {"print", "print-disabled", "managername", "help"}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A launchd that starts programs, and a home without a shim: the commands write the real one."""
    stage = make(tmp_path, monkeypatch)
    stage.set(fires=True)
    shutil.rmtree(f"{stage.home.root}/bin")
    monkeypatch.setenv("HOME", str(stage.account))
    monkeypatch.setenv("CLODPUTER_HOME", stage.home.root)
    return stage


def installed(home: Home) -> Result:
    return install(
        {**os.environ, "CLODPUTER_HOME": home.root}, Options(scheduler="launchd"), LAUNCHD, time(), _nobody
    )


def uninstalled(home: Home, everywhere: bool = False) -> Result:
    environ = {**os.environ, "CLODPUTER_HOME": home.root}
    return uninstall(environ, Uninstall(everywhere=everywhere), LAUNCHD, lambda _: True, _nobody)


def seen(stage: Stage) -> Schedulers:
    """What `status --schedulers` asks for on macOS."""
    return gather(stage.home, os.environ, LAUNCHD, "darwin", time())


def _nobody(*_: object) -> None:
    """Nobody is told of the single steps."""


def test_from_the_task_to_the_record_and_back(stage: Stage, tmp_path: Path) -> None:
    """What waited is run; installing again disturbs nothing, not even a run; in the end nothing is left."""
    home, go = stage.home, tmp_path / "go"
    waits = ("sh", "-c", f"until [ -e {go} ]; do sleep 0.05; done")
    command_task(home, "dropped", "true")
    command_task(home, "long", *waits, more="lane: slow\ntrigger: {type: startup}\n")
    drop(home, "dropped")
    result = installed(home)
    assert (result.exit_code, [change["verb"] for change in result.data["changes"]]) == (0, ["add"] * 3), (
        result.text
    )
    until(lambda: outcomes(home, "dropped") == ["succeeded"])
    until(lambda: not stage.get("jobs")["org.clodputer.spool"]["pid"])
    drop(home, "long")
    # The stand-in looks into no folder.
    launchctl.call(stage.frame, "kickstart", launchctl.target("org.clodputer.spool"))
    until(lambda: list(Path(home.runs, "long").glob("*/process.json")))
    found = seen(stage)
    assert sorted(one.found.task or one.found.kind for one in found.views[0].units) == [
        "long",
        "spool",
        "sweep",
    ]

    stage.verbs()
    assert installed(home).data["changes"] == []
    assert set(stage.verbs()) <= READING

    # A task that is added; what was dropped before is left to the exec that is at work, or started.
    command_task(home, "late", "true")
    command_task(home, "nightly", "true", more="trigger: {type: cron, schedule: '30 2 * * *'}\n")
    drop(home, "late")
    assert [change["task"] for change in installed(home).data["changes"]] == ["nightly"]
    assert outcomes(home, "long") == []
    go.touch()
    until(lambda: outcomes(home, "long") == ["succeeded"])
    until(lambda: outcomes(home, "late") == ["succeeded"])
    until(lambda: all(not job["pid"] for job in stage.get("jobs").values()))
    assert not seen(stage).drifted(), seen(stage)
    assert launchd.problems(stage.frame, (), launchd.inspect(stage.frame)) == []

    os.rename(f"{home.tasks}/nightly.yaml", f"{home.tasks}/daily.yaml")
    assert len(uninstalled(home).data["changes"]) == 4
    assert (stage.get("jobs"), os.listdir(stage.agents)) == ({}, [])
    assert not os.path.exists(f"{home.root}/bin")


def test_homes_that_were_deleted(stage: Stage) -> None:
    """Its own is found by its marks; those of others with --everywhere, and they do not come back."""
    stage.set(fires=False)
    other = Home(f"{stage.account}/other")
    shutil.copytree(stage.home.root, other.root)
    for home in (stage.home, other):
        command_task(home, "nightly", "true", more="trigger: {type: cron, schedule: '30 2 * * *'}\n")
        assert installed(home).exit_code == 0
        shutil.rmtree(home.root)
    assert uninstalled(stage.home).data["lost_homes"] == [other.root]
    assert len(os.listdir(stage.agents)) == 3
    uninstalled(stage.home, everywhere=True)
    assert (stage.get("jobs"), os.listdir(stage.agents)) == ({}, [])
    assert not os.path.exists(other.root)
