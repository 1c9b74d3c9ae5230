"""A computer boots, shuts down and loses its power, and a person logs in and out: what rings, and what becomes of runs."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path
from time import time

import pytest

from tests import boot_lab, slots
from tests.boot_lab import PERSON, Computer
from tests.fakes.start import install_fake_claude
from tests.wait import until
from tests.workshop import command_task, records

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("computer"),
]


def at(moment: float) -> str:
    """A trigger that is due then, to the second."""
    return f"trigger: {{type: at, time: '{datetime.fromtimestamp(int(moment), timezone.utc).isoformat()}'}}\n"


def test_without_linger_nothing_runs_while_logged_out(computer: Computer) -> None:
    """Which install and doctor say. What came in between is run at the next login, once."""
    home = computer.clodputer_home
    install_fake_claude(Path(computer.home, ".local", "bin"))
    command_task(home, "later", "true")
    computer.belongs()
    login = computer.login()
    done = computer.clodputer("install")["data"]
    assert done["scheduler"] == "systemd"
    (note,) = done["notes"]
    told = f"nothing runs while {PERSON} is logged out"
    assert told in note
    assert f"loginctl enable-linger {PERSON}" in note
    seen = computer.findings("note")
    assert told in seen["alarms"]["message"]
    assert f"loginctl enable-linger {PERSON}" in seen["alarms"]["remedy"]

    due = time() + 30  # by then the person is logged out, also on a busy machine
    command_task(home, "moment", "true", more=at(due))
    slots.settle(home, "moment")
    computer.belongs()
    computer.clodputer("install")
    until(computer.at_rest, boot_lab.PATIENCE)
    computer.logout(login)
    computer.await_no_manager()
    computer.drop("later")
    until(lambda: time() > due + 1)
    assert (computer.outcomes("moment"), computer.outcomes("later")) == ([], [])
    assert f"{PERSON} is not logged in" in computer.findings("problem", status=4)["scheduler"]["message"]

    computer.login()
    until(lambda: computer.outcomes("moment") and computer.outcomes("later"), boot_lab.PATIENCE)
    until(computer.at_rest, boot_lab.PATIENCE)
    assert (computer.outcomes("moment"), computer.outcomes("later")) == (["succeeded"], ["succeeded"])

    # What doctor says helps.
    assert computer.root(*seen["alarms"]["remedy"].split(": ")[1].split(" (")[0].split()).returncode == 0
    assert "alarms" not in computer.findings("note")


def test_with_linger_a_boot_is_enough(computer: Computer) -> None:
    """Nobody logs in. What was due while it was off runs once, then what is due afterwards, and drops; the canary is well."""
    home = computer.clodputer_home
    install_fake_claude(Path(computer.home, ".local", "bin"))
    computer.linger()
    missed = time() + 30  # by then it is off, also on a busy machine
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
    computer.drop("dropped")
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
