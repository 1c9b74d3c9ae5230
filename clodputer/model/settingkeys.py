"""The keys of config.yaml: what each of them takes, within which bounds, and what it is for."""

from __future__ import annotations

from typing import Any, NamedTuple

from clodputer.model.moment import format_duration
from clodputer.model.withunit import YEAR, Expected, duration, size

DURATION, SIZE, COUNT, MONEY, PATH, TEXT = "duration", "size", "whole number", "number", "path", "text"


class Key(NamedTuple):
    """One key. `largest`: for all but sizes, which end at 1 TB. `unset`: in words, what holds when it has no value."""

    kind: str
    help: str
    smallest: float = 0
    largest: float = 0
    unset: str = ""


KEYS = {
    "claude": Key(PATH, "The claude to run.", unset="looked for on PATH and in the usual places"),
    "model": Key(TEXT, "The model of tasks that name none.", unset="the account's"),
    "timeout": Key(DURATION, "The longest a run may take.", 0.001, YEAR),
    "startup_timeout": Key(
        DURATION, "How long claude may take until its first output.", 0.001, YEAR, "1m 30s"
    ),
    "stall_timeout": Key(
        DURATION, "How long claude may be silent while no tool is known to be running.", 0.001, YEAR, "20m"
    ),
    "stop_grace": Key(
        DURATION, "How long a run that is stopped gets to clean up before it is killed.", 0, YEAR
    ),
    "max_turns": Key(COUNT, "The most turns of a run of claude.", 1, 100_000, "no limit"),
    "max_cost_usd": Key(
        MONEY, "The most a run of claude may cost, in US dollars.", 0.0001, 1_000_000, "no limit"
    ),
    "max_output": Key(SIZE, "The most a run may write to stdout and stderr.", 1),
    "sweep": Key(
        DURATION, "How often schedulers are asked to look for work that nothing called for.", 60, 3600
    ),
    "log_size": Key(SIZE, "From this size on the execution log is archived.", 1024),
    "keep_log_for": Key(DURATION, "Archived logs are removed when they are older.", 3600, 100 * YEAR),
    "keep_log_count": Key(COUNT, "Of more archived logs the oldest are removed.", 1, 1_000_000),
    "keep_log_size": Key(SIZE, "Of archived logs that take more room the oldest are removed.", 1),
    "keep_runs_for": Key(DURATION, "Run folders are removed when they are older.", 3600, 100 * YEAR),
    "keep_runs_count": Key(COUNT, "Of more run folders the oldest are removed.", 1, 100_000_000),
    "keep_runs_size": Key(SIZE, "Of run folders that take more room the oldest are removed.", 1),
}


def read(key: Key, value: Any) -> Any:
    """The value as our Settings hold it, from one that YAML gave. Raises Expected."""
    if key.kind == DURATION:
        return _duration(key, value)
    if key.kind == SIZE:
        return size(value, int(key.smallest))
    if key.kind in (COUNT, MONEY):
        return _number(key, value)
    if isinstance(value, (bool, int, float)):
        raise Expected("text", "; put it in quotes")
    if not isinstance(value, str):
        raise Expected("text")
    if not value.strip():
        raise Expected("some text")
    if key.kind == PATH and not (value.startswith(("/", "~/")) or value == "~"):
        raise Expected("an absolute path, or one that begins with ~/")
    return value


def read_text(key: Key, text: str) -> Any:
    """The same from plain text, as a variable or an argument has it. Raises Expected."""
    if key.kind in (COUNT, MONEY):
        try:
            return read(key, int(text) if key.kind == COUNT else float(text))
        except ValueError as error:
            raise error if isinstance(error, Expected) else Expected(f"a {key.kind}") from None
    return read(key, text)


def _duration(key: Key, value: Any) -> float:
    seconds = duration(value)
    if not key.smallest <= seconds <= key.largest:
        lowest = f"from {format_duration(key.smallest)} " if key.smallest else ""
        raise Expected(f"a duration {lowest}to {format_duration(key.largest)}")
    return seconds


def _number(key: Key, value: Any) -> Any:
    wanted = (int,) if key.kind == COUNT else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted) or not key.smallest <= value <= key.largest:
        raise Expected(f"a {key.kind} from {key.smallest:g} to {key.largest:,.0f}")
    return value if key.kind == COUNT else float(value)
