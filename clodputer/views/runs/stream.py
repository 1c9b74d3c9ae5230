"""A run's stdout, read as it grows, and what the lines of it mean to a reader of the conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Optional

from clodputer import agents
from clodputer.agents.lines import Lines
from clodputer.model.run import Description
from clodputer.store.records import runs

CHUNK = 256 * 1024


class Stream:
    """A run's stdout, read as it grows; of a line that no agent would read, only so much that this is seen.

    Kept open to the end: where a secret is masked afterwards, a new file takes the old one's name.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb", buffering=0)
        self._lines = Lines()

    def lines(self) -> list[bytes]:
        """The lines that the next piece completes, without their newlines; none when there is nothing new."""
        return self._lines.completed(self._file.read(CHUNK) or b"").split(b"\n")[:-1]

    def rest(self) -> Iterator[bytes]:
        """All lines that are still to come of what is written by now, the last with or without its newline."""
        while True:
            before = self._file.tell()
            yield from self.lines()
            if self._file.tell() == before:
                break
        last = self._lines.last()
        if last:
            self._lines.begin_again()
            yield last

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def stdout_of(folder: str) -> Optional[Stream]:
    """The stdout in a run's folder; None when it is not yet started. Raises OSError."""
    try:
        return Stream(f"{folder}/stdout")
    except FileNotFoundError:
        return None


def describer(folder: str) -> Callable[[bytes], Description]:
    """The `describe` of the agent that ran in a run's folder; that of plain programs when it is not known."""
    kinds = (
        (runs.read_json(f"{folder}/{name}") or {}).get("agent") for name in ("process.json", "record.json")
    )
    kind = next((kind for kind in kinds if kind in agents.KINDS), "command")
    return agents.load(kind).describe
