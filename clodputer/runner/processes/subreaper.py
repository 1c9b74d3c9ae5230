"""What Linux does for a process that asks for it: it adopts orphans, and has a name."""

from __future__ import annotations

import os
from ctypes import CDLL, c_char_p, c_ulong
from typing import Union

PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36  # prctl(2)


def become() -> bool:
    """Be a subreaper from now on: orphans among our descendants become our own children; whether we are.

    A fork does not inherit that. It catches even `env -i setsid`, which no tag and no session would.
    """
    return _prctl(PR_SET_CHILD_SUBREAPER, c_ulong(1))


def be_named(name: str) -> None:
    """Be shown by this name (15 characters at most) in lists of processes, where the platform is Linux."""
    _prctl(PR_SET_NAME, c_char_p(name.encode()))


def _prctl(option: int, argument: Union[c_ulong, c_char_p]) -> bool:
    if not os.path.exists("/proc/self/stat"):
        return False
    none = c_ulong(0)
    try:
        return bool(CDLL(None).prctl(option, argument, none, none, none) == 0)
    except (OSError, AttributeError):
        return False
