"""What an end says by itself: we stopped it, a signal did, or it exited with a status."""

from __future__ import annotations

import signal
from typing import Optional

from clodputer.agents.lines import shortened
from clodputer.model.outcome import Outcome, of
from clodputer.model.run import Ended, Launch
from clodputer.model.text.moment import format_duration

LONGEST_MESSAGE = 600

# What we did to it does not undo a result that it already had: to put such a request back would do the work twice.
AFTER_THE_RESULT = ("exit_grace", "interrupted", "replaced", "timeout", "stall")

# By which programs say that their configuration is wrong: sysexits.h.
EX_CONFIG = 78


def stopped_by_us(launch: Launch, ended: Ended) -> Optional[Outcome]:
    """The outcome when we stopped it before it had finished, else None."""
    if not ended.stopped or ended.stopped == "exit_grace":
        return None
    startup, stall = format_duration(launch.startup_timeout or 0), format_duration(launch.stall_timeout or 0)
    said = {
        "startup_hang": f"Nothing came from it within {startup} (startup_timeout).",
        "stall": f"It said nothing for {stall} with no tool running (stall_timeout).",
        "timeout": f"It ran longer than {format_duration(launch.timeout)} (timeout).",
        "replaced": "A newer request of the task takes its place (overlap: replace).",
        "output_too_large": f"It wrote more than {launch.max_output} bytes (max_output).",
        "exec_died": "The Clodputer process that had started it was killed, so nobody saw how it ended; "
        "what it had left running was killed.",
    }
    return of(ended.stopped, with_stderr(said.get(ended.stopped, ""), ended))


def by_signal(ended: Ended) -> Optional[Outcome]:
    """The outcome when a signal that we did not send ended it, else None.

    An exit status from 129 on is how a program (claude 2.1.329 too) tells that it obeyed a signal.
    """
    if ended.stopped:
        return None
    status = ended.exit_status or 0
    number = ended.signal or (status - 128 if 128 < status <= 128 + 31 else 0)
    if not number:
        return None
    return of("killed", with_stderr(f"It was ended by {_name(number)}, which Clodputer did not send.", ended))


def by_status(ended: Ended) -> Optional[Outcome]:
    """The outcome when it exited with a status other than 0 by itself, else None."""
    if ended.stopped or ended.exit_status == 0:
        return None
    if ended.exit_status == EX_CONFIG:
        return of("config", with_stderr("It exited with status 78 (EX_CONFIG).", ended))
    return of("exit_status", with_stderr(f"It exited with status {ended.exit_status}.", ended))


def not_by_itself(launch: Launch, ended: Ended) -> Optional[Outcome]:
    """The outcome of an end that is no success, for an agent whose exit status is all there is to go by."""
    return stopped_by_us(launch, ended) or by_signal(ended) or by_status(ended)


def with_stderr(message: str, ended: Ended) -> str:
    """The message, and the end of what it wrote to stderr."""
    tail = shortened(ended.stderr_tail[-LONGEST_MESSAGE:], LONGEST_MESSAGE)
    return " ".join(part for part in (message, f"stderr: {tail}" if tail else "") if part)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
