"""A number with its noun, as sentences have it: `1 file`, `3 files`."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """The number, in groups of three digits, and the noun: `1,200 runs`. plural: where it is not just an s more."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
