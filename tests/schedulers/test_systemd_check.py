"""What is wrong with a unit is told before it is written, and what is wrong with systemd's tools in plain words."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.systemd import systemctl
from clodputer.schedulers.unit import REMOVE, SPOOL, SWEEP, TASK, Alarm, Change, FoundUnit
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.systemd_parse import Malformed, parse
from tests.schedulers.systemd_readback import faults
from tests.schedulers.systemd_verify import verified
from tests.schedulers.test_systemd_unit import ENVIRONMENT, FRAME, nightly, values
from tests.systemd_lab import SCRIPT

pytestmark = pytest.mark.usefixtures("usual_places")


@pytest.mark.parametrize(
    ("suffix", "old", "new", "told"),
    [
        (".service", "Type=oneshot", "Type=simple", "Type=simple"),
        (".service", "Type=oneshot\n", "", "Type=oneshot is missing"),
        (".service", "KillMode=mixed", "KillMode=process", "KillMode=process"),
        (".service", "KillMode=", "KilMode=", "did you mean 'KillMode'"),
        (".service", "[Service]", "[Servize]", "did you mean 'Service'"),
        (".service", "ExecStart=", "ExecStart=/bin/true ", "ExecStart= does not start"),
        (".service", "ExecStart=", 'ExecStart="', "quotes do not balance"),
        (".service", 'Environment="PATH=/usr/bin:/bin"\n', "", "does not set PATH"),
        (".service", "StartLimitIntervalSec=0", "StartLimitIntervalSec=9", "would be dead"),
        (".service", "OOMPolicy=continue", "Restart=always", "Restart=always"),
        (".service", "OOMPolicy=continue", "OOMPolicy", "is no KEY=VALUE"),
        (".service", "# clodputer-unit", "#", "does not say whose it is"),
        (".timer", "Unit=clodputer", "Unit=another", "Unit= does not name"),
        (".timer", "WantedBy=timers.target", "WantedBy=default.target", "WantedBy=timers.target"),
        (".timer", "AccuracySec=1s\n", "", "AccuracySec=1min"),
        (".timer", "OnCalendar=", "#", "never starts it"),
        (".timer", "Persistent=true", "Persistent=no", "Persistent=true is missing"),
    ],
)
def test_the_reading_back_sees_what_is_wrong(suffix: str, old: str, new: str, told: str) -> None:
    unit = systemd.render(FRAME, nightly())
    assert faults(FRAME, unit) == []
    (path,) = (path for path in unit.files if path.endswith(suffix))
    assert old in unit.files[path]
    spoilt = unit._replace(files={**unit.files, path: unit.files[path].replace(old, new)})
    assert told in " ".join(faults(FRAME, spoilt))


@pytest.mark.parametrize("text", ["[Unit\n", "a=b\n", "[Unit]\nnothing\n", "[Unit]\na=b \\"])
def test_what_is_no_unit_file(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_lines_that_are_continued() -> None:
    assert parse("[S]\na=b \\\n  # a comment\n  c\n; x\n\nd = e\n") == [("S", "a", "b  c"), ("S", "d", "e")]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    """Odd values too: it is told what is wrong with it, where our own reading would not see it."""
    shim = tmp_path / "odd $HOME %h \\ \" '" / "clodputer"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\n")
    shim.chmod(0o755)
    plain = tmp_path / "odd $HOME %h" / "clodputer"
    plain.parent.mkdir()
    shutil.copy(shim, plain)
    told = FRAME._replace(shim=str(plain))
    assert verified(told, [systemd.render(told, nightly())]) == []
    frame = FRAME._replace(shim=str(shim), environment={**ENVIRONMENT, "ODD": 'a\n\t"$HOME" %h \'\\'})
    alarms = [nightly(timeout=60.0), Alarm(SPOOL), Alarm(SWEEP)]
    assert verified(frame, [systemd.render(frame, alarm) for alarm in alarms]) == []


def test_a_time_zone_that_systemd_does_not_have() -> None:
    """Python may have a database of its own. systemd would pass over the line; so the task is looked at each minute."""
    alarm = alarm_of("t", (Trigger("cron", {"schedule": "0 2 * * *", "timezone": "Nowhere/Land"}),))
    assert values(systemd.render(FRAME, alarm), ".timer", "OnCalendar") == ["*-*-* *:*:00"]


def test_a_home_that_no_path_unit_can_hold() -> None:
    with pytest.raises(ClodputerError) as caught:
        systemd.render(FRAME._replace(home="/h/a\nb"), Alarm(SPOOL))
    assert caught.value.code == "unit_text"


def test_without_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = systemd.answers(FRAME)
    assert not answer.usable
    assert "systemctl" in answer.message


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_systemctl_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, "systemctl", "exec sleep 30")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    answer = systemd.answers(FRAME._replace(seconds=0.2))
    assert not answer.usable
    assert "did not end within" in answer.message


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, "systemctl", 'echo "Failed to connect to bus: No medium found" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    answer = systemd.answers(FRAME)
    assert "No medium found" in answer.message
    assert answer.hint
    account = str(tmp_path)
    unit = systemd.render(FRAME._replace(account=account), nightly())
    assert systemd.inspect(FRAME._replace(account=account)) == []
    for path, text in unit.files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text)
    with pytest.raises(ClodputerError) as caught:
        systemd.inspect(FRAME._replace(account=account))
    assert caught.value.code == "systemd_units_unasked"
    assert [trouble.code for trouble in systemd.problems(FRAME, [systemd.render(FRAME, nightly())], [])] == [
        "systemd_unreachable"
    ]


def test_nothing_is_removed_when_nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a manager that is told, removed files would leave its timers ringing."""
    account = str(tmp_path / "account")
    frame = FRAME._replace(account=account, home=f"{account}/.clodputer")
    unit = systemd.render(frame, nightly())
    for path, text in unit.files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text)
    fake(tmp_path, "systemctl", 'echo "Failed to connect to bus" >&2; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    found = FoundUnit(unit.name, frame.home, TASK, "nightly", unit.files, True)
    with pytest.raises(ClodputerError):
        systemd.apply(frame, [Change(REMOVE, unit.name, None, found)], lambda change: None)
    assert all(os.path.exists(path) for path in unit.files)


@pytest.mark.parametrize(
    ("account", "flag"),
    [
        ("person", "person"),
        ("per.son-1", "per.son-1"),
        ("DOM\\person", "DOM\\\\person"),
        ("möwe", "m\\303\\266we"),
    ],
)
def test_the_flag_of_one_who_may_linger(account: str, flag: str) -> None:
    """As logind writes it; seen with systemd 252."""
    assert systemctl.flag(account) == flag


def test_no_changes_no_calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert systemd.apply(FRAME, [], lambda change: None) == []


def test_the_script_of_the_lab_is_sound() -> None:
    ended = subprocess.run(["bash", "-n", str(SCRIPT)], capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
