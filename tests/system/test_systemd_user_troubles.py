"""What a real systemd has against our units, or against this account, is told: with what to do."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.schedulers import systemd
from clodputer.schedulers.unit import SPOOL, Alarm, Frame, Unit, changes
from tests import systemd_lab
from tests.systemd_lab import Lab, install, moment, put, task
from tests.workshop import ROOT

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("systemd"),
]


def test_what_is_wrong_is_told(lab: Lab, frame: Frame) -> None:
    def codes() -> set[tuple[str, bool]]:
        found = systemd.inspect(frame)
        return {
            (one.code, one.fatal) for one in systemd.problems(frame, [], found) if one.code != "no_linger"
        }

    install(frame, Alarm(SPOOL), task("a", moment(3600)))
    assert codes() == set()
    dropin = Path(lab.units, "clodputer-spool.service.d", "mine.conf")
    dropin.parent.mkdir()
    dropin.write_text("[Service]\nNice=5\n")
    os.utime(Path(lab.units, "clodputer-spool.service"))
    assert codes() == {("units_stale", False)}
    assert [one.current for one in systemd.inspect(frame)] == [False, True]
    lab.systemctl("daemon-reload")
    assert codes() == {("unit_changed", False)}
    dropin.unlink()
    os.rename(frame.shim, f"{frame.shim}.away")
    lab.systemctl("daemon-reload")
    lab.systemctl("start", "clodputer-task-a.service")
    assert codes() == {("unit_failed", True)}
    failed = [one for one in systemd.inspect(frame) if one.failed]
    assert [one.task for one in failed] == ["a"]
    assert "the program does not exist" in failed[0].failed
    lab.systemctl("stop", "clodputer-task-a.timer")
    assert [
        one.verb
        for one in changes(
            [systemd.render(frame, Alarm(SPOOL)), Unit(failed[0].name, "task", "a", failed[0].files)],
            systemd.inspect(frame),
        )
    ] == ["reload"]


def test_a_masked_unit_is_told(lab: Lab, frame: Frame) -> None:
    install(frame, Alarm(SPOOL))
    control = Path(lab.home, ".config", "systemd", "user.control")
    control.mkdir()
    os.symlink("/dev/null", control / "clodputer-spool.path")
    lab.systemctl("daemon-reload")
    assert "unit_masked" in [one.code for one in systemd.problems(frame, [], systemd.inspect(frame))]


def test_answers(lab: Lab, frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from cron, which tells nobody's XDG_RUNTIME_DIR, and with one that is somebody else's or gone."""
    answer = systemd.answers(frame)
    assert answer.usable
    assert answer.message.startswith("systemd 2")
    monkeypatch.setenv("XDG_CONFIG_HOME", f"{lab.home}/elsewhere")
    assert "XDG_CONFIG_HOME" in systemd.answers(frame).message
    monkeypatch.delenv("XDG_CONFIG_HOME")
    lab.stop()
    try:
        answer = systemd.answers(frame)
        assert not answer.usable
        assert answer.hint
        assert [one.code for one in systemd.problems(frame, [systemd.render(frame, Alarm(SPOOL))], [])] == [
            "systemd_unreachable"
        ]
    finally:
        lab.start()


def test_an_account_that_may_not_linger(lab: Lab, frame: Frame) -> None:
    """Where systemd keeps who may is replaced, in a mount namespace, by a folder that knows nobody, and then us."""
    ask = (
        "import pickle, sys\nfrom clodputer.schedulers import systemd\nframe = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "print([trouble.code for trouble in systemd.problems(frame, [], [])], bool(systemd.answers(frame).notes))"
    )
    linger = "/var/lib/systemd/linger"
    script = f'mount -t tmpfs none /var/lib/systemd && mkdir {linger} && "$@" && touch {linger}/root && "$@"'
    ended = subprocess.run(
        [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
            "sh",
            sys.executable,
            "-c",
            ask,
            pickle.dumps(frame).hex(),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.splitlines() == ["['no_linger'] True", "[] False"], ended.stderr


def test_a_path_unit_that_gave_up_is_put_right(lab: Lab, frame: Frame) -> None:
    """With a drop-in that brings the start limit back, a spool that cannot be emptied kills the path unit."""
    install(frame, Alarm(SPOOL))
    dropin = Path(lab.units, "clodputer-spool.service.d", "limit.conf")
    dropin.parent.mkdir()
    dropin.write_text("[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nExecStopPost=\n")
    lab.systemctl("daemon-reload")
    drop = Path(frame.home, "spool", "new", "stuck")
    drop.touch()
    systemd_lab.until_state(lab, "clodputer-spool.path", "failed")
    told = [one for one in systemd.problems(frame, [], systemd.inspect(frame)) if one.fatal]
    assert "clodputer-spool.path does not go off any more" in " ".join(one.message for one in told)
    shutil.rmtree(dropin.parent)
    drop.unlink()
    lab.systemctl("daemon-reload")
    units = [systemd.render(frame, Alarm(SPOOL))]
    assert [one.verb for one in changes(units, systemd.inspect(frame))] == ["reload"]
    put(frame, units)
