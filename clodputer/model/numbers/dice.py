"""Dice that fall the same way every time: numbers that look like chance and follow from words alone."""

from __future__ import annotations

from binascii import crc32


def dice(*words: object) -> float:
    """A number from 0 up to, but not including, 1 that these words decide: the same after a crash, and for every process."""
    # A checksum is chance enough, and its bits are spread evenly; a hash would load OpenSSL for every run.
    return crc32("\n".join(map(str, words)).encode("utf-8", "replace")) / 2.0**32
