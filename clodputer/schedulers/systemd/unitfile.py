"""Where systemd keeps a person's units, the links that enable them and the stamps of timers; and our mark in them."""

from __future__ import annotations

import os
import re
from typing import Optional

from clodputer.schedulers.mark import Mark
from clodputer.schedulers.unit import Frame, home_tag, unit_stem

PREFIX = "clodputer-"
SERVICE, TIMER, PATH, SOCKET = ".service", ".timer", ".path", ".socket"
# The service of a socket is a template: systemd makes an instance of it for each connection, and can be asked of these only.
TEMPLATE = f"@{SERVICE}"
SUFFIXES = (SERVICE, TIMER, PATH, SOCKET, TEMPLATE)
# What pulls in timers and paths; services are started by these only.
WANTS = {TIMER: "timers.target.wants", PATH: "paths.target.wants", SOCKET: "sockets.target.wants"}

_MARK = re.compile(r"# clodputer-unit home=(\S+) kind=(\S+) task=(\S*)")
# A unit is some kilobytes long; a file that is larger is not ours.
_LONGEST = 1 << 20


def folder(frame: Frame) -> str:
    """Where the units are written: `~/.config/systemd/user`, or below XDG_CONFIG_HOME."""
    return f"{_base('XDG_CONFIG_HOME', f'{frame.account}/.config')}/systemd/user"


def stamp(frame: Frame, timer: str) -> str:
    """The file in which systemd keeps when a timer last went off."""
    return f"{_base('XDG_DATA_HOME', f'{frame.account}/.local/share')}/systemd/timers/stamp-{timer}"


def link(frame: Frame, unit: str) -> str:
    """The link that has a timer or path unit started with the manager."""
    return f"{folder(frame)}/{WANTS[os.path.splitext(unit)[1]]}/{unit}"


def _base(variable: str, usual: str) -> str:
    named = os.environ.get(variable, "")
    # The specification has relative ones ignored.
    return named.rstrip("/") if named.startswith("/") else usual


def name(frame: Frame, kind: str, task: str = "") -> str:
    """The name of a unit without its suffix."""
    return PREFIX + unit_stem(frame.home, frame.account, kind, task)


def is_of_this_home(frame: Frame, unit: str) -> bool:
    """Whether a unit that left no file behind is named like those of this home."""
    tag = home_tag(frame.home, frame.account)
    ours = re.escape(f"{PREFIX}{tag}-" if tag else PREFIX)
    return bool(re.fullmatch(rf"{ours}(task-[a-z0-9-]+|spool|sweep|webhooks)", unit))


def stem(unit: str) -> str:
    """The name of a unit file without its suffix, which all files of one unit of ours share."""
    return unit[: -len(TEMPLATE)] if unit.endswith(TEMPLATE) else os.path.splitext(unit)[0]


def mark(home: str, kind: str, task: str) -> str:
    """The line by which one of our units is known, in ASCII letters only."""
    home, kind, task = Mark(home, kind, task).coded()
    return f"# clodputer-unit home={home} kind={kind} task={task}"


def marked(text: str) -> Optional[Mark]:
    """The mark of one of our units; None when it is somebody else's."""
    match = _MARK.fullmatch(text.partition("\n")[0])
    return None if match is None else Mark(*match.groups()).decoded()


def read(path: str) -> Optional[str]:
    """The text of a file that may be one of our units; None when there is none, or what is there cannot be one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        try:
            data = file.read(_LONGEST + 1)
        except OSError:
            return None
    return None if len(data) > _LONGEST else data.decode("utf-8", "surrogateescape")
