"""Tied: a child that is asked to end when its parent dies, however that dies; Linux alone does this for a process."""

from __future__ import annotations

import os
import signal
import sys
from ctypes import CDLL, c_ulong
from typing import Any, Callable, Optional

PR_SET_PDEATHSIG = 1  # prctl(2)
_LINUX = os.path.exists("/proc/self/stat")
_library: Any = None


def end_with_parent(parent: int = 0) -> None:
    """Be sent SIGTERM when our parent dies. parent: its process id; one that is dead already ends us at once."""
    if not _LINUX:
        return
    none = c_ulong(0)
    try:
        _c().prctl(PR_SET_PDEATHSIG, c_ulong(signal.SIGTERM), none, none, none)
    except (OSError, AttributeError):
        return
    if parent and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def before_exec() -> Optional[Callable[[], None]]:
    """What one of our children does between fork and exec so that its program ends when we die; None where that cannot
    be had."""
    threading = sys.modules.get("threading")
    # With several threads no Python may run between the two, and the death of one thread would count for that of all.
    if not _LINUX or (threading is not None and threading.active_count() > 1):
        return None
    _c()  # not in the child: it only calls what is loaded
    ours = os.getpid()
    return lambda: end_with_parent(ours)


def _c() -> Any:
    global _library
    if _library is None:
        _library = CDLL(None)
    return _library
