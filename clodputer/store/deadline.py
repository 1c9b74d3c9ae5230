"""Looking at what may hang: in a child process and under a deadline, so that a dead mount holds up nobody but itself."""

# A process that asks a network file system whose server is gone sleeps inside the kernel, and perhaps no signal ends it. So a
# child asks. If it does not come back it is left behind, and a lock that only it holds keeps anybody from sending a second one.
from __future__ import annotations

import fcntl
import os
import select
import signal
from contextlib import suppress
from json import dumps, loads
from time import monotonic
from typing import Any, Callable

_CHUNK = 1 << 20
_STDERR = 2


_left_behind: set[int] = set()


class StillLooking(Exception):
    """The last look at this has not come back yet."""


class LookFailed(Exception):
    """The child was killed, or failed in a way that nobody foresaw; the message says how."""


def within(seconds: float, look: Callable[[], Any], lock: str = "") -> Any:
    """What `look` returns, which JSON can hold; called in a child process, which holds the file `lock` while it lives.

    Raises TimeoutError when it takes longer than that, StillLooking at once when an earlier child of this lock is still
    there, OSError as `look` does, and LookFailed for whatever else goes wrong in the child.
    """
    held = _locked(lock) if lock else -1
    try:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _answer(look, writer, held)
        os.close(writer)
        try:
            answer = _read(reader, monotonic() + seconds)
        finally:
            os.close(reader)
    finally:
        if held >= 0:
            os.close(held)
    if answer is None:
        _left_behind.add(child)
        raise TimeoutError
    os.waitpid(child, 0)
    return _result(answer)


def left_behind() -> frozenset[int]:
    """The process ids of children that have not come back: they belong to no run."""
    return frozenset(_left_behind)


def keep_only(*kept: int) -> None:
    """Close every inherited descriptor but these, in a process that was just forked; the standard ones become /dev/null.

    Locks among them are the parent's, and whoever reads our output waits for its end.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(_STDERR + 1):
        if standard not in kept:  # we may have been started with some of the three closed
            os.dup2(nothing, standard)
    for name in os.listdir("/dev/fd"):
        if int(name) > _STDERR and int(name) not in kept:
            with suppress(OSError):  # the descriptor by which the folder was listed is closed already
                os.close(int(name))


def _locked(path: str) -> int:
    """The descriptor of a lock that is ours, and the child's from the fork on, who alone ends it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise StillLooking from None
    return held


def _answer(look: Callable[[], Any], writer: int, held: int) -> None:
    """The child: look, tell, and end without anything of what the parent would do at its end."""
    try:
        signal.set_wakeup_fd(-1)
        os.setsid()  # a terminal that is closed, or Ctrl-C in it, is no concern of the child
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        keep_only(writer, held)
        try:
            answer = {"value": look()}
        except OSError as error:
            answer = {"errno": error.errno, "strerror": error.strerror, "filename": _text(error.filename)}
        except Exception as error:  # noqa: BLE001  (the parent raises it)
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        data = dumps(answer).encode()
        while data:
            data = data[os.write(writer, data) :]
    finally:
        os._exit(0)


def _read(reader: int, until: float) -> Any:
    """All that comes until the other end is closed; None when that is not so in time."""
    found = bytearray()
    answers = select.poll()
    answers.register(reader, select.POLLIN | select.POLLHUP)
    while True:
        if not answers.poll(max(0.0, until - monotonic()) * 1000):
            return None
        some = os.read(reader, _CHUNK)
        if not some:
            return bytes(found)
        found += some


def _result(answer: bytes) -> Any:
    try:
        fields = loads(answer)
    except ValueError:
        raise LookFailed("the process that was to look at it was killed") from None
    if "value" in fields:
        return fields["value"]
    if "error" in fields:
        raise LookFailed(f"an internal error: {fields['error']}")
    raise OSError(fields["errno"], fields["strerror"], fields["filename"])


def _text(name: Any) -> Any:
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else None
