"""The value of a setting as people write it: `90m`, `200MB`."""

from __future__ import annotations

from typing import Any

from clodputer.model.settingkeys import DURATION, SIZE, Key

_DURATIONS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SIZES = (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2), ("KB", 1024))


def written(key: Key, value: Any) -> str:
    """The value in the largest unit that takes it whole; an empty text for one that is not set."""
    if value is None or value == "":
        return ""
    if key.kind == DURATION:
        for unit, seconds in _DURATIONS:
            if value >= seconds and value % seconds == 0:
                return f"{value // seconds:.0f}{unit}"
        return f"{value * 1000:.15g}ms" if value else "0s"
    if key.kind == SIZE:
        for unit, size in _SIZES:
            if value >= size and value % size == 0:
                return f"{value // size}{unit}"
        return f"{value}B"
    return f"{value:.15g}" if isinstance(value, float) else str(value)
