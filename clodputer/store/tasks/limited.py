"""Work that templates ask for, done in a child process with limits of time and memory: a template can run away."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import select
import signal
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

from clodputer.model.errors import ClodputerError
from clodputer.store.tasks.template_terms import CannotRender

Value = TypeVar("Value")

# Of processor time; by the clock on the wall a busy machine gets longer.
SECONDS = 5
PATIENCE = 15
MEMORY = 512 * 1024 * 1024
# What a child may answer: a prompt of the largest size, some letters of which take several bytes, and its task.
LARGEST_ANSWER = 64 * 1024 * 1024

_TOO_LONG = f"the template takes longer than {SECONDS} s to fill in; make it simpler"
_TOO_LARGE = f"the template needs more than {MEMORY // 1024**2} MB of memory; make it simpler"
# Errors that come back from the child as they are. Anything else is a fault of ours, and its traceback is kept.
_PASSED_ON = (CannotRender, ClodputerError, ImportError, OSError)

_inside = False


def call(function: Callable[..., Value], *arguments: Any) -> Value:
    """What the function returns, worked out in a child; within one such call others are made directly.

    The value, and the errors in _PASSED_ON, are handed back by pickle. Raises CannotRender too
    when the child exceeds a limit.
    """
    if _inside:
        return function(*arguments)
    readable, writable = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(readable)
        _child(writable, function, arguments)
    os.close(writable)
    try:
        answer = _read(readable, monotonic() + PATIENCE)
    finally:
        os.close(readable)
        _kill(pid)
        _, status = os.waitpid(pid, 0)
    if not answer:
        raise CannotRender(_TOO_LONG if _by_clock(status) else _TOO_LARGE)
    succeeded, value = pickle.loads(answer)  # noqa: S301  (our own child wrote it)
    if not succeeded:
        raise value
    found: Value = value
    return found


def _read(descriptor: int, deadline: float) -> bytes:
    """All that the child writes; nothing if it does not come to its end in time."""
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            return b""
        part = os.read(descriptor, 1024 * 1024)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise CannotRender(_TOO_LARGE)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _by_clock(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU)


def _child(descriptor: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Work and answer; never returns."""
    global _inside
    status = 1
    try:
        # Of the parent's: a signal that stops exec stops this at once.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _inside = True
        gc.disable()
        _limit(resource.RLIMIT_CPU, SECONDS)
        _limit(resource.RLIMIT_AS, _mapped() + MEMORY)
        try:
            answer = (True, function(*arguments))
        except _PASSED_ON as error:
            answer = (False, error)
        except MemoryError:
            answer = (False, CannotRender(_TOO_LARGE))
        content = pickle.dumps(answer)
        while content:
            content = content[os.write(descriptor, content) :]
        status = 0
    except BaseException as error:  # noqa: BLE001  (nothing may run on in the child as if it were the parent)
        try:
            content = pickle.dumps((False, RuntimeError(f"while a template was filled in: {error!r}")))
            os.write(descriptor, content)
        except BaseException:  # noqa: BLE001, S110
            pass
    finally:
        os._exit(status)


def _limit(kind: int, most: int) -> None:
    """Lower a limit of this process, as far as the system has it."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    try:
        resource.setrlimit(kind, (most, hard))
    except (OSError, ValueError):
        pass  # macOS takes no limit of the address space; the clock ends a template there.


def _mapped() -> int:
    """How much of the address space this process has mapped, in bytes."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return sys.maxsize // 2 - MEMORY
