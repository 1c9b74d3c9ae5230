"""Advice about `timeout`: more where runs were stopped that would have ended, less where none needs nearly as much."""

from __future__ import annotations

from clodputer.model.learning.advice.subject import LEAST, Advice, Subject, current, named
from clodputer.model.learning.durations import durations, lasted
from clodputer.model.outcome import TIMED_OUT
from clodputer.model.text.moment import format_duration

# What is advised, so that it stays the same advice while runs come: in seconds, as it is written.
STEPS = (
    (60.0, "1m"),
    (120.0, "2m"),
    (180.0, "3m"),
    (300.0, "5m"),
    (600.0, "10m"),
    (900.0, "15m"),
    (1200.0, "20m"),
    (1800.0, "30m"),
    (2700.0, "45m"),
    (3600.0, "1h"),
    (5400.0, "90m"),
    (7200.0, "2h"),
    (10800.0, "3h"),
    (14400.0, "4h"),
    (21600.0, "6h"),
    (28800.0, "8h"),
    (43200.0, "12h"),
    (86400.0, "24h"),
)
_SECONDS = {text: seconds for seconds, text in STEPS}
# So many were stopped at least, and such a part of all; and as many ended by themselves, or nobody knows that more time helps.
_STOPPED, _PART, _ENDED = 3, 0.1, 3
# Stopped at the timeout are those that took this part of it; setup and the like take some.
_AT_IT = 0.9
# Room above what nine of ten runs need.
_ROOM = 1.5
# To take time away it takes so many runs; then it is so many times what nine of ten need, and half of what it was at most.
_MANY, _TIMES, _HALF = 20, 3.0, 0.5
# No run is advised to have less, in seconds.
_FLOOR = 300.0


def look(subject: Subject) -> tuple[Advice, ...]:
    """By how long runs took with the prompt that the task has now."""
    runs = [run for run in current(subject.runs) if lasted(run) is not None]
    found = durations(runs)
    # Those that were stopped at an earlier, smaller timeout say nothing about this one.
    stopped = [run for run in runs if run.outcome == TIMED_OUT and run.duration >= subject.timeout * _AT_IT]
    ended = found.runs - found.stopped
    if found.runs < LEAST:
        return ()
    if len(stopped) >= max(_STOPPED, _PART * found.runs) and ended >= _ENDED:
        needed = subject.timeout * 2 if found.p90 is None else max(found.p90 * _ROOM, subject.timeout * _ROOM)
        value = _step(needed)
        takes = (
            f"nine of ten need up to {format_duration(found.p90)}"
            if found.p90 is not None
            else "how long nine of ten need is not known, as too many were stopped"
        )
        why = f"{len(stopped)} of {found.runs} runs were stopped at their timeout; {takes}"
        return _advice(subject, value, why, found.runs, named(stopped)) if value else ()
    if found.stopped or found.runs < _MANY or found.p90 is None or found.longest is None:
        return ()
    value = _step(max(found.p90 * _TIMES, found.longest * _ROOM, _FLOOR))
    if not value or _SECONDS[value] > subject.timeout * _HALF:
        return ()
    why = (
        f"none of {found.runs} runs took longer than {format_duration(found.longest)}, nine of ten at most "
        f"{format_duration(found.p90)}: one that hangs is stopped sooner"
    )
    return _advice(subject, value, why, found.runs, named(runs))


def _step(needed: float) -> str:
    """The least of the steps that is enough; empty when there is none."""
    return next((text for seconds, text in STEPS if seconds >= needed), "")


def _advice(
    subject: Subject, value: str, why: str, runs: int, run_ids: tuple[str, ...]
) -> tuple[Advice, ...]:
    before = format_duration(subject.timeout)
    return (Advice(subject.task.name, "timeout", "timeout", value, False, before, why, runs, run_ids),)
