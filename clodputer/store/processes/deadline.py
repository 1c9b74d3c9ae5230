"""Work that may hang or run away, done in a child process under a deadline, so that it holds up nobody but itself."""

# A process that asks a network file system whose server is gone sleeps inside the kernel, and perhaps no signal ends it. So a
# child asks. If it does not come back it is left behind, and a lock that only it holds keeps anybody from sending a second one.
# A search with somebody else's regular expression, or a template, can take forever or all memory: so a child does it as well.
from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
from contextlib import suppress
from json import dumps, loads
from time import monotonic, sleep
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.errors import ClodputerError, error_from_json, error_to_json
from clodputer.store.processes import tied

_CHUNK = 1 << 20
_STDERR = 2
# How long a child that was killed is waited for, in seconds, and how often it is looked at.
_KILLED_WITHIN, _GLANCE = 1.0, 0.005


_left_behind: set[int] = set()


class Limits(NamedTuple):
    """What a child may use: processor time in seconds, memory beyond its parent's in bytes, and bytes of its answer."""

    processor: int
    memory: int
    answer: int


class StillWorking(Exception):
    """The child that holds this lock has not come back yet."""


class WorkFailed(Exception):
    """The child failed in a way that nobody foresaw; the message says how."""


class WorkKilled(WorkFailed):
    """A signal ended the child, or it could not say what went wrong; `signal` is its number, 0 for none."""

    def __init__(self, number: int) -> None:
        super().__init__("the process that should look at it was killed")
        self.signal = number


def within(seconds: float, work: Callable[[], Any], lock: str = "", limits: Optional[Limits] = None) -> Any:
    """What `work` returns, which JSON can hold; called in a child process, which holds the file `lock` while it lives.

    Raises TimeoutError when it takes longer than that. A child with a lock is then left to itself, any other is killed.
    Raises StillWorking at once when an earlier child of this lock is still there, OSError and ClodputerError as `work`
    does, OverflowError for an answer larger than the limits allow, and WorkFailed for whatever else goes wrong in the child.
    """
    held = _locked(lock) if lock else -1
    try:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _answer(work, writer, held, limits)
        os.close(writer)
        try:
            answer = _read(reader, monotonic() + seconds, limits)
        except BaseException:
            if lock or not _killed(child):
                _left_behind.add(child)
            raise
        finally:
            os.close(reader)
    finally:
        if held >= 0:
            os.close(held)
    _, status = os.waitpid(child, 0)
    return _result(answer, status)


def beside(work: Callable[[], Any], lock: str, kept: tuple[int, ...] = ()) -> int:
    """Have a child do `work` beside us, which holds the file `lock` while it lives; its process id. Nobody reads its answer.

    kept: our descriptors that it works with.
    It belongs to no run (`left_behind`), it bounds its own time, and is asked to end when we die. Raises StillWorking at once
    when an earlier child of this lock is still there, and OSError.
    """
    held, ours = _locked(lock), os.getpid()
    try:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _answer(work, writer, held, None, kept, ours)
        os.close(reader)
        os.close(writer)
    finally:
        os.close(held)
    _left_behind.add(child)
    return child


def is_over(child: int) -> bool:
    """Whether a child that was left to itself, or works beside us, has ended; it is reaped then."""
    try:
        ended = os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        ended = True  # somebody else has reaped it
    if ended:
        _left_behind.discard(child)
    return ended


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
        raise StillWorking from None
    return held


def _killed(child: int) -> bool:
    """Kill one of our children and reap it; False for one that sleeps inside the kernel and cannot be killed."""
    os.kill(child, signal.SIGKILL)
    give_up = monotonic() + _KILLED_WITHIN
    while not os.waitpid(child, os.WNOHANG)[0]:
        if monotonic() > give_up:
            return False
        sleep(_GLANCE)
    return True


def _answer(
    work: Callable[[], Any],
    writer: int,
    held: int,
    limits: Optional[Limits],
    kept: tuple[int, ...] = (),
    parent: int = 0,
) -> None:
    """The child: work, answer, and end without doing anything that the parent would do at its end.

    parent: whose death is to end it, as well; 0 for nobody's.
    """
    try:
        signal.set_wakeup_fd(-1)
        if held >= 0:
            os.setsid()  # it may outlive us: a terminal that is closed, or Ctrl-C in it, must not end it
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if parent:
            tied.end_with_parent(parent)
        keep_only(writer, held, *kept)
        if limits is not None:
            _limit(resource.RLIMIT_CPU, limits.processor)
            mapped = _mapped()
            if mapped:
                _limit(resource.RLIMIT_AS, mapped + limits.memory)
        try:
            answer = {"value": work()}
        except (OSError, ClodputerError) as error:
            answer = {"error": error_to_json(error)}
        except Exception as error:  # noqa: BLE001  (the parent raises it)
            answer = {"fault": f"{type(error).__name__}: {error}"[:500]}
        data = dumps(answer).encode()
        while data:
            data = data[os.write(writer, data) :]
    finally:
        os._exit(0)


def _limit(kind: int, most: int) -> None:
    """Lower a limit of this process, as far as the system has it."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    # macOS takes no limit of the address space; there the deadline ends what grows.
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (most, hard))


def _mapped() -> int:
    """How much of the address space this process has mapped, in bytes; 0 where nobody says."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return 0


def _read(reader: int, until: float, limits: Optional[Limits]) -> bytes:
    """What comes until the end. Raises TimeoutError when it takes too long, OverflowError when it is too much."""
    found = bytearray()
    answers = select.poll()
    answers.register(reader, select.POLLIN | select.POLLHUP)
    while True:
        if not answers.poll(max(0.0, until - monotonic()) * 1000):
            raise TimeoutError
        some = os.read(reader, _CHUNK)
        if not some:
            return bytes(found)
        found += some
        if limits is not None and len(found) > limits.answer:
            raise OverflowError(f"the answer has more than {limits.answer} bytes")


def _result(answer: bytes, status: int) -> Any:
    try:
        fields = loads(answer)
    except ValueError:
        raise WorkKilled(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0) from None
    if "value" in fields:
        return fields["value"]
    if "error" in fields:
        raise error_from_json(fields["error"])
    raise WorkFailed(f"an internal error: {fields['fault']}")
