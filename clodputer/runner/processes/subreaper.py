"""The subreaper: on Linux, orphans among our descendants become our own children, so that none of them is lost."""

from __future__ import annotations

import os

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def become() -> bool:
    """Be one from now on, which a fork does not inherit; whether we are.

    Catches even `env -i setsid`, which no tag and no session would (claude-cli 6).
    """
    if not os.path.exists("/proc/self/stat"):
        return False
    try:
        # The C half of `ctypes`, whose other half costs a quarter of the start of a bare Python.
        from _ctypes import call_function, dlopen, dlsym

        ourselves = dlopen(None, 0)  # type: ignore[arg-type]
        return bool(call_function(dlsym(ourselves, "prctl"), (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)) == 0)
    except (ImportError, OSError, AttributeError):
        return _become_by_ctypes()


def _become_by_ctypes() -> bool:
    try:
        from ctypes import CDLL, c_ulong

        none = c_ulong(0)
        return bool(CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, c_ulong(1), none, none, none) == 0)
    except (ImportError, OSError, AttributeError):
        return False
