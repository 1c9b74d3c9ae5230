"""A real cron daemon at work: what is due is run and recorded, through a change of the clock, and nothing is left behind."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import cron
from clodputer.schedulers.cron.problems import daemon, daemon_problem
from clodputer.schedulers.unit import SPOOL, SWEEP, Alarm, Change, Frame, changes
from clodputer.store.home import Home
from tests.schedulers.alarms import alarm as alarm_of
from tests.schedulers.cron_readback import faults
from tests.system.crond import crond
from tests.system.test_try import Stage
from tests.wait import PATIENCE, until
from tests.workshop import command_task, drop, events, make_home, records

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.waits]

# Cron starts what is due one second into the minute; an exec takes its time on a busy machine.
TICK = 61 + PATIENCE
PERSONS = b'# mine\nMAILTO=""\n17 3 * * 6 echo 100\\% | cat >/dev/null\n\n# last\n'
BERLIN = ZoneInfo("Europe/Berlin")


def install(place: Frame, *tasks: Alarm) -> None:
    """What `clodputer install` does."""
    wanted = [cron.render(place, alarm) for alarm in (*tasks, Alarm(SPOOL), Alarm(SWEEP))]
    assert faults(place, wanted) == []
    told: list[Change] = []
    assert cron.apply(place, changes(wanted, cron.inspect(place)), told.append) == []
    assert changes(wanted, cron.inspect(place)) == []


def uninstall(place: Frame) -> None:
    """What `clodputer uninstall` does."""
    assert cron.apply(place, changes([], cron.inspect(place)), lambda _: None) == []


def scheduled(home: Home, name: str, schedule: str) -> Alarm:
    """A task with a cron trigger, and its alarm."""
    command_task(home, name, "/bin/true", more=f"trigger: {{type: cron, schedule: '{schedule}'}}\n")
    return alarm_of(name, (Trigger("cron", {"schedule": schedule}),))


def test_a_minute_by_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule, a drop, a watched file and the trial of a task are served; afterwards the crontab is what it was."""
    stage = Stage(tmp_path)
    home, seen = stage.home, tmp_path / "seen.json"
    watched = tmp_path / "watched"
    watched.mkdir()
    with crond(tmp_path / "lab", monkeypatch) as lab:
        (tmp_path / "mine").write_bytes(PERSONS)
        subprocess.run(["crontab", tmp_path / "mine"], check=True)
        place = lab.frame(home)
        assert cron.answers(place).usable
        minutely = scheduled(home, "minutely", "* * * * *")
        command_task(home, "dropped", "/bin/true")
        command_task(home, "watcher", "/bin/true", more=f"trigger: {{type: file_watch, path: '{watched}'}}\n")
        watcher = alarm_of("watcher", (Trigger("file_watch", {"path": str(watched)}),), (str(watched),))
        install(place, minutely, watcher)
        remove = cron.probe(place, ["exec", "--probe", str(seen), "--try", "review"])
        drop(home, "dropped")
        lab.start()
        until(lambda: daemon() is not None)
        assert daemon_problem() is None

        until(lambda: records(home, "dropped"), TICK, "the drop was not run")
        until(seen.exists, TICK, "the trial was not started, or did not end")
        found = json.loads(seen.read_text())["effective"]
        assert (found["version"], found["mode"], found["tools"]) == (
            "2.1.329",
            "acceptEdits",
            ["Bash", "Edit"],
        )
        assert "the working directory" in found["writable"]
        assert stage.asked().startswith(f"{stage.work}\n")
        assert [event["cost_usd"] for event in events(home, "trial")] == [0.1, 0.01]
        until(lambda: records(home, "minutely"), TICK, "the schedule did not ring")
        assert records(home, "minutely")[0]["trigger"] == "cron"
        remove()
        until(lambda: events(home, "watch_started"), TICK, "the watched folder was not looked at")
        (watched / "report.txt").write_text("one\n")
        until(lambda: records(home, "watcher"), TICK, "the watched file was not seen")
        until(lambda: len(records(home, "minutely")) > 1, TICK)
        assert set(lab.calls()) == {"exec", "exec --task minutely", f"exec --probe {seen} --try review"}
        slots = [record["origin"]["slot_time"] for record in records(home, "minutely")]
        assert len(slots) == len(set(slots))
        assert len(records(home, "dropped")) == 1
        assert {
            record["outcome"] for name in ("minutely", "dropped", "watcher") for record in records(home, name)
        } == {"succeeded"}
        uninstall(place)
        assert subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout == PERSONS
        (tmp_path / "mine").write_bytes(b"")
        subprocess.run(["crontab", "-r"], check=True)
        install(place, minutely)
        uninstall(place)
        assert b"no crontab" in subprocess.run(["crontab", "-l"], capture_output=True).stderr


def test_a_change_of_the_clock_and_days_without_cron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """02:30 runs once on the night that has none; what was missed while cron was stopped is made up for once."""
    home = make_home(tmp_path)
    with crond(tmp_path / "lab", monkeypatch) as lab:
        nightly = scheduled(home, "nightly", "30 2 * * *")

        def at(*moment: int) -> None:
            lab.stop()
            lab.start(datetime(*moment, tzinfo=BERLIN))  # type: ignore[arg-type,misc]
            lab.shim(home)

        def slots() -> list[str]:
            return [record["origin"]["slot_time"] for record in records(home, "nightly")]

        def rang() -> int:
            return lab.calls().count("exec --task nightly")

        # Before the daemon is there: its minute is not waited for by whoever calls crontab.
        lab.zone = str(BERLIN)
        install(lab.frame(home), nightly)
        at(2027, 3, 27, 2, 29, 35)
        until(lambda: len(slots()) == rang() == 1, TICK, "the usual night did not ring")
        # A daemon that is up only after the change does not notice it: on a busy machine its start takes seconds.
        at(2027, 3, 28, 1, 59, 35)
        # After a change of the clock, cron starts what is due every minute first, then waits for ten seconds, and
        # starts what was due in the skipped hour after that. Both lines make one run, as a drop shows.
        until(lambda: len(slots()) == rang() == 2, TICK, "the night of the change did not ring")
        drop(home, "nightly")
        until(lambda: len(records(home, "nightly")) == 3, TICK)
        at(2027, 3, 30, 12, 0, 50)
        until(lambda: len(records(home, "nightly")) == 4, TICK, "what was missed was not made up for")
        lab.stop()
        assert [record["origin"].get("slot_time") for record in records(home, "nightly")] == [
            "2027-03-27T01:30:00.000Z",
            "2027-03-28T01:00:00.000Z",
            None,
            "2027-03-30T00:30:00.000Z",
        ]
        assert rang() == 2
        (missed,) = events(home, "missed")
        assert missed["slot_time"] == "2027-03-29T00:30:00.000Z"


def test_the_real_crontab_and_odd_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any waiting: what Debian's crontab hides, refuses and adds."""
    home = make_home(tmp_path)
    with crond(tmp_path / "lab", monkeypatch) as lab:
        place = lab.frame(home)
        mine = tmp_path / "mine"
        for table in (
            PERSONS,
            b"# DO NOT EDIT THIS FILE - edit the master and reinstall.\n# x\n# y\n",
            b"",
            b"\n\n",
            "# Gr\u00fc\u00dfe\t\x1b[1m\n".encode() + b"# latin \xe9 tr -d '\\r' x\n",
        ):
            mine.write_bytes(table)
            subprocess.run(["crontab", mine], check=True)
            install(place)
            uninstall(place)
            assert subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout == table
        mine.write_bytes(b"0 0 * * * true\r\n")
        subprocess.run(["crontab", mine], check=True)
        assert not cron.answers(place).usable
        subprocess.run(["crontab", "-r"], check=True)
        assert cron.answers(place).usable
