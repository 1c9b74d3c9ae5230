"""Processes as psutil shows them, where there is no /proc to read: macOS."""

from __future__ import annotations

import os
import signal
from typing import Optional

import psutil

from clodputer.runner.processes.leftovers.recorded import Process, descendants, shorten

# psutil computes start times from the boot time, which moves a little when the clock is set. A number cannot come round
# again in this time: macOS hands out 99,999 of them in order.
TOLERANCE = 1.5


def find(pid: int) -> Optional[Process]:
    """The process that has this number now."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            ended = process.status() == psutil.STATUS_ZOMBIE
            return Process(pid, f"{process.create_time():.2f}", _session(pid), process.ppid(), ended)
    except (psutil.Error, OSError):
        return None


def everyone() -> list[Process]:
    """Every process of the machine that we may see."""
    found = (find(pid) for pid in psutil.pids())
    return [process for process in found if process]


def below(pid: int, spare: frozenset[int] = frozenset()) -> list[Process]:
    """Its descendants, without those in `spare` and theirs."""
    return descendants(everyone(), (pid,), spare)


def tagged(pid: int, run_id: str) -> bool:
    """Whether it belongs to our user and was started with CLODPUTER_RUN_ID=<run_id>.

    Since macOS 11 Apple's own programs do not show their environment (psutil issue 2084), so this alone is not enough.
    """
    try:
        process = psutil.Process(pid)
        return process.uids().real == os.getuid() and process.environ().get("CLODPUTER_RUN_ID") == run_id
    except (psutil.Error, OSError):
        return False


def writes(pid: int, files: frozenset[tuple[int, int]]) -> bool:  # noqa: ARG001
    """Whether it has one of these files open for writing: macOS does not show that, so nobody is found by it."""
    return False


def command(pid: int) -> str:
    """The beginning of its command line, or its name in brackets when it shows none."""
    try:
        process = psutil.Process(pid)
        try:
            words = process.cmdline()
        except psutil.AccessDenied:
            words = []
        return shorten(" ".join(words).strip() or f"[{process.name()}]")
    except (psutil.Error, OSError):
        return "[]"


def same(one: str, other: str) -> bool:
    """Whether two `started` are one moment."""
    first, second = _seconds(one), _seconds(other)
    return first is not None and second is not None and abs(first - second) <= TOLERANCE


def moment(started: str) -> Optional[float]:
    """Epoch seconds; None when it was before this boot, or is unreadable."""
    seconds = _seconds(started)
    return seconds if seconds is not None and seconds >= psutil.boot_time() - TOLERANCE else None


def moment_at(epoch: float) -> float:
    """A time of day in epoch seconds."""
    return epoch


def kill(process: Process) -> None:
    """SIGKILL, if the number still belongs to the process that started then."""
    found = find(process.pid)
    if found is not None and same(found.started, process.started):
        try:
            os.kill(process.pid, signal.SIGKILL)
        except OSError:
            pass


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except PermissionError:
        return 0


def _seconds(started: str) -> Optional[float]:
    try:
        return float(started)
    except ValueError:
        return None
