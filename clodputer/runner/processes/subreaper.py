"""The subreaper: on Linux, orphans among our descendants become our own children, so that none of them is lost."""

from __future__ import annotations

import os
from ctypes import CDLL, c_ulong

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def become() -> bool:
    """Be one from now on, which a fork does not inherit; whether we are.

    Catches even `env -i setsid`, which no tag and no session would.
    """
    if not os.path.exists("/proc/self/stat"):
        return False
    none = c_ulong(0)
    try:
        return bool(CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, c_ulong(1), none, none, none) == 0)
    except (OSError, AttributeError):
        return False
