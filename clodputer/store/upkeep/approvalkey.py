"""The key with which tokens of approvals are signed: made once for each home, and part of no backup."""

from __future__ import annotations

import os

from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home

# In bytes.
LENGTH = 32


def get(home: Home) -> bytes:
    """The key, made when there is none. Raises OSError, ValueError when something else is in its place."""
    path = f"{home.root}/approval.key"
    try:
        return _read(path)
    except FileNotFoundError:
        try:
            atomic.create(path, os.urandom(LENGTH).hex().encode() + b"\n")
        except FileExistsError:
            pass  # another process has just made one
        return _read(path)


def _read(path: str) -> bytes:
    key = bytes.fromhex(plainfile.read(path, 1024).content.decode("ascii"))
    if len(key) != LENGTH:
        raise ValueError(f"{path} does not hold a key; remove it, and a new one is made")
    return key
