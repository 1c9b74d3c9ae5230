"""systemd's own tools, called so that what they answer depends on no language, zone or terminal."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from shlex import quote
from subprocess import CompletedProcess

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.systemd.unitfile import TEMPLATE
from clodputer.schedulers.unit import Frame

LINGER = "/var/lib/systemd/linger"
LET_LINGER = "loginctl enable-linger {account} (perhaps with sudo)"
# Says that systemd runs this computer (sd_booted(3)).
BOOTED = "/run/systemd/system"

# What is asked about each unit.
_PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "Result",
    "NeedDaemonReload",
    "FragmentPath",
    "DropInPaths",
    "ExecMainStatus",
    "NextElapseUSecRealtime",
    "UnitFileState",
    "Transient",
)
# Far below what one command line may hold.
_AT_ONCE = 2000


def runtime_folder() -> str:
    """The folder in which the manager of this person is reached; cron, su and some ssh do not name it. "" if there is none."""
    account = os.getuid()
    for path in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{account}"):
        try:
            # One of somebody else is what sudo and su leave.
            if path and os.stat(path).st_uid == account:
                return path
        except OSError:
            continue
    return ""


def away() -> bool:
    """Whether this person has no manager at all: systemd runs this computer, and has made no runtime folder for them.

    Then nothing of ours is loaded anywhere: the files are all there is, and can be removed without asking anybody.
    """
    return os.path.isdir(BOOTED) and not runtime_folder()


def environment() -> dict[str, str]:
    """The environment for systemd's tools: what they print depends on no language, zone, pager or terminal."""
    runtime = runtime_folder()
    fixed = {"LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", "PAGER": ""}
    if runtime:
        fixed["XDG_RUNTIME_DIR"] = runtime
        if os.environ.get("XDG_RUNTIME_DIR") != runtime:
            fixed["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime}/bus"
    return {**os.environ, **fixed}


def call(frame: Frame, program: str, arguments: Sequence[str]) -> CompletedProcess[bytes]:
    """Run one of systemd's tools to its end. Raises ClodputerError when it is not there or hangs."""
    return tool.call(
        [program, *arguments],
        environment(),
        frame.seconds,
        "systemd",
        "Install systemd, or use cron.",
        f"Try `systemctl --user status`; if that hangs too, log in again, or as root: systemctl restart user@{os.getuid()}",
    )


def systemctl(frame: Frame, *arguments: str) -> CompletedProcess[bytes]:
    """One call of the manager of this person."""
    return call(frame, "systemctl", ["--user", "--no-pager", *arguments])


def text(ended: CompletedProcess[bytes]) -> str:
    """What a tool printed as its answer."""
    return ended.stdout.decode("utf-8", "surrogateescape")


def show(frame: Frame, units: Sequence[str]) -> dict[str, dict[str, str]]:
    """What the manager knows of units and patterns, by the unit's name; patterns mean what it has loaded. Usually one call.

    Raises ClodputerError when the manager does not answer.
    """
    found: dict[str, dict[str, str]] = {}
    # Of a template there is nothing to know, and asking for it is an error.
    units = [unit for unit in units if not unit.endswith(TEMPLATE)]
    for begin in range(0, len(units), _AT_ONCE):
        wanted = units[begin : begin + _AT_ONCE]
        ended = systemctl(frame, "show", "--all", f"--property={','.join(_PROPERTIES)}", "--", *wanted)
        if ended.returncode:
            raise unreachable(tool.said(ended))
        for block in text(ended).split("\n\n"):
            one = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            if "Id" in one:
                found[one["Id"]] = one
    return found


def unreachable(why: str) -> ClodputerError:
    """Why the manager of this person cannot be asked, and what to do."""
    what = f"the systemd of this account does not answer: {why}"
    if not os.path.isdir(BOOTED):
        hint = "This computer, or container, does not seem to be run by systemd; use cron."
    elif runtime_folder():
        hint = "Log in again, or look at what `systemctl --user status` says."
    else:
        person = account()
        what = f"the systemd of this account is not running, as {person} is not logged in"
        hint = (
            f"Log in as {person} (su and sudo do not count), or "
            f"let it run without a login: {LET_LINGER.format(account=quote(person))}"
        )
    return ClodputerError("systemd_unreachable", what, hint)


def account() -> str:
    """The name of this account."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def lingers() -> bool:
    """Whether the manager of this account is there without anybody being logged in."""
    return os.path.exists(f"{LINGER}/{flag(account())}")


def flag(name: str) -> str:
    """The name of the file that says that an account lingers: logind writes `DOMAIN\\\\person` for `DOMAIN\\person`. Pure."""
    letters = (
        f"\\{chr(byte)}" if byte in b"\\\"'" else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in os.fsencode(name)
    )
    return "".join(letters)
