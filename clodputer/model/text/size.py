"""Sizes as people write them: `200MB`."""

from __future__ import annotations

import re

_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([kmgt])(?:i?b)?|(\d{1,15})\s*b", re.ASCII)


def parse_size(text: str) -> int:
    """Bytes in a size such as `500KB`, `200MB` or `1.5GB`; each unit is 1024 times the one before.

    Raises ValueError, with a message fit for a person, for anything else.
    """
    match = _SIZE.fullmatch(text.strip().lower())
    if not match:
        raise ValueError(f"not a size: {text[:40]!r}; write a number and a unit, such as 500KB, 200MB or 2GB")
    return int(match[3]) if match[3] else int(float(match[1]) * _UNITS[match[2]])


def format_size(number: float) -> str:
    """A number of bytes for people: `1.5 MB`."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TB"
