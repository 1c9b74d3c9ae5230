"""The look at processes that this platform offers: one protocol, one module for each way."""

from __future__ import annotations

import sys
from typing import Optional, Protocol

from clodputer.runner.processes import tree_linux
from clodputer.runner.processes.leftovers.recorded import Identity, Process


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

    def writes(self, pid: int, files: frozenset[tuple[int, int]]) -> bool:
        """Whether it belongs to our user and has one of these files, given as (device, inode), open for writing alone."""

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


def native() -> Tree:
    """What suits this platform; psutil only where there is nothing else, for it scans the machine to find a child."""
    if sys.platform.startswith("linux"):
        return tree_linux
    from clodputer.runner.processes import tree_psutil

    return tree_psutil


def identity(pid: int) -> Optional[Identity]:
    """Who has this number now, if anybody."""
    process = native().find(pid)
    return process.identity if process else None


def alive(who: Identity, tree: Optional[Tree] = None) -> bool:
    """Whether that very process is still there and no zombie."""
    tree = tree or native()
    process = tree.find(who.pid)
    return process is not None and not process.ended and tree.same(process.started, who.started)
