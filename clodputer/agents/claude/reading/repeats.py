"""Repeats: the same tool called with the same input again and again, by which a run shows that it goes round in circles."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.numbers.digest import digest

# So many different calls are told apart, the latest ones.
MOST = 512
# So many files are remembered, by paths no longer than this.
MOST_FILES, LONGEST_PATH = 20, 1000
# Tools that change files: a call of one that was not made before shows progress, and everything is counted again.
WRITING = frozenset(("Edit", "MultiEdit", "Write", "NotebookEdit"))


class Repeats(NamedTuple):
    """How often each call was made since the last progress. limit: how often one may be, 0 for any number of times.

    tool, most: the tool of the call that was made most often, and how often. files: those that its tools were to write.
    """

    limit: int = 0
    counts: Mapping[str, int] = {}
    tool: str = ""
    most: int = 0
    files: tuple[str, ...] = ()

    @property
    def too_many(self) -> bool:
        """Whether one call was made more often than it may be."""
        return 0 < self.limit < self.most


def with_call(repeats: Repeats, tool: str, given: Mapping[str, Any]) -> Repeats:
    """The same with one call more."""
    if tool in WRITING:
        repeats = repeats._replace(files=_with_file(repeats.files, given))
    words = f"{tool}\n{dumps(given, sort_keys=True, default=str)}"
    call = digest(words.encode("utf-8", "replace"), 12)
    if tool in WRITING and call not in repeats.counts:
        return Repeats(repeats.limit, {call: 1}, tool, 1, repeats.files)
    counts = {key: number for key, number in repeats.counts.items() if key != call}
    counts[call] = repeats.counts.get(call, 0) + 1
    if len(counts) > MOST:
        del counts[next(iter(counts))]
    if counts[call] > repeats.most:
        return Repeats(repeats.limit, counts, tool, counts[call], repeats.files)
    return repeats._replace(counts=counts)


def _with_file(files: tuple[str, ...], given: Mapping[str, Any]) -> tuple[str, ...]:
    path = given.get("file_path") or given.get("notebook_path")
    if not isinstance(path, str) or path in files or len(files) >= MOST_FILES or len(path) > LONGEST_PATH:
        return files
    return (*files, path)
