"""A real systemd rings our alarms: schedules, drops, watched files, what was missed; what is installed is found and removed."""

from __future__ import annotations

import os
import shlex
import sys
import time
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.unit import ADD, SPOOL, SWEEP, Alarm, Change, Frame
from clodputer.store import homes
from clodputer.store.home import Home
from tests import systemd_lab
from tests.slots import settle
from tests.systemd_lab import Lab, calls, install, make_frame, moment, ours, put, task, then
from tests.wait import PATIENCE, until
from tests.workshop import ROOT, command_task, drop, records

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("systemd"),
]


def test_a_moment_rings(frame: Frame) -> None:
    install(frame, task("nightly", moment(15)))
    assert systemd.inspect(frame)[0].next is not None
    until(lambda: calls(frame) == ["exec --task nightly"])


def test_the_next_minute_rings(frame: Frame) -> None:
    until(lambda: time.time() % 60 < 40)
    install(frame, task("minutely", Trigger("cron", {"schedule": "* * * * *"})))
    assert calls(frame) == []
    until(lambda: calls(frame) == ["exec --task minutely"], 61 + PATIENCE)


def test_what_the_shim_is_given(lab: Lab, frame: Frame) -> None:
    """The frozen environment as it is, and the arguments."""
    then(
        frame,
        f"env >{frame.home}/seen.new; pwd >>{frame.home}/seen.new; mv {frame.home}/seen.new {frame.home}/seen\n",
    )
    install(frame, task("nightly", Trigger("startup", {})))
    seen = until(
        lambda: (Path(frame.home, "seen").exists() and Path(frame.home, "seen").read_text()) or ""
    ).splitlines()
    assert {f"{name}={value}" for name, value in frame.environment.items()} <= set(seen)
    assert lab.home in seen


def test_the_real_exec(lab: Lab, frame: Frame) -> None:
    """A schedule and a drop, from the alarm to the record; and an alarm for which nothing is due."""
    home = Home(frame.home)
    shim = Path(frame.shim)
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m clodputer "$@"\n')
    at = moment(15)
    trigger = f"trigger: {{type: at, time: '{at.options['time']}'}}\n"
    command_task(home, "scheduled", "/bin/true", more=trigger)
    command_task(home, "dropped", "/bin/true")
    settle(home, "scheduled")
    real = frame._replace(environment={**frame.environment, "PYTHONPATH": str(ROOT)})
    install(real, task("scheduled", at), Alarm(SPOOL), Alarm(SWEEP))
    drop(home, "dropped")
    until(lambda: records(home, "dropped"))
    until(lambda: records(home, "scheduled"))
    assert [one["trigger"] for one in records(home, "scheduled")] == ["at"]
    for unit in ("clodputer-task-scheduled", "clodputer-spool", "clodputer-sweep"):
        systemd_lab.until_state(lab, f"{unit}.service", "inactive")
    assert [one.failed for one in systemd.inspect(real)] == ["", "", ""]


@pytest.mark.parametrize("name", ["it's \\ mine", 'a "b" $HOME %h'])
def test_a_home_with_an_odd_name(lab: Lab, name: str) -> None:
    frame = make_frame(lab, name)
    install(frame, task("t", Trigger("startup", {})), Alarm(SPOOL))
    until(lambda: calls(frame) == ["exec --task t"])
    then(frame, 'rm -f "$CLODPUTER_HOME"/spool/new/*\n')
    Path(frame.home, "spool", "new", "request.json").write_text("{}")
    until(lambda: calls(frame) == ["exec --task t", "exec"])
    put(frame, [])


def test_a_drop_rings(frame: Frame) -> None:
    """At once, and once: the exec takes it out of `new/`."""
    then(frame, f"rm -f {frame.home}/spool/new/*\n")
    install(frame, Alarm(SPOOL))
    for number in (1, 2):
        Path(frame.home, "spool", "new", "request.json").write_text("{}")
        until(lambda: calls(frame) == ["exec"] * number)  # noqa: B023
        # The call is written down before the request is taken out: another one now would be taken out with it.
        until(lambda: not os.listdir(f"{frame.home}/spool/new"))


def test_a_drop_that_cannot_be_taken_in(lab: Lab, frame: Frame) -> None:
    """It is tried again and again, but not as fast as the machine can, and the alarm stays alive."""
    then(frame, "exit 1\n")
    install(frame, Alarm(SPOOL))
    drop = Path(frame.home, "spool", "new", "request.json")
    began = time.monotonic()
    drop.write_text("{}")
    until(lambda: len(calls(frame)) >= 4)
    assert len(calls(frame)) <= time.monotonic() - began + 2
    assert "unit_failed" in [one.code for one in systemd.problems(frame, [], systemd.inspect(frame))]
    drop.unlink()
    then(frame, f"rm -f {frame.home}/spool/new/*\n")
    until(
        lambda: (
            "=inactive" in lab.systemctl("show", "-pActiveState", "clodputer-spool.service")
            or "=failed" in lab.systemctl("show", "-pActiveState", "clodputer-spool.service")
        )
    )
    before = len(calls(frame))
    drop.write_text("{}")
    until(lambda: len(calls(frame)) > before)


def test_a_watched_file_rings(lab: Lab, frame: Frame) -> None:
    """In a folder with an odd name, reached by a link too, and in one that is made later."""
    odd, real, linked, later = (f"{lab.home}/{name}" for name in ("a b%h$HOME\"'", "real", "linked", "later"))
    os.mkdir(odd)
    os.mkdir(real)
    os.symlink(real, linked)
    watches = [Trigger("file_watch", {"path": path}) for path in (odd, linked, later)]
    install(frame, task("inbox", *watches, paths=(odd, linked, later)))
    for number, path in enumerate((odd, real), 1):
        Path(path, "file").write_text("x")
        until(lambda: len(calls(frame)) >= number)  # noqa: B023
        # What changes while the service runs is not told to it: the exec in it looks for itself.
        until(lambda: "ActiveState=inactive" in lab.systemctl("show", "clodputer-task-inbox.service"))
        until(lambda: "SubState=waiting" in lab.systemctl("show", "clodputer-task-inbox.path"))
    before = len(calls(frame))
    os.mkdir(later)
    until(lambda: len(calls(frame)) > before)
    assert set(calls(frame)) == {"exec --task inbox"}


def test_a_start_rings(lab: Lab, frame: Frame) -> None:
    """With each start of the manager, which is when the computer starts or the person logs in."""
    install(frame, task("hello", Trigger("startup", {})), Alarm(SWEEP))
    until(lambda: len(calls(frame)) == 2)
    lab.stop()
    lab.start()
    until(lambda: sorted(calls(frame)) == ["exec", "exec", "exec --task hello", "exec --task hello"])


def test_what_was_missed_rings_at_the_next_start(lab: Lab, frame: Frame) -> None:
    at = moment(20)
    install(frame, task("nightly", at))
    lab.stop()
    due = datetime.fromisoformat(str(at.options["time"])).timestamp()
    until(lambda: time.time() > due + 1)
    assert calls(frame) == []
    lab.start()
    until(lambda: calls(frame) == ["exec --task nightly"])


def test_a_moment_that_passed_before_the_timer_was_there(frame: Frame) -> None:
    """Its first start counts as the last ring; the sweep, which rings when it is started, finds what is due."""
    install(frame, task("early", moment(-1)), Alarm(SWEEP))
    until(lambda: calls(frame) == ["exec"])
    assert [one.next for one in systemd.inspect(frame) if one.task == "early"] == [None]


def test_a_run_survives_every_change(lab: Lab, frame: Frame) -> None:
    """Installed anew with other units, and even uninstalled, while it goes on."""
    then(frame, f"while [ ! -e {frame.home}/go ]; do sleep 0.05; done; echo survived >>{frame.home}/calls\n")
    install(frame, task("long", Trigger("startup", {})))
    until(lambda: calls(frame))
    install(
        frame._replace(environment={**frame.environment, "MORE": "1"}),
        task("long", moment(3600), Trigger("startup", {})),
    )
    assert "ActiveState=activating" in lab.systemctl("show", "clodputer-task-long.service")
    put(frame, [])
    assert "ActiveState=activating" in lab.systemctl("show", "clodputer-task-long.service")
    Path(frame.home, "go").touch()
    until(lambda: "survived" in calls(frame))
    until(lambda: ours(lab) == [])


def test_what_a_run_leaves_is_killed(lab: Lab, frame: Frame) -> None:
    """A process in a session of its own that takes no TERM."""
    inner = f"trap '' TERM; while :; do touch {frame.home}/left; sleep 0.05; done"
    then(
        frame, f"setsid sh -c {shlex.quote(inner)} & while [ ! -e {frame.home}/left ]; do sleep 0.05; done\n"
    )

    def left() -> list[int]:
        found = psutil.process_iter(["pid", "cmdline"])
        return [one.info["pid"] for one in found if inner in (one.info["cmdline"] or [])]

    install(frame, task("leaky", Trigger("startup", {})))
    # The process itself may be gone before anybody looks for it.
    until(lambda: os.path.exists(f"{frame.home}/left"))
    systemd_lab.until_state(lab, "clodputer-task-leaky.service", "inactive")
    until(lambda: not left())
    assert "Result=success" in lab.systemctl("show", "clodputer-task-leaky.service")


def test_only_the_exec_is_told_to_stop(lab: Lab, frame: Frame) -> None:
    """It stops its run itself; a TERM for all would make it look as if the run had died."""
    inner = (
        f"trap 'echo inner >>{frame.home}/calls' TERM; touch {frame.home}/on; while :; do sleep 0.05; done"
    )
    then(
        frame,
        f"trap 'echo outer >>{frame.home}/calls; exit 0' TERM\nsh -c {shlex.quote(inner)} & while :; do sleep 0.05; done\n",
    )
    install(frame, task("long", Trigger("startup", {})))
    until(lambda: Path(frame.home, "on").exists())
    lab.stop()
    lab.start()
    assert calls(frame)[1:2] == ["outer"]
    assert "inner" not in calls(frame)


def test_uninstalling_leaves_nothing(lab: Lab, frame: Frame) -> None:
    os.mkdir(f"{lab.home}/in")
    watch = Trigger("file_watch", {"path": f"{lab.home}/in"})
    alarms = (
        task("a", moment(3600), watch, paths=(f"{lab.home}/in",)),
        task("B.c", moment(3600)),
        Alarm(SPOOL),
        Alarm(SWEEP),
    )
    install(frame, *alarms)
    assert len(ours(lab)) > 15
    others = Path(lab.units, "clodputer-task-mine.timer")
    others.write_text("[Timer]\nOnCalendar=*-*-* 04:00:00\n")
    assert len(put(frame, [])) == 4
    assert [path for path in ours(lab) if path != str(others)] == []


def test_two_homes_side_by_side(lab: Lab, frame: Frame) -> None:
    other = frame._replace(home=f"{lab.home}/other")
    homes.make(Home(other.home))
    install(frame, Alarm(SPOOL))
    install(other, Alarm(SPOOL), task("x", moment(3600)))
    assert [one.name for one in systemd.inspect(frame)] == ["clodputer-spool"]
    assert len(systemd.inspect(frame, everywhere=True)) == 3
    put(other, [])
    assert [one.home for one in systemd.inspect(frame, everywhere=True)] == [frame.home]


def test_a_foreign_unit_with_our_name_stays(lab: Lab, frame: Frame) -> None:
    foreign = Path(lab.units, "clodputer-spool.service")
    foreign.write_text("[Service]\nExecStart=/bin/true\n")
    unit = systemd.render(frame, Alarm(SPOOL))
    assert systemd.inspect(frame) == []
    told: list[Change] = []
    sound = systemd.render(frame, Alarm(SWEEP))
    problems = systemd.apply(
        frame, [Change(ADD, unit.name, unit), Change(ADD, sound.name, sound)], told.append
    )
    assert [trouble.code for trouble in problems] == ["unit_foreign"]
    assert [change.name for change in told] == ["clodputer-sweep"]
    assert foreign.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_a_probe(frame: Frame) -> None:
    """The shim is started as a unit would start it; nothing of it stays."""
    take_away = systemd.probe(frame, ["exec", "--task", "a$HOME%h b"])
    until(lambda: calls(frame) == ["exec --task a$HOME%h b"])
    take_away()
    assert systemd.inspect(frame) == []
