"""Why something could not be done the last time, in a file that is there only then."""

from __future__ import annotations

from clodputer.store.files import atomic, plainfile

LARGEST = 4096


def read(path: str) -> str:
    """The reason; empty when it could be done."""
    try:
        return plainfile.read(path, LARGEST).content.decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""


def note(path: str, message: str) -> bool:
    """Note the reason, or with an empty one that there is none; whether that is news. Raises OSError."""
    if message == read(path):
        return False
    if message:
        atomic.write(path, message.encode("utf-8", "replace") + b"\n", durable=False)
    else:
        atomic.remove(path)
    return True
