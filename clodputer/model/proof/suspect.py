"""Suspect: a run that ended well, although it neither did anything, as far as can be seen, nor said that it did not."""

from __future__ import annotations

from typing import NamedTuple, Optional

from clodputer.model.outcome import SKIPPED, SUCCEEDED
from clodputer.model.proof.changed import Counts

# What a task is for, by its key `produces`.
PRODUCTS = CHANGES, TEXT = "changes", "text"


class Done(NamedTuple):
    """What an agent can say about what its run did. changes: calls that may have changed something and did not fail.

    edits: those among them that changed a file for certain. wanted: whether changing something is what the task is for.
    files: those that these changed, each once. tests: those that its last command with tests ran.
    """

    changes: int = 0
    edits: int = 0
    wanted: bool = False
    files: tuple[str, ...] = ()
    tests: Optional[Counts] = None


def why(outcome: str, done: Done, *, proved: bool, before: bool) -> str:
    """Why a run is suspect, for people; empty when it is not.

    proved: something that the task asks for was looked at, and holds (`expect` or `verify`). before: an earlier run of the same
    request changed something, so that there may have been nothing left to do.
    """
    if outcome == SKIPPED and done.edits:
        return "It says that there was nothing to do, and has changed files."
    if outcome != SUCCEEDED or not done.wanted or done.changes or proved or before:
        return ""
    return (
        "It ended well, but made no call that changes anything, and did not say that there was nothing to do. If only its text "
        "is wanted, write produces: text into the task; otherwise define success with expect or verify."
    )
