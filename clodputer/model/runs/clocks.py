"""The clocks of a run: which of them has run out."""

from __future__ import annotations

from typing import NamedTuple

from clodputer.model.run import Launch, Progress


class Moments(NamedTuple):
    """When a run began, when either of its output files last grew, and when stdout did; seconds of one clock."""

    began: float
    heard: float
    result: float


def expired(launch: Launch, progress: Progress, moments: Moments, now: float, unread: bool) -> str:
    """The reason for which a run is stopped at `now`, empty for none: timeout, startup_hang, exit_grace or stall.

    unread: whether something was written that the agent's progress does not know yet. It counts as heard.
    """
    if now - moments.began >= launch.timeout:
        return "timeout"
    if unread:
        return ""
    startup, stall = launch.startup_timeout, launch.stall_timeout
    if startup is not None and not progress.started and now - moments.began >= startup:
        return "startup_hang"
    if progress.done:
        # Only stdout counts here: a helper that goes on logging after the result must not keep the run open.
        return "exit_grace" if now - moments.result >= launch.exit_grace else ""
    if stall is not None and not progress.busy and now - moments.heard >= stall:
        return "stall"
    return ""
