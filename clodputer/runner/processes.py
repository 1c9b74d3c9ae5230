"""What a process is to us: its number together with the moment it started, so that nobody else is taken for it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Tree(Protocol):
        """How one platform lets us look at processes. Nothing here raises for a process that is gone or not ours."""

        def find(self, pid: int) -> Optional[Process]:
            """The process that has this number now."""

        def everyone(self) -> list[Process]:
            """Every process of the machine that we may see."""

        def below(self, pid: int, spare: frozenset[int] = frozenset()) -> list[Process]:
            """Its descendants, without those in `spare` and theirs."""

        def tagged(self, pid: int, run_id: str) -> bool:
            """Whether it belongs to our user and was started with CLODPUTER_RUN_ID=<run_id>."""

        def command(self, pid: int) -> str:
            """The beginning of its command line."""

        def same(self, one: str, other: str) -> bool:
            """Whether two `started` are one moment."""

        def moment(self, started: str) -> Optional[float]:
            """`started` in seconds on the platform's own scale; None when it is of another boot, or unreadable."""

        def moment_at(self, epoch: float) -> float:
            """A time of day on that same scale."""

        def kill(self, process: Process) -> None:
            """SIGKILL, if the number still belongs to the process that started then."""


LONGEST_COMMAND = 200


class Identity(NamedTuple):
    """A process for good, across pid reuse and reboots; `started` can be compared and is not for reading."""

    pid: int
    started: str
    session: int


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


def native() -> Tree:
    """What suits this platform; psutil only where there is nothing else, for it scans the machine to find a child."""
    if sys.platform.startswith("linux"):
        from clodputer.runner import tree_linux

        return tree_linux
    from clodputer.runner import tree_psutil

    return tree_psutil


def identity(pid: int, tree: Optional[Tree] = None) -> Optional[Identity]:
    """Who has this number now, if anybody."""
    process = (tree or native()).find(pid)
    return process.identity if process else None


def alive(who: Identity, tree: Optional[Tree] = None) -> bool:
    """Whether that very process is still there and no zombie."""
    tree = tree or native()
    process = tree.find(who.pid)
    return process is not None and not process.ended and tree.same(process.started, who.started)


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
