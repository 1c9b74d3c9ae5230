"""What a process is to us: its number together with the moment it started, so that nobody else is taken for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

LONGEST_COMMAND = 200


class Identity(NamedTuple):
    """A process for good, across pid reuse and reboots; `started` can be compared and is not for reading."""

    pid: int
    started: str
    session: int


def written(who: Optional[Identity]) -> str:
    """An identity in one line, as `read` reads it."""
    return f"{who.pid} {who.session} {who.started}" if who else ""


def read(line: str) -> Optional[Identity]:
    """The identity that `written` wrote; None when it is none."""
    pid, _, rest = line.partition(" ")
    session, _, started = rest.partition(" ")
    if not (pid.isdecimal() and session.isdecimal() and started):
        return None
    return Identity(int(pid), started, int(session))


class Process(NamedTuple):
    """A process as it is now. ended: it is a zombie."""

    pid: int
    started: str
    session: int
    parent: int
    ended: bool

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return Identity(self.pid, self.started, self.session)


def read_identities(value: Any) -> tuple[Identity, ...]:
    """Identities as JSON has them, `[[pid, started, session], ...]`; what is none is left out, for we kill by these."""
    found = []
    for item in value if isinstance(value, (list, tuple)) else ():
        if isinstance(item, (list, tuple)) and len(item) == 3:
            pid, started, session = item
            if type(pid) is int and type(started) is str and type(session) is int:
                found.append(Identity(pid, started, session))
    return tuple(found)


def descendants(
    everyone: Iterable[Process], roots: Iterable[int], spare: frozenset[int] = frozenset()
) -> list[Process]:
    """Those whose chain of parents leads to one of `roots`, which are not among them themselves. Pure."""
    children: dict[int, list[Process]] = {}
    for process in everyone:
        children.setdefault(process.parent, []).append(process)
    found: dict[int, Process] = {}
    left = list(roots)
    while left:
        for child in children.get(left.pop(), ()):
            if child.pid not in found and child.pid not in spare:
                found[child.pid] = child
                left.append(child.pid)
    return list(found.values())


def shorten(command: str) -> str:
    """A command line cut between two words: half of a secret could no longer be recognised and masked."""
    if len(command) <= LONGEST_COMMAND:
        return command
    head = command[:LONGEST_COMMAND]
    return head.rpartition(" ")[0] or head
