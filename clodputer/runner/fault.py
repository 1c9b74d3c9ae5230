"""Faults: which of them are charged to the request at hand, how one is reported, and a hook that raises them for tests."""

from __future__ import annotations

import errno
import os
from time import time
from types import TracebackType
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.store.context import Context
from clodputer.store.files.doing import doing, said
from clodputer.store.program import incomplete

# What the machine has run out of or has lost: every request would fail, and each of them waits until that is over.
SURROUNDINGS = frozenset(
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,  # ulimit -f
        errno.EAGAIN,  # no more processes
        errno.EROFS,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EIO,
        errno.ESTALE,
    )
)

# How often a request may fail in one exec before it is given up.
TRIES = 3

HOOK = "CLODPUTER_FAULT"

# The steps of a drain that belong to no single request, in words.
_STEPS = {
    "logins": "checking whether a login has changed",
    "due": "checking what is due",
    "joins": "checking whether everything that a task waits for has ended",
    "items": "releasing requests that waited for this run",
    "plugins": "polling a plugin",
    "tools": "running a tool for its report",
    "promote": "queueing requests whose time has come",
    "budgets": "checking whether a budget is nearly spent",
    "breaker": "checking whether a breaker has opened",
    "metrics": "writing metrics",
    "report": "writing the report",
    "tidy": "tidying up old runs and logs",
}


def reach(context: Context, step: str, request_id: str = "") -> None:
    """Raise an internal fault when CLODPUTER_FAULT names this step, as `STEP` or `STEP@REQUEST`: for tests alone."""
    if context.environ.get(HOOK, "") in (step, f"{step}@{request_id}"):
        raise RuntimeError(f"a fault injected at the step {step}")


def charged(error: Exception) -> bool:
    """Whether the request at hand, or whatever else was being looked at, may be the cause of an error."""
    if isinstance(error, OSError):
        return error.errno not in SURROUNDINGS
    # What is missing from the installation is wrong for every request.
    return not isinstance(error, ClodputerError) and not incomplete.missing(error)


def report(context: Context, error: Exception, step: str, request_id: str = "", lane: str = "") -> None:
    """Log an error that is not passed on. Raises OSError."""
    where = f" ({_raised_at(error.__traceback__)})" if error.__traceback__ else ""
    context.log(
        time(),
        "fault",
        request_id=request_id or None,
        lane=lane or None,
        step=step,
        message=f"{type(error).__name__}: {said(error) if isinstance(error, OSError) else error}{where}",
    )


def _raised_at(trace: TracebackType) -> str:
    """The file and line of the last step of a traceback, such as `queue.py:42`."""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


def contained(context: Context, step: str, work: Callable[[], object]) -> None:
    """Do what must not keep the rest of the drain from being done: what goes wrong in it is logged. Raises OSError."""
    try:
        reach(context, step)
        with doing(_STEPS[step], context.home.root):
            work()
    except Exception as error:
        if not charged(error):
            raise
        report(context, error, step)
