"""Where a program is: its absolute path, looked up once and before the start, so that records can name it."""

from __future__ import annotations

import os
from collections.abc import Iterable


def executable(path: str) -> bool:
    """Whether this is a file that we may execute."""
    return os.path.isfile(path) and os.access(path, os.X_OK)


def folders(path: str) -> list[str]:
    """The folders of a PATH; without relative ones, which mean another place in every working directory."""
    return [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]


def find(name: str, places: Iterable[str]) -> str:
    """The absolute path of the first executable of that name in these folders, or an empty string."""
    for folder in places:
        candidate = os.path.join(folder, name)
        if executable(candidate):
            return candidate
    return ""
