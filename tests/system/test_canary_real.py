"""The canary with real schedulers: each starts the real shim, and what that sees comes back to the doctor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.cli.commands import doctor_canary
from clodputer.schedulers import cron, systemd
from clodputer.store import homes
from clodputer.store.home import Home
from clodputer.views.doctor.finding import Finding
from clodputer.views.doctor.schedule import schedule
from tests import doctoring
from tests.fakes.start import install_fake_claude
from tests.slots import settle
from tests.system.crond import crond
from tests.systemd_lab import Lab
from tests.wait import until
from tests.workshop import command_task, make_home, program, write_task

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("second-systemd"),
]


@pytest.fixture
def lab(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """And its home is ours as well."""
    monkeypatch.setenv("HOME", lab.home)
    yield lab
    lab.empty()


def fill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tasks, and a claude that alarms find."""
    monkeypatch.setenv("CLODPUTER_HOME", home.root)
    write_task(home, "hello", "prompt: say hello\n")
    command_task(home, "nightly", "true", more="trigger: {type: cron, schedule: '30 2 * * *'}\n")
    settle(home, "nightly")
    install_fake_claude(Path(os.environ["HOME"]) / ".local" / "bin")


def send(real: bool) -> list[Finding]:
    return doctor_canary.canary(os.environ, real, 90.0, lambda text: None, False)


def problems(found: list[Finding]) -> list[str]:
    return [finding.message for finding in found if finding.level == "problem"]


def test_systemd(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is well at first; then a unit is edited, and a folder of a task is gone: both are told."""
    home = Home(f"{lab.home}/.clodputer")
    homes.make(home)
    program(tmp_path / "none", "crontab", "echo 'no crontab for somebody' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/none:{os.environ['PATH']}")
    fill(home, monkeypatch)
    doctoring.install(home, systemd)
    seen = doctoring.facts(home, os.environ, ask_schedulers=True)
    for check in (
        schedule.scheduler,
        schedule.units,
        schedule.shim,
        schedule.unit_path,
    ):
        assert [finding.level for finding in check(seen)] == ["ok"], check(seen)
    found = send(real=True)
    assert problems(found) == []
    assert any(" answered in " in finding.message for finding in found)
    assert "probe" not in lab.systemctl("list-units", "--all", "clodputer-*")

    command_task(home, "works", "true", more=f"working_directory: {tmp_path}/gone\n")
    assert any("from inside, folders: task works" in message for message in problems(send(real=False)))
    timer = next(Path(lab.units).glob("clodputer-*nightly.timer"))
    timer.write_text(timer.read_text().replace("02:30", "03:30"))
    told = [
        finding.message for finding in schedule.units(doctoring.facts(home, os.environ, ask_schedulers=True))
    ]
    assert any("nightly" in message and "03:30" in message for message in told), told


def test_cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cron starts the probe with the next minute; afterwards its line is gone."""
    home = make_home(tmp_path)
    with crond(tmp_path / "lab", monkeypatch) as lab:
        for name in ("systemctl",):
            program(tmp_path / "none", name, "echo 'nobody answers here' >&2; exit 1")
        monkeypatch.setenv("PATH", f"{tmp_path}/none:{lab.programs}:{os.environ['PATH']}")
        fill(home, monkeypatch)
        frame = doctoring.install(home, cron)
        lab.start()
        until(lambda: cron.answers(frame).notes == ())
        found = send(real=True)
        assert problems(found) == []
        assert any(" answered in " in finding.message for finding in found)
        assert [unit.kind for unit in cron.inspect(frame) if unit.kind == "probe"] == []
