"""What is wrong with a unit is told before it is written, and what is wrong with systemd's tools in plain words."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import systemd
from clodputer.schedulers.systemd import control, readback
from clodputer.schedulers.systemd.parse import Malformed, parse
from clodputer.schedulers.unit import REMOVE, SPOOL, SWEEP, TASK, Alarm, Change, Found, Frame
from clodputer.store.templates import folder as shipped
from tests.schedulers.test_systemd_unit import ENVIRONMENT, FRAME, nightly
from tests.systemd_lab import SCRIPT

pytestmark = pytest.mark.usefixtures("usual_places")


def own_template(folder: Path, name: str, old: str, new: str) -> Frame:
    """A frame whose person has a template of their own, with something in it replaced."""
    text = Path(shipped(), "systemd", name).read_text()
    assert old in text
    path = folder / "systemd" / name
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(old, new))
    return FRAME._replace(templates=(str(folder), shipped()))


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("service.j2", "Type=oneshot", "Type=simple", "Type=simple"),
        ("service.j2", "Type=oneshot\n", "", "Type=oneshot is missing"),
        ("service.j2", "KillMode=mixed", "KillMode=process", "KillMode=process"),
        ("service.j2", "KillMode=", "KilMode=", "did you mean 'KillMode'"),
        ("service.j2", "[Service]", "[Servize]", "did you mean 'Service'"),
        ("service.j2", "{{ command }}", "/bin/true", "ExecStart= does not start"),
        ("service.j2", "{{ command }}", '"{{ command }}', "quotes do not balance"),
        ("service.j2", "Environment={{ variable }}\n", "", "does not set PATH"),
        ("service.j2", "StartLimitIntervalSec=0", "StartLimitIntervalSec=9", "would be dead"),
        ("service.j2", "OOMPolicy=continue", "Restart=always", "Restart=always"),
        ("service.j2", "OOMPolicy=continue", "OOMPolicy", "is no KEY=VALUE"),
        ("service.j2", "{{ mark }}\n", "", "does not say whose it is"),
        ("timer.j2", "Unit={{ service }}", "Unit=another.service", "Unit= does not name"),
        ("timer.j2", "WantedBy=timers.target", "WantedBy=default.target", "WantedBy=timers.target"),
        ("timer.j2", "AccuracySec=1s\n", "", "AccuracySec=1min"),
        ("timer.j2", "OnCalendar={{ line }}", "OnBootSec=1", ""),
        ("timer.j2", "OnCalendar={{ line }}", "", "never rings"),
        ("timer.j2", "Persistent=true", "Persistent=no", "Persistent=true is missing"),
    ],
)
def test_a_template_that_is_wrong(tmp_path: Path, name: str, old: str, new: str, told: str) -> None:
    frame = own_template(tmp_path, name, old, new)
    troubles = readback.check(frame, [systemd.render(frame, nightly())])
    assert told in " ".join(trouble.message for trouble in troubles)
    assert bool(troubles) == bool(told)
    assert {trouble.unit for trouble in troubles} <= {"clodputer-task-nightly"}


def test_a_template_may_add_what_systemd_knows(tmp_path: Path) -> None:
    frame = own_template(
        tmp_path, "service.j2", "OOMPolicy=continue", "Nice=5\nMemoryMax=2G\n[X-Mine]\nanything=1"
    )
    assert readback.check(frame, [systemd.render(frame, nightly())]) == []


@pytest.mark.parametrize(("old", "new"), [("{{ mark }}", "{{ marc }}"), ("{{ mark }}", "{{ mark")])
def test_a_template_that_cannot_be_rendered(tmp_path: Path, old: str, new: str) -> None:
    frame = own_template(tmp_path, "service.j2", old, new)
    with pytest.raises(ClodputerError) as caught:
        systemd.render(frame, nightly())
    assert caught.value.code == "template_broken"
    assert "systemd/service.j2" in caught.value.message


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
    assert systemd.check(told, [systemd.render(told, nightly())]) == []
    frame = FRAME._replace(shim=str(shim), environment={**ENVIRONMENT, "ODD": 'a\n\t"$HOME" %h \'\\'})
    alarms = [nightly(timeout=60.0), Alarm(SPOOL), Alarm(SWEEP)]
    assert systemd.check(frame, [systemd.render(frame, alarm) for alarm in alarms]) == []
    wrong = own_template(tmp_path / "own", "timer.j2", "{{ line }}", "{{ line }} Nowhere/Land")
    troubles = systemd.check(wrong, [systemd.render(wrong, nightly())])
    assert "cannot read OnCalendar=" in troubles[0].message


def test_without_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = systemd.answers(FRAME)
    assert not answer.usable
    assert "systemctl" in answer.message
    assert systemd.check(FRAME, [systemd.render(FRAME, nightly())]) == []


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_systemctl_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, "systemctl", "exec sleep 30")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    answer = systemd.answers(FRAME._replace(seconds=0.2))
    assert not answer.usable
    assert "gave no answer" in answer.message


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
    assert [trouble.code for trouble in systemd.troubles(FRAME, [systemd.render(FRAME, nightly())], [])] == [
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
    found = Found(unit.name, frame.home, TASK, "nightly", unit.files, True)
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
    assert control.flag(account) == flag


def test_no_changes_no_calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert systemd.apply(FRAME, [], lambda change: None) == []


def test_the_script_of_the_lab_is_sound() -> None:
    ended = subprocess.run(["bash", "-n", str(SCRIPT)], capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
