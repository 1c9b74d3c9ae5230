"""The fast door of `receive`, which the scheduler starts for each connection of a webhook's sender, with it as stdin."""

# Neither click nor anything of tasks is imported: senders wait a few seconds, and two hundred may come at once.
from __future__ import annotations

import os
import socket
import stat


def parse(arguments: list[str]) -> bool:
    """Whether it is called as a scheduler calls it; else click answers (help, mistakes)."""
    try:
        return not arguments and stat.S_ISSOCK(os.fstat(0).st_mode)
    except OSError:
        return False


def serve() -> int:
    """Serve the connection that is stdin. 0 also for a refused request: the exit code says something about us, not
    about strangers."""
    from clodputer.runner.receive import serve as served

    connection = socket.socket(fileno=os.dup(0))
    # launchd makes the connection stdout and stderr as well; what Python has to say is no answer for strangers.
    for descriptor in (1, 2):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode) and os.path.samestat(
                os.fstat(descriptor), os.fstat(0)
            ):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
        except OSError:
            continue
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    served(connection, os.environ)
    return 0
