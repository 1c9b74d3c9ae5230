"""A computer boots, shuts down and loses its power, and a person logs in and out: what rings, and what becomes of runs."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from time import time
from typing import Any, Callable, Optional

import pytest

from tests import boot_lab, slots
from tests.boot_lab import NUMBER, PERSON, Computer
from tests.fakes.start import install_fake_claude
from tests.wait import until
from tests.workshop import ROOT, command_task, drop, events, everything, records

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.xdist_group("computer"),
]


@pytest.fixture
def computer() -> Iterator[Computer]:
    """Switched on, with a home of Clodputer's and nobody logged in."""
    with boot_lab.running() as made:
        made.on()
        made.make()
        yield made


def at(moment: float) -> str:
    """A trigger that is due then, to the second."""
    return f"trigger: {{type: at, time: '{datetime.fromtimestamp(int(moment), timezone.utc).isoformat()}'}}\n"


def marking(computer: Computer, name: str, before: str = "") -> Path:
    """A task that writes a line when it begins, waits for `go` beside it, and then writes another; where it writes."""
    home, told = computer.clodputer_home, Path(computer.home, f"{name}.told")
    script = f"{before}echo begun >>{told}; until [ -e {told}.go ]; do sleep 0.05; done; echo done >>{told}"
    command_task(home, name, "sh", "-c", script)
    slots.settle(home, name)
    return told


def let_go(told: Path) -> None:
    Path(f"{told}.go").touch()


def lines(told: Path) -> list[str]:
    return told.read_text().split() if told.exists() else []


def dropped(computer: Computer, name: str) -> None:
    """A request of the person's."""
    drop(computer.clodputer_home, name)
    computer.belongs()


def findings(computer: Computer, level: str, status: int = 0) -> dict[str, dict[str, Any]]:
    """What `doctor` finds of that level, by check."""
    found = computer.clodputer("doctor", status=status)["data"]["findings"]
    return {one["check"]: one for one in found if one["level"] == level}


def test_without_linger_nothing_runs_while_logged_out(computer: Computer) -> None:
    """Which install and doctor say. What came in between is run at the next login, once."""
    home = computer.clodputer_home
    install_fake_claude(Path(computer.home, ".local", "bin"))
    command_task(home, "later", "true")
    due = time() + 4
    command_task(home, "moment", "true", more=at(due))
    slots.settle(home, "moment")
    computer.belongs()
    login = computer.login()
    done = computer.clodputer("install")["data"]
    assert done["scheduler"] == "systemd"
    (note,) = done["notes"]
    told = f"nothing runs while {PERSON} is logged out"
    assert told in note
    assert f"loginctl enable-linger {PERSON}" in note
    seen = findings(computer, "note")
    assert told in seen["alarms"]["message"]
    assert f"loginctl enable-linger {PERSON}" in seen["alarms"]["remedy"]

    until(computer.at_rest, boot_lab.PATIENCE)
    computer.logout(login)
    computer.await_no_manager()
    dropped(computer, "later")
    until(lambda: time() > due + 1)
    assert (computer.outcomes("moment"), computer.outcomes("later")) == ([], [])
    assert f"{PERSON} is not logged in" in findings(computer, "problem", status=4)["scheduler"]["message"]

    computer.login()
    until(lambda: computer.outcomes("moment") and computer.outcomes("later"), boot_lab.PATIENCE)
    until(computer.at_rest, boot_lab.PATIENCE)
    assert (computer.outcomes("moment"), computer.outcomes("later")) == (["succeeded"], ["succeeded"])

    # What doctor says helps.
    assert computer.root(*seen["alarms"]["remedy"].split(": ")[1].split(" (")[0].split()).returncode == 0
    assert "alarms" not in findings(computer, "note")


def test_with_linger_a_boot_is_enough(computer: Computer) -> None:
    """Nobody logs in. What was due while it was off runs once, then what is due afterwards, and drops; the canary is well."""
    home = computer.clodputer_home
    install_fake_claude(Path(computer.home, ".local", "bin"))
    computer.linger()
    missed = time() + 4
    command_task(home, "missed", "true", more=at(missed))
    command_task(home, "moment", "true", more=at(missed + 4))
    command_task(home, "booted", "true", more="trigger: {type: startup}\n")
    command_task(home, "dropped", "true")
    slots.cron_task(home, "hourly", "0 * * * *")
    tasks = ("missed", "moment", "booted", "dropped", "hourly")
    for name in tasks:
        slots.settle(home, name)
    computer.belongs()
    assert computer.clodputer("install")["data"]["notes"] == []
    until(computer.at_rest, boot_lab.PATIENCE)
    computer.off()
    assert [computer.outcomes(name) for name in tasks] == [[]] * len(tasks)

    # Some hours pass for those that are told so: for our ledger, and for systemd's own memory.
    slots.set_back(home, "hourly", slots.last_hour() - 5 * slots.HOUR)
    stamp = next(Path(computer.home).rglob("stamp-clodputer-task-hourly.timer"))
    os.utime(stamp, (time() - 6 * slots.HOUR,) * 2)
    dropped(computer, "dropped")
    until(lambda: time() > missed + 1)
    computer.on()
    assert computer.root("loginctl", "list-sessions", "--no-legend").stdout == ""
    for name in tasks:
        until(lambda: computer.outcomes(name), boot_lab.PATIENCE, f"{name} was never run")  # noqa: B023
    assert [one["trigger"] for one in records(home, "hourly")] == ["cron"]
    found = computer.clodputer("doctor", "--canary")["data"]["findings"]
    assert [one for one in found if one["level"] != "ok"] == []
    assert "canary" in [one["check"] for one in found]

    computer.off()
    computer.on()
    until(lambda: len(computer.outcomes("booted")) == 2, boot_lab.PATIENCE)
    until(computer.at_rest, boot_lab.PATIENCE)
    times = {name: computer.outcomes(name) for name in tasks}
    assert times == {name: ["succeeded"] * (2 if name == "booted" else 1) for name in tasks}


def begun(computer: Computer, told: Optional[Path] = None) -> Path:
    """A run that is in the middle of its work; where it writes."""
    told = told or marking(computer, "long")
    dropped(computer, "long")
    until(lambda: lines(told) == ["begun"], boot_lab.PATIENCE, "it was never begun")
    return told


def put_back(computer: Computer, told: Path) -> None:
    """The run was told to stop, and is on record as that; its request waits to be run again."""
    assert computer.outcomes("long") == ["cancelled"]
    (record,) = records(computer.clodputer_home, "long")
    assert (record["reason"], [one["effect"] for one in record["effects"]]) == ("interrupted", ["put_back"])
    assert list(everything(computer.clodputer_home)) == ["default/queue/3"]
    assert lines(told) == ["begun"]


def run_once_more(computer: Computer, told: Path) -> None:
    """The request that was put back is run to its end, and then there is nothing more to run."""
    let_go(told)
    until(lambda: lines(told) == ["begun", "begun", "done"], boot_lab.PATIENCE, "it was not run again")
    until(computer.at_rest, boot_lab.PATIENCE)
    assert computer.outcomes("long") == ["cancelled", "succeeded"]
    assert lines(told) == ["begun", "begun", "done"]
    assert not [one for one in events(computer.clodputer_home) if one["event"] in ("recovered", "buried")]


def test_a_run_at_the_last_logout(computer: Computer) -> None:
    """It is told to stop, its request waits, and the next login has it run once."""
    login = computer.login()
    computer.clodputer("install")
    told = begun(computer)
    computer.logout(login)
    computer.await_no_manager()
    assert computer.root("pgrep", "-u", str(NUMBER)).stdout == ""
    put_back(computer, told)
    computer.login()
    run_once_more(computer, told)


def test_a_logout_that_is_not_the_last(computer: Computer) -> None:
    """Another session of the person's, or linger: nothing is stopped."""
    first, second = computer.login(), computer.login()
    computer.clodputer("install")
    told = begun(computer)
    computer.logout(first)
    computer.linger()
    computer.logout(second)
    until(lambda: computer.root("loginctl", "list-sessions", "--no-legend").stdout == "")
    assert computer.manager() == "running"
    let_go(told)
    until(lambda: computer.outcomes("long") == ["succeeded"], boot_lab.PATIENCE)
    assert lines(told) == ["begun", "done"]


def test_a_run_at_a_shutdown(computer: Computer) -> None:
    """It is told to stop, its request waits, and the next boot has it run once."""
    computer.linger()
    computer.clodputer("install")
    told = begun(computer)
    computer.off()
    put_back(computer, told)
    computer.on()
    run_once_more(computer, told)


def test_a_run_at_a_power_failure(computer: Computer) -> None:
    """Nobody saw it end: it is lost, kept, and not run again unasked; its lane goes on."""
    computer.linger()
    command_task(computer.clodputer_home, "next", "true")
    computer.belongs()
    computer.clodputer("install")
    told = begun(computer)
    dropped(computer, "next")
    computer.cut()
    let_go(told)
    computer.on()
    until(lambda: computer.outcomes("next") == ["succeeded"], boot_lab.PATIENCE)
    until(lambda: list(everything(computer.clodputer_home)) == ["dead"], boot_lab.PATIENCE)
    assert (computer.outcomes("long"), lines(told)) == (["lost"], ["begun"])
    computer.clodputer("retry", records(computer.clodputer_home, "long")[0]["run_id"])
    until(lambda: lines(told) == ["begun", "begun", "done"], boot_lab.PATIENCE)


def test_a_run_that_does_not_stop_in_time(computer: Computer) -> None:
    """A service has so long to end (two minutes; here a second). Then all of it is killed: the run is lost, and kept."""
    told = marking(computer, "long", before="trap '' TERM; ")
    dropin = Path(computer.home, ".config/systemd/user/clodputer-.service.d/soon.conf")
    dropin.parent.mkdir(parents=True)
    dropin.write_text("[Service]\nTimeoutStopSec=1\n")
    computer.belongs()
    login = computer.login()
    computer.clodputer("install")
    begun(computer, told)
    computer.logout(login)
    computer.await_no_manager()
    assert computer.root("pgrep", "-u", str(NUMBER)).stdout == ""
    assert computer.outcomes("long") == []
    let_go(told)
    computer.login()
    until(lambda: list(everything(computer.clodputer_home)) == ["dead"], boot_lab.PATIENCE)
    until(lambda: not computer.at_work(), boot_lab.PATIENCE)
    assert (computer.outcomes("long"), lines(told)) == (["lost"], ["begun"])


def test_an_exec_of_a_session_at_a_shutdown(computer: Computer) -> None:
    """Started by hand, it is told to stop together with its run: that is interrupted all the same, and did not fail."""
    told = marking(computer, "long")
    dropped(computer, "long")
    computer.login("env", f"PYTHONPATH={ROOT}", *boot_lab.command("exec"))
    until(lambda: lines(told) == ["begun"], boot_lab.PATIENCE)
    computer.off()
    put_back(computer, told)


# What shells of root leave behind when one becomes somebody else in them.
ROOTS = {"XDG_RUNTIME_DIR": "/run/user/0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus"}


def by_sudo(computer: Computer, *words: str) -> dict[str, Any]:
    """A command of ours as sudo starts it: of root's environment little is left, and there is nothing of a session."""
    return computer.clodputer(
        *words, environ={"SUDO_USER": "root", "SUDO_UID": "0", "SUDO_COMMAND": words[0]}
    )


def by_su(computer: Computer, *words: str) -> dict[str, Any]:
    """A command of ours in a shell that root has opened by su."""
    told = shlex.join([*boot_lab.command(*words), "--json"])
    ended = computer.root("su", PERSON, "-c", told, environ={**ROOTS, "PYTHONPATH": str(ROOT)})
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout + ended.stderr
    envelope: dict[str, Any] = json.loads(ended.stdout)
    return envelope


@pytest.mark.parametrize("call", [by_sudo, by_su])
def test_a_shell_that_is_no_session(computer: Computer, call: Callable[..., dict[str, Any]]) -> None:
    """It tells of no XDG_RUNTIME_DIR, or of root's: the person's systemd is found all the same."""
    nightly(computer)
    computer.login()
    done = call(computer, "install")["data"]
    assert (done["scheduler"], len(done["changes"])) == ("systemd", 3)
    found = {one["check"]: one["level"] for one in call(computer, "doctor")["data"]["findings"]}
    assert (found["scheduler"], found["units"]) == ("ok", "ok")
    assert len(call(computer, "uninstall")["data"]["changes"]) == 3
    assert computer.systemctl("list-units", "--all", "--no-legend", "clodputer-*.timer") == ""


def nightly(computer: Computer) -> None:
    """A task that needs an alarm, which does not ring now."""
    trigger = "trigger: {type: cron, schedule: '30 2 * * *'}\n"
    command_task(computer.clodputer_home, "nightly", "true", more=trigger)
    computer.belongs()


def test_when_nobody_is_logged_in(computer: Computer) -> None:
    """install and doctor say what is missing; an installation is not moved to another scheduler unasked, but can be removed."""
    nightly(computer)
    missing = f"{PERSON} is not logged in"
    (error,) = computer.clodputer("install", "--scheduler", "systemd", status=1)["errors"]
    assert missing in error["message"]
    assert f"loginctl enable-linger {PERSON}" in error["hint"]
    done = computer.clodputer("install", "--dry-run")["data"]
    assert done["scheduler"] == "cron"
    assert [note for note in done["notes"] if missing in note and "--scheduler systemd" in note]

    login = computer.login()
    computer.clodputer("install")
    computer.logout(login)
    computer.await_no_manager()
    (error,) = computer.clodputer("install", status=1)["errors"]
    assert missing in error["message"]
    assert "clodputer install --scheduler cron" in error["hint"]
    found = findings(computer, "problem", status=4)
    assert list(found) == ["scheduler"]
    assert missing in found["scheduler"]["message"]
    view = computer.clodputer("status", "--schedulers")["data"]["schedulers"][0]
    assert (view["installed"], view["usable"], view["units"][0]["next"]) == (True, False, None)

    done = computer.clodputer("uninstall")["data"]
    assert (len(done["changes"]), done["notes"]) == (3, [])
    assert [str(path) for path in Path(computer.home).rglob("*clodputer-*")] == []
    computer.login()
    assert computer.systemctl("list-units", "--all", "--no-legend", "clodputer-*") == ""
    assert computer.manager() == "running"


def test_a_systemd_that_died(computer: Computer) -> None:
    """The person is logged in, but their systemd does not answer: nothing is removed, as its timers may go on ringing."""
    computer.login()
    computer.clodputer("install")
    until(computer.at_rest, boot_lab.PATIENCE)
    before = sorted(Path(computer.home).rglob("*clodputer*"))
    computer.root("systemctl", "stop", f"user@{NUMBER}.service")
    for more in ((), ("--purge", "--yes")):
        (error,) = computer.clodputer("uninstall", *more, status=1)["errors"]
        assert "units of Clodputer are in" in error["message"]
        assert "Log in anew" in error["hint"]
    assert sorted(Path(computer.home).rglob("*clodputer*")) == before
    computer.root("systemctl", "start", f"user@{NUMBER}.service")
    computer.await_manager()
    assert len(computer.clodputer("uninstall")["data"]["changes"]) == 2
