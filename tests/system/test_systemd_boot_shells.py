"""install, doctor and uninstall in shells that are no session, and while the person has no systemd."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Callable

import pytest

from tests import boot_lab
from tests.boot_lab import NUMBER, PERSON, Computer
from tests.wait import until
from tests.workshop import ROOT, command_task

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("computer"),
]


# What shells of root leave behind when one becomes somebody else in them.
ROOTS = {"XDG_RUNTIME_DIR": "/run/user/0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/0/bus"}


def nightly(computer: Computer) -> None:
    """A task that needs an alarm, which does not ring now."""
    trigger = "trigger: {type: cron, schedule: '30 2 * * *'}\n"
    command_task(computer.clodputer_home, "nightly", "true", more=trigger)
    computer.belongs()


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
    found = computer.findings("problem", status=4)
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
        assert "Log in again" in error["hint"]
    assert sorted(Path(computer.home).rglob("*clodputer*")) == before
    computer.root("systemctl", "start", f"user@{NUMBER}.service")
    computer.await_manager()
    assert len(computer.clodputer("uninstall")["data"]["changes"]) == 2
