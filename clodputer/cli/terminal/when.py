"""What a person takes in at a glance: how long ago, and how it ended."""

from __future__ import annotations

from clodputer.cli.terminal.ink import ink
from clodputer.model.outcome import LIMITED, SKIPPED, SUCCEEDED
from clodputer.model.text.moment import format_duration

# So much of a run's id is enough for every command that takes one; the random part is at its end.
SHORT = 8


def ago(moment: float, now: float) -> str:
    """`5m ago`; a clock that went back makes nothing lie ahead."""
    return f"{span(now - moment)} ago"


def run(run_id: str) -> str:
    """The end of a run's id, which `show` takes for it."""
    return run_id[-SHORT:]


def span(seconds: float) -> str:
    """A duration in whole seconds or more: nobody reads the milliseconds of a waiting time."""
    return format_duration(float(max(1, round(seconds)))) if seconds > 0 else "0s"


def ended(outcome: str, reason: str, *, suspect: bool = False) -> str:
    """How a run ended, with the reason unless it says nothing more; or with the word that it may have done nothing."""
    if suspect:
        return f"{ink(outcome, 'yellow')} (suspect)"
    colour = {SUCCEEDED: "green", SKIPPED: "green", LIMITED: "yellow", "cancelled": "yellow"}.get(
        outcome, "red"
    )
    word = ink(outcome, colour)
    return word if reason in ("completed", outcome, "") else f"{word} ({reason})"
