"""`clodputer doctor --canary`: a real shim, started by a crontab of the tests' own as cron would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer import __version__
from clodputer.cli.commands import doctor
from clodputer.cli.commands import doctor_canary as sending
from clodputer.schedulers import shim
from clodputer.store.home import Home
from clodputer.views.doctor.finding import Finding
from clodputer.views.doctor.schedule import canary
from clodputer.views.doctor.schedule.canary import Waited
from clodputer.views.tasks import probe
from tests import doctoring
from tests.doctoring import one
from tests.fakes.start import install_fake_claude
from tests.schedulers.crontabs import Crontab
from tests.wait import until
from tests.workshop import ROOT, clodputer, command_task, make_home, program, write_task

pytestmark = pytest.mark.slow

# As cron does: with next to nothing in the environment, and detached. The table that is being put in is named by $1.
CRON = """\
case $1 in -*) exit 0 ;; esac
line=$(grep -- --probe "$1" | cut -d ' ' -f 6-)
[ -n "$line" ] || exit 0
env -i HOME="$HOME" LOGNAME=somebody SHELL=/bin/sh PATH=/usr/bin:/bin {more} \\
    sh -c "$line" </dev/null >"$FAKE_CRONTAB/said" 2>&1 &
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    return doctoring.only_cron(tmp_path, monkeypatch)


@pytest.fixture
def home(tmp_path: Path, table: Crontab, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An installed home, with a claude that alarms find."""
    home = make_home(tmp_path)
    monkeypatch.setenv("CLODPUTER_HOME", home.root)
    write_task(home, "hello", "prompt: say hello\n")
    install_fake_claude(Path(os.environ["HOME"]) / ".local" / "bin")
    doctoring.install(home)
    return home


def send(real: bool = False, seconds: float = 30.0) -> tuple[list[Finding], list[str]]:
    """What the canary tells, and what was said before."""
    said: list[str] = []
    return sending.canary(os.environ, real, seconds, said.append, False), said


def test_a_probe_comes_back(home: Home, table: Crontab) -> None:
    """It ran in the frozen environment and found claude; nothing of it is left."""
    before = table.content
    table.hook(CRON.format(more=""))
    found, said = send()
    assert [finding.message for finding in found if finding.level == "problem"] == []
    assert not any("did not end within" in finding.message for finding in found)
    assert said == []
    assert table.content == before
    assert not [name for name in os.listdir(home.cache) if "probe" in name]


def test_what_is_wrong_inside_is_told(home: Home, table: Crontab, tmp_path: Path) -> None:
    """A folder that is gone, and a claude that cannot be started, as the probe sees them."""
    command_task(home, "works", "true", more=f"working_directory: {tmp_path}/gone\n")
    program(Path(os.environ["HOME"]) / ".local" / "bin", "claude", "echo no >&2; exit 1")
    table.hook(CRON.format(more=""))
    found, _ = send()
    told = [finding.message for finding in found if finding.level == "problem"]
    assert any("from inside, folders: task works works in" in message for message in told)
    assert any("from inside, claude:" in message for message in told)


def test_a_real_turn(home: Home, table: Crontab) -> None:
    """The fake claude answers; one small run, and it is told of before."""
    table.hook(CRON.format(more=""))
    found, said = send(real=True)
    assert any(" answered in " in finding.message for finding in found), found
    assert "at most $0.10" in said[0]
    assert os.listdir(home.runs) == []


def test_a_real_turn_that_is_refused(home: Home, table: Crontab) -> None:
    program(Path(os.environ["HOME"]) / ".local" / "bin", "claude", "echo broken >&2; exit 1")
    table.hook(CRON.format(more=""))
    found, _ = send(real=True)
    told = [finding for finding in found if "a real turn of claude" in finding.message]
    assert [finding.level for finding in told] == ["problem"]


def test_a_probe_that_never_comes(home: Home) -> None:
    found, _ = send(seconds=0.3)
    finding = one(found, "problem")
    assert "cron was asked to start a probe, but none started" in finding.message
    assert "/var/log/syslog" in finding.remedy


def test_the_seconds_are_counted(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, in one line that is gone at the end."""
    sending.canary(os.environ, False, 0.3, lambda text: None, True)
    told = capsys.readouterr()
    assert told.out == ""
    assert "\rprobe: waiting for cron to start it, 0 s left" in told.err
    assert told.err.endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_canary_is_taken_away(home: Home, table: Crontab, number: int, status: int) -> None:
    """At once when its line is in the table, when it is not yet known how to take that away."""
    before = table.content
    waiting = subprocess.Popen(
        [sys.executable, "-m", "clodputer", "doctor", "--canary"],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: b"--probe" in (table.content or b""))
    waiting.send_signal(number)
    assert waiting.wait(100) == status
    assert table.content == before
    assert not [name for name in os.listdir(home.cache) if "probe" in name]


def test_a_probe_that_hangs(home: Home) -> None:
    facts = doctoring.facts(home)
    finding = one(canary.judge(facts, "cron", Waited(True, None, 60.0)), "problem")
    assert "did not end within" in finding.message


@pytest.mark.parametrize("name", ["launchd", "systemd", "cron"])
def test_each_scheduler_has_a_word_on_silence(home: Home, name: str) -> None:
    one(canary.judge(doctoring.facts(home), name, Waited(False, None, 90.0)), "problem")


def test_without_an_installed_scheduler(home: Home, table: Crontab) -> None:
    table.content = None
    assert "no scheduler is set up" in one(send()[0], "problem").message


def test_without_a_shim(home: Home) -> None:
    os.unlink(f"{home.root}/bin/clodputer")
    assert "bin/clodputer" in one(send()[0], "problem").message


def test_a_scheduler_that_takes_no_probe(home: Home, table: Crontab) -> None:
    table.kind("full")
    assert "cron cannot start a probe" in one(send()[0], "problem").message


def seen(home: Home, **changed: Any) -> list[str]:
    """The findings about what a probe has seen, some of it changed."""
    facts = doctoring.facts(home, os.environ, ask_schedulers=True)
    assert facts.installed is not None
    assert facts.installed.shim is not None
    usual = {
        "environment": dict(facts.installed.shim.environment),
        "user": facts.user,
        "umask": 0o022,
        "open_files": 1024,
        "version": __version__,
        "locks": True,
    }
    found = canary.judge(facts, "cron", Waited(True, {**usual, **changed}, 1.0))
    return [f"{finding.level}: {finding.message}" for finding in found]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "ok: cron started the probe"),
        ({"environment": {}}, "problem: the environment that cron starts it with is not the one"),
        ({"user": 12345678}, "problem: cron starts it as account number 12345678"),
        ({"version": "0.0.1"}, "note: alarms run version 0.0.1"),
        ({"umask": 0}, "note: files made there can be written by everybody (umask 0000)"),
        ({"open_files": 256}, "note: a run may have 256 files open"),
        ({"open_files": -1}, "ok: cron started the probe"),
        ({"terminal": True}, "note: there is a terminal"),
        ({"locks": False}, "problem: no file can be locked"),
        (
            {"findings": [["disk", "problem", "only 1 MB", "Make room."]]},
            "problem: from inside, disk: only 1 MB",
        ),
        (
            {"real": {"outcome": "failed", "reason": "auth", "message": "no"}},
            "problem: a real turn of claude",
        ),
    ],
)
def test_what_a_probe_has_seen(home: Home, changed: dict[str, Any], told: str) -> None:
    assert [message.startswith(told) for message in seen(home, **changed)] == [True]


def test_the_probe_tells_no_values_that_may_be_secret(home: Home, tmp_path: Path) -> None:
    """It runs once, however often cron rings, and not at all when nobody waits any more."""
    path = tmp_path / "seen.json"
    extra = {"MY_TOKEN": "a-very-secret-value", "PATH": "/usr/bin:/bin"}
    clodputer(home, "exec", "--probe", str(path), extra=extra)
    text = path.read_text()
    told = json.loads(text)
    assert "a-very-secret-value" not in text
    assert "MY_TOKEN" in told["names"]
    assert told["environment"]["PATH"] == "/usr/bin:/bin"
    assert told["stdin_tty"] is False
    assert {check for check, *_ in told["findings"]} <= set(probe.INSIDE)
    path.unlink()
    probe.answer(str(path), os.environ, 0.0)
    assert not path.exists()
    probe.answer(str(tmp_path / "gone" / "seen.json"), os.environ, 0.0)


def test_the_command(home: Home, table: Crontab) -> None:
    """--canary adds to what is found; --real alone is a slip."""
    table.hook(CRON.format(more=""))
    ended = subprocess.run(
        [sys.executable, "-m", "clodputer", "doctor", "--canary", "--json"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=200,
    )
    findings = json.loads(ended.stdout)["data"]["findings"]
    told = [finding["message"] for finding in findings if finding["check"] == "canary"]
    assert told
    assert not any("none started" in message for message in told)
    assert ended.stderr == ""
    assert "--real belongs to --canary" in clodputer(home, "doctor", "--real", status=2)[1]


def test_fix_installs_again(home: Home, table: Crontab, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the environment that is installed: the PATH of this terminal is not frozen in its place."""
    before = frozen_path(home)
    command_task(home, "nightly", "true", more="trigger: {type: cron, schedule: '30 2 * * *'}\n")
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/opt")
    found = doctor.doctor(os.environ, False, True, lambda text: None)
    assert [each["done"] for each in found.data["fixed"]] == [True], found.data["fixed"]
    assert b"30 2 * * *" in (table.content or b"")
    assert not [each for each in found.data["findings"] if each["check"] == "units" and each["level"] != "ok"]
    # Of a home below /tmp, as this one, the order is not kept: folders in there are the last.
    assert set(frozen_path(home)) == set(before)


def frozen_path(home: Home) -> list[str]:
    """The folders in which alarms look for programs."""
    known = shim.read(f"{home.root}/bin/clodputer")
    assert known is not None
    return known.environment["PATH"].split(":")


def test_fix_that_fails_is_told(home: Home, table: Crontab) -> None:
    command_task(home, "nightly", "true", more="trigger: {type: cron, schedule: '30 2 * * *'}\n")
    table.kind("full")
    found = doctor.doctor(os.environ, False, True, lambda text: None)
    assert [each["done"] for each in found.data["fixed"]] == [False]
    assert found.exit_code == 4
