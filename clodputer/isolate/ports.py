"""The resource `ports`: a block of 100 ports that no other run of this home has; the run knows its first one as PORT_BASE."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Optional

from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import Key
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate import provision
from clodputer.model.task import Task
from clodputer.store.computer import ports
from clodputer.store.home import locate

KEYS: tuple[Key, ...] = provision.KEYS
LATE, STAYS = True, False

# The code of the error that keeps a run from starting; the reason of the same name says whether it is tried again.
NONE_FREE = "no_ports"


def plan(task: Optional[Task], environ: Mapping[str, str], run_id: str) -> Optional[dict[str, Any]]:
    """Whose block it is, and where blocks are recorded; None for a task that prepares nothing and has no worktree."""
    if task is not None and not (task.setup or task.teardown or task.in_worktree):
        return None
    return {"place": locate(environ).ports, "run_id": run_id}


def enter(token: Mapping[str, Any]) -> Prepared:
    """Take a block in which nobody listens. Raises ClodputerError (NONE_FREE), OSError."""
    folder, run_id = str(token["place"]), str(token["run_id"])
    base = ports.take(folder, run_id, listened_to)
    if base is None:
        raise ClodputerError(
            NONE_FREE,
            f"each block of {provision.BLOCK} ports from {provision.FIRST_PORT} to {provision.LAST_PORT} is taken, or a "
            "program listens in it",
            "See who does: ss -ltnp, or lsof -iTCP -sTCP:LISTEN",
        )
    return Prepared(environ={provision.VARIABLE: str(base)})


def undo(token: Mapping[str, Any]) -> None:
    """Free the block of the run, if it has one."""
    ports.free(str(token.get("place", "")), str(token.get("run_id", "")))


def listened_to(numbers: Collection[int]) -> bool:
    """Whether anybody has one of these TCP ports, on any address of this machine."""
    # As socket, for runs with a block alone.
    import errno
    import socket

    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104  (nobody is let in)
        for number in numbers:
            try:
                with socket.socket(family, socket.SOCK_STREAM) as probe:
                    if family == socket.AF_INET6:
                        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    probe.bind((host, number))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return True
                break  # this machine has no such addresses
    return False
