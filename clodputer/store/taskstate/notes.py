"""The memory of tasks, in prose: versions beside those of their states, each with the rights of its writer.

`state/<task>/memory/<version>.json` has the text and the rights under which it was written, so that neither is there without
the other. What holds of the versions of a state holds of these: one writer makes each, whole or not at all.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.store.home import Home
from clodputer.store.taskstate import state

FOLDER, FILE = "memory", "memory.md"


class Note(NamedTuple):
    """A version of a memory. rights: of its writer, `model.memory.rights`; None where they are not known."""

    version: int = 0
    at: str = ""
    by: str = ""
    text: str = ""
    rights: Any = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


def name(task: str) -> str:
    """Under which the memory of a task is among the states."""
    return f"{task}/{FOLDER}"


def read(home: Home, task: str) -> Note:
    """The memory that holds; version 0, without a text, where there is none.

    Raises ClodputerError ("state_damaged"), OSError.
    """
    return of(state.read(home, name(task)))


def of(kept: state.Kept) -> Note:
    """What a version that is kept says."""
    text = kept.value.get("text")
    return Note(
        kept.version, kept.at, kept.by, text if isinstance(text, str) else "", kept.value.get("rights")
    )


def write(
    home: Home, task: str, base: int, text: str, rights: Mapping[str, Any], by: str, now: float
) -> Optional[Note]:
    """Put a new version after `base`; None when somebody else has put one there. Raises OSError."""
    kept = state.write(home, name(task), base, {"text": text, "rights": dict(rights)}, by, now)
    return None if kept is None else of(kept)


def path(temporary: str) -> str:
    """The file that a run may rewrite, in its own temporary folder."""
    return f"{temporary}/{FOLDER}/{FILE}"


def lay_out(temporary: str, text: str) -> None:
    """Put the text where the run may rewrite it. Raises OSError."""
    os.mkdir(f"{temporary}/{FOLDER}", 0o700)
    with open(path(temporary), "x", encoding="utf-8", errors="replace") as file:
        file.write(text)


def take_back(temporary: str, max_size: int) -> tuple[str, str]:
    """What the run has left there, and why it cannot be kept, empty when it can.

    It is read as the file that was laid out, through no link, whatever the run has put in its place.
    """
    try:
        folder = os.open(f"{temporary}/{FOLDER}", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return "", f"its folder cannot be read: {error.strerror}"
    try:
        # O_NONBLOCK: of a pipe nobody is waited for.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(FILE, flags, dir_fd=folder)
    except OSError as error:
        return "", f"it cannot be read: {error.strerror}"
    finally:
        os.close(folder)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(file)
        return "", "it is a link, or not a regular file"
    with os.fdopen(file, "rb") as opened:
        data = opened.read(max_size + 1)
    if len(data) > max_size:
        return "", f"it is longer than {max_size:,} bytes"
    return data.decode("utf-8", "replace"), ""
