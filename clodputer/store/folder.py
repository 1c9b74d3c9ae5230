"""The names in a folder that may not be there."""

# Only `os` is imported: this is on the way of an `exec` that finds nothing to do.
from __future__ import annotations

import os


def entries(folder: str) -> list[str]:
    """The names in a folder; none when it is not there. Raises OSError when it cannot be read."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
