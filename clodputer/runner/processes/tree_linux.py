"""Processes as Linux shows them in /proc: a look at our own tree costs the same however busy the machine is."""

from __future__ import annotations

import os
import signal
import sys
from time import time
from typing import Optional

from clodputer.runner.processes.leftovers.recorded import Process, descendants, shorten

# Of /proc/<pid>/stat, counted behind the name in brackets, which may itself hold spaces and brackets (proc(5)).
STATE, PARENT, SESSION, STARTED = 0, 1, 3, 19

TICKS = os.sysconf("SC_CLK_TCK")
CHUNK = 65536
# What the kernel gives at a time of a list that it makes up as it is read; a shorter piece is not certain to be all.
PAGE = 2048

_boot = ""
_has_lists: Optional[bool] = None


def find(pid: int) -> Optional[Process]:
    """The process that has this number now."""
    data = _read(f"/proc/{pid}/stat")
    fields = data[data.rfind(b")") + 2 :].split()
    if len(fields) <= STARTED:
        return None
    # Start times count from the boot: without its id, a process of the last boot could seem to be one of this one.
    started = f"{_boot_id()}/{fields[STARTED].decode()}"
    return Process(pid, started, int(fields[SESSION]), int(fields[PARENT]), fields[STATE] in (b"Z", b"X"))


def everyone() -> list[Process]:
    """Every process of the machine that we may see."""
    found = (find(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process]


def below(pid: int, spare: frozenset[int] = frozenset()) -> list[Process]:
    """Its descendants, without those in `spare` and theirs.

    One that is being started or reparented in this moment can be missing.
    """
    if not _lists_children():
        return descendants(everyone(), (pid,), spare)
    found: list[Process] = []
    left = [pid]
    while left:
        for child in children(left.pop()):
            process = None if child in spare else find(child)
            if process:
                found.append(process)
                left.append(child)
    return found


def children(pid: int) -> list[int]:
    """The numbers of its children, zombies among them."""
    if not _lists_children():
        return [process.pid for process in everyone() if process.parent == pid]
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    return [
        int(child) for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split()
    ]


def childless(spare: frozenset[int] = frozenset()) -> bool:
    """Whether we ourselves have no child at all, those in `spare` aside.

    The list in /proc can be short of one while another is leaving it (proc(5)), but the kernel's own answer is not.
    """
    if sys.platform == "linux" and not spare:
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return True
        return False
    return not any(process.parent == os.getpid() and process.pid not in spare for process in everyone())


def tagged(pid: int, run_id: str) -> bool:
    """Whether it belongs to our user and was started with CLODPUTER_RUN_ID=<run_id>."""
    environ = _read(f"/proc/{pid}/environ")
    if f"\0CLODPUTER_RUN_ID={run_id}\0".encode() not in b"\0" + environ + b"\0":
        return False
    try:
        return os.stat(f"/proc/{pid}").st_uid == os.getuid()
    except OSError:
        return False


def writes(pid: int, files: frozenset[tuple[int, int]]) -> bool:
    """Whether it belongs to our user and has one of these files, given as (device, inode), open for writing alone.

    As an agent and its children have them; whoever looks at a run's output opens it for reading.
    """
    if not files:
        return False
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")  # refused unless it is ours
        if os.stat(f"/proc/{pid}").st_uid != os.getuid():
            return False
    except OSError:
        return False
    for descriptor in descriptors:
        try:
            status = os.stat(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in files:
            flags = _read(f"/proc/{pid}/fdinfo/{descriptor}").partition(b"flags:")[2].split()[:1]
            if flags and int(flags[0], 8) & os.O_ACCMODE == os.O_WRONLY:
                return True
    return False


def command(pid: int) -> str:
    """The beginning of its command line, or its name in brackets when it has none."""
    words = _read(f"/proc/{pid}/cmdline", 8 * 1024).replace(b"\0", b" ").strip()
    text = words or b"[" + _read(f"/proc/{pid}/comm").strip() + b"]"
    return shorten(text.decode("utf-8", "replace"))


def same(one: str, other: str) -> bool:
    """Whether two `started` are one moment."""
    return one == other


def moment(started: str) -> Optional[float]:
    """Seconds since this boot; None when it is of another boot, or unreadable."""
    boot, _, ticks = started.partition("/")
    return int(ticks) / TICKS if boot == _boot_id() and ticks.isdecimal() else None


def moment_at(epoch: float) -> float:
    """A time of day in seconds since this boot."""
    return epoch - time() + float(_read("/proc/uptime").split()[0])


def kill(process: Process) -> None:
    """SIGKILL, if the number still belongs to the process that started then.

    A pidfd holds on to whoever has the number now; if that is the right one, so is the one that is killed
    (pidfd_open(2), Linux 5.3). Where it is not to be had, some microseconds lie between the look and the kill.
    """
    handle = -1
    open_pidfd, send = getattr(os, "pidfd_open", None), getattr(signal, "pidfd_send_signal", None)
    if open_pidfd and send:
        try:
            handle = open_pidfd(process.pid)
        except OSError:
            pass
    try:
        found = find(process.pid)
        if found is not None and found.started == process.started:
            if handle >= 0 and send:
                send(handle, signal.SIGKILL)
            else:
                os.kill(process.pid, signal.SIGKILL)
    except OSError:
        pass
    finally:
        if handle >= 0:
            os.close(handle)


def _lists_children() -> bool:
    # Only a kernel without CONFIG_PROC_CHILDREN has no such file; those of the distributions have it.
    global _has_lists
    if _has_lists is None:
        _has_lists = os.path.exists("/proc/thread-self/children")
    return _has_lists


def _boot_id() -> str:
    global _boot
    if not _boot:
        _boot = _read("/proc/sys/kernel/random/boot_id").decode().strip()
    return _boot


def _read(path: str, most: int = 1 << 30) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        data = piece = os.read(file, CHUNK)
        # A small file comes in one piece, and most are small: a second read of each would cost a quarter of the look.
        while len(piece) >= PAGE and len(data) < most:
            piece = os.read(file, CHUNK)
            data += piece
        return data
    except OSError:  # it ended between the two calls
        return b""
    finally:
        os.close(file)
