"""The clocks of a run: each alone, which comes first, and what makes them stand still."""

from __future__ import annotations

import pytest

from clodputer.model.run import Launch, Progress
from clodputer.model.runs.clocks import Moments, expired

LAUNCH = Launch(
    (), {}, "/", startup_timeout=10.0, stall_timeout=20.0, timeout=100.0, stop_grace=1.0, exit_grace=5.0
)
STARTED = Progress(started=True)
DONE = Progress(started=True, done=True)


@pytest.mark.parametrize(
    ("launch", "progress", "moments", "now", "reason"),
    [
        # No first event in time, whatever was logged meanwhile.
        (LAUNCH, Progress(), Moments(0, 0, 0), 9.9, ""),
        (LAUNCH, Progress(), Moments(0, 9, 9), 10, "startup_hang"),
        (LAUNCH._replace(startup_timeout=None), Progress(), Moments(0, 9, 9), 10, ""),
        # A slow run is no hang.
        (LAUNCH, STARTED, Moments(0, 9, 9), 11, ""),
        # From the last growth of either file.
        (LAUNCH, STARTED, Moments(0, 30, 9), 49.9, ""),
        (LAUNCH, STARTED, Moments(0, 30, 9), 50, "stall"),
        (LAUNCH._replace(stall_timeout=None), STARTED, Moments(0, 30, 9), 99, ""),
        # It stands still while a tool runs; an agent that is busy has begun.
        (LAUNCH, STARTED._replace(busy=True), Moments(0, 0, 0), 99, ""),
        # However lively it is.
        (LAUNCH, STARTED._replace(busy=True), Moments(0, 99, 99), 100, "timeout"),
        (LAUNCH, Progress(), Moments(0, 0, 0), 100, "timeout"),
        (LAUNCH, DONE, Moments(0, 0, 0), 100, "timeout"),
        # After the result only stdout prolongs the time, and no other clock counts.
        (LAUNCH, DONE, Moments(0, 60, 40), 44.9, ""),
        (LAUNCH, DONE, Moments(0, 60, 40), 45, "exit_grace"),
        (LAUNCH._replace(exit_grace=90.0), DONE, Moments(0, 40, 40), 61, ""),
    ],
)
def test_which_has_run_out(
    launch: Launch, progress: Progress, moments: Moments, now: float, reason: str
) -> None:
    assert expired(launch, progress, moments, now, unread=False) == reason
    # What is written but not yet read counts as heard, except by the clock of the whole run.
    assert expired(launch, progress, moments, now, unread=True) == (reason if reason == "timeout" else "")
