"""Whether webhooks can be taken, for whoever watches over this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from errno import ENOSPC
from json import dumps

from clodputer.model.errors import ClodputerError
from clodputer.runner.receive.answer import Answer
from clodputer.runner.receive.deliver import MOST_WAITING
from clodputer.store import context as contexts
from clodputer.store.due import sweeps
from clodputer.store.home import Home, locate, usable
from clodputer.store.spool import count, layout

# A drop that has lain for so long is taken in by nobody, in seconds: the sweep comes every few minutes.
STALE = 1800.0


# So much is written to see whether the disk takes it, in bytes.
TRIAL = 4096


def is_near(connection: socket.socket) -> bool:
    """Whether whoever has connected is on this machine."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return True  # a socket of this machine's files
    try:
        return is_loopback(str(connection.getpeername()[0]))
    except OSError:
        return False


def is_loopback(host: str) -> bool:
    """Whether an address is that of the machine itself, in the form in which sockets have it."""
    return host == "::1" or host.removeprefix("::ffff:").startswith("127.")


def health(environ: Mapping[str, str], now: float, *, shy: bool) -> Answer:
    """Whether webhooks can be taken, and what waits. shy: it is said to somebody beyond this machine, who learns no figures."""
    home = locate(environ)
    oldest, queued, problem = 0.0, 0, ""
    try:
        if not usable(home) or not os.access(home.new, os.W_OK | os.X_OK):
            problem = "the spool cannot be written to"
        else:
            _try(home)
            dropped = list(_dropped(home))
            oldest = max(0.0, now - min(dropped, default=now))
            lanes = layout.lanes(home)
            queued = sum(count.in_lane(home, lane).queued for lane in lanes)
            problem = "no exec takes in requests" if oldest > STALE else ""
            problem = problem or ("too much is waiting" if len(dropped) >= MOST_WAITING else "")
            contexts.look(environ)
    except OSError as error:
        problem = f"the spool cannot be read or written to: {error.strerror or type(error).__name__}"
    except ClodputerError as error:
        # Each delivery is refused for it. What is wrong is told by every command: it may name what strangers need not know.
        problem = problem or f"a setting is broken ({error.code}): clodputer status"
    status, swept = 503 if problem else 200, sweeps.age(home, now)
    if shy:
        return Answer(status, "ok\n" if status == 200 else "not ok\n")
    fields = {
        "ok": not problem,
        "problem": problem or None,
        "spool_writable": not problem.startswith("the spool"),
        "oldest_drop_seconds": round(oldest),
        "sweep_age_seconds": None if swept is None else round(swept),
        "queued": queued,
    }
    return Answer(status, dumps(fields) + "\n", kind="application/json")


def _try(home: Home) -> None:
    """Write as a webhook does, and take it away. Raises OSError: permissions say nothing of a disk that is full."""
    path = f"{home.tmp}/.healthz"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if os.write(descriptor, b"\0" * TRIAL) < TRIAL:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):  # another question's, which has taken it away
            os.unlink(path)


def _dropped(home: Home) -> Iterator[float]:
    """When each file in `new/` was written (epoch seconds). Raises OSError."""
    with os.scandir(home.new) as found:
        for entry in found:
            with suppress(FileNotFoundError):  # taken in meanwhile
                yield entry.stat(follow_symlinks=False).st_mtime
