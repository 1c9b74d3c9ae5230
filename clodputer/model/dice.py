"""Dice that fall the same way every time: numbers that look like chance and follow from words alone."""

from __future__ import annotations

from hashlib import blake2b

_BYTES = 6


def dice(*words: object) -> float:
    """A number from 0 up to, but not including, 1 that these words decide: the same after a crash, and for every process."""
    text = "\n".join(map(str, words)).encode("utf-8", "replace")
    number = int.from_bytes(blake2b(text, digest_size=_BYTES).digest(), "big")
    return number / float(256**_BYTES)
