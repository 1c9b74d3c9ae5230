"""A real systemd rings our alarms: schedules, drops, watched files, what was missed; what is installed is found and removed."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import systemd
from clodputer.schedulers.unit import ADD, SPOOL, SWEEP, TASK, Alarm, Change, Frame, Unit, changes
from clodputer.store import home as homes
from clodputer.store.home import Home
from clodputer.store.templates import folder as shipped
from tests import systemd_lab
from tests.systemd_lab import Lab
from tests.wait import until

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("systemd"),
]


@pytest.fixture(scope="module")
def manager() -> Iterator[Lab]:
    with systemd_lab.running() as lab:
        yield lab


@pytest.fixture
def lab(manager: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", manager.runtime)
    manager.empty()
    yield manager
    manager.empty()


@pytest.fixture
def frame(lab: Lab) -> Frame:
    """An installation whose shim writes down its arguments, and then does what the file `then` says."""
    home = Home(f"{lab.home}/.clodputer")
    homes.make(home)
    shim = Path(home.root, "bin", "clodputer")
    shim.parent.mkdir()
    shim.write_text(
        f'#!/bin/sh\necho "$@" >>{home.root}/calls\n[ -e {home.root}/then ] && . {home.root}/then\nexit 0\n'
    )
    shim.chmod(0o755)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": lab.home,
        "CLODPUTER_HOME": home.root,
        "ODD": '50% "$HOME" \\',
    }
    return Frame(
        home.root, lab.home, str(shim), environment, 900, (f"{home.root}/templates", shipped()), "UTC"
    )


def calls(frame: Frame) -> list[str]:
    """The arguments with which the shim was called, in order."""
    path = Path(frame.home, "calls")
    return path.read_text().splitlines() if path.exists() else []


def then(frame: Frame, script: str) -> None:
    """What the shim is to do from now on."""
    path = Path(frame.home, "then")
    path.with_suffix(".new").write_text(script)
    path.with_suffix(".new").rename(path)


def task(name: str, *triggers: Trigger, paths: tuple[str, ...] = ()) -> Alarm:
    return Alarm(TASK, name, triggers, paths, 3600.0)


def moment(seconds: float) -> Trigger:
    """A trigger that is due so many seconds from now."""
    return Trigger("at", {"time": datetime.fromtimestamp(time.time() + seconds, timezone.utc).isoformat()})


def install(frame: Frame, *alarms: Alarm) -> list[Change]:
    """What `clodputer install` does, with the changes that were made."""
    units = [systemd.render(frame, alarm) for alarm in alarms]
    assert systemd.check(frame, units) == []
    return put(frame, units)


def put(frame: Frame, units: list[Unit]) -> list[Change]:
    done: list[Change] = []
    assert systemd.apply(frame, changes(units, systemd.inspect(frame)), done.append) == []
    assert changes(units, systemd.inspect(frame)) == []
    return done


def ours(lab: Lab) -> list[str]:
    """All that is left of us: files, links, stamps, loaded units."""
    files = [str(path) for path in Path(lab.home).rglob("*clodputer-*")]
    return files + lab.systemctl("list-units", "--all", "--no-legend", "--plain", "clodputer-*").splitlines()


def test_a_moment_rings(frame: Frame) -> None:
    install(frame, task("nightly", moment(3)))
    assert systemd.inspect(frame)[0].next is not None
    until(lambda: calls(frame) == ["exec --task nightly"])


def test_the_next_minute_rings(frame: Frame) -> None:
    install(frame, task("minutely", Trigger("cron", {"schedule": "* * * * *"})))
    assert calls(frame) == []
    until(lambda: calls(frame) == ["exec --task minutely"], 65)
    assert time.time() % 60 < 5


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


def test_a_drop_rings(frame: Frame) -> None:
    """At once, and once: the exec takes it out of `new/`."""
    then(frame, f"rm -f {frame.home}/spool/new/*\n")
    install(frame, Alarm(SPOOL))
    for number in (1, 2):
        Path(frame.home, "spool", "new", "request.json").write_text("{}")
        until(lambda: calls(frame) == ["exec"] * number)  # noqa: B023


def test_a_drop_that_cannot_be_taken_in(lab: Lab, frame: Frame) -> None:
    """It is tried again and again, but not as fast as the machine can, and the alarm stays alive."""
    then(frame, "exit 1\n")
    install(frame, Alarm(SPOOL))
    drop = Path(frame.home, "spool", "new", "request.json")
    began = time.monotonic()
    drop.write_text("{}")
    until(lambda: len(calls(frame)) >= 4)
    assert len(calls(frame)) <= time.monotonic() - began + 2
    assert "unit_failed" in [one.code for one in systemd.troubles(frame, [], systemd.inspect(frame))]
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
    at = moment(3)
    install(frame, task("nightly", at))
    lab.stop()
    due = datetime.fromisoformat(str(at.options["time"])).timestamp()
    until(lambda: time.time() > due + 1)
    assert calls(frame) == []
    lab.start()
    until(lambda: calls(frame) == ["exec --task nightly"])


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
    then(
        frame,
        f"setsid sh -c 'trap \"\" TERM; while :; do echo $$ >{frame.home}/left; sleep 0.05; done' & sleep 0.3\n",
    )
    install(frame, task("leaky", Trigger("startup", {})))
    process = until(
        lambda: (Path(frame.home, "left").exists() and Path(frame.home, "left").read_text()) or ""
    )
    assert process
    until(lambda: "ActiveState=inactive" in lab.systemctl("show", "clodputer-task-leaky.service"))
    left = Path(frame.home, "left")
    left.unlink()
    time.sleep(0.3)  # what is to be shown is that nothing comes
    assert not left.exists()


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
    troubles = systemd.apply(
        frame, [Change(ADD, unit.name, unit), Change(ADD, sound.name, sound)], told.append
    )
    assert [trouble.code for trouble in troubles] == ["unit_foreign"]
    assert [change.name for change in told] == ["clodputer-sweep"]
    assert foreign.read_text() == "[Service]\nExecStart=/bin/true\n"


def test_a_probe(frame: Frame) -> None:
    """The shim is started as a unit would start it; nothing of it stays."""
    take_away = systemd.probe(frame, ["exec", "--task", "a$HOME%h b"])
    until(lambda: calls(frame) == ["exec --task a$HOME%h b"])
    take_away()
    assert systemd.inspect(frame) == []


def test_what_is_wrong_is_told(lab: Lab, frame: Frame) -> None:
    def codes() -> set[tuple[str, bool]]:
        found = systemd.inspect(frame)
        return {
            (one.code, one.fatal) for one in systemd.troubles(frame, [], found) if one.code != "no_linger"
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
    assert "the program is not there" in failed[0].failed
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
    assert "unit_masked" in [one.code for one in systemd.troubles(frame, [], systemd.inspect(frame))]


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
        assert [one.code for one in systemd.troubles(frame, [systemd.render(frame, Alarm(SPOOL))], [])] == [
            "systemd_unreachable"
        ]
    finally:
        lab.start()
