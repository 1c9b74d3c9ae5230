"""What advice is made from, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.learning.worth import Worth
from clodputer.model.numbers.digest import digest
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.task import Task

# From fewer runs nothing is advised.
LEAST = 8
# So many of the runs behind a piece of advice are named, the latest.
MOST_NAMED = 20
# Of the two halves of an id, in bytes.
_EDIT, _FILE = 4, 2


class Subject(NamedTuple):
    """A task and what is known of it. runs: in the order of time. timeout: that of its runs, in seconds.

    zone: that of its cron trigger; None where it has none, or several. worth: what its runs are worth beside those of other
    tasks of its lane; None where too little is known.
    """

    task: Task
    runs: Sequence[PastRun]
    timeout: float
    zone: Optional[tzinfo] = None
    worth: Optional[Worth] = None


class Advice(NamedTuple):
    """One change. key: as it is written in a task file; value: what it gets, or with `append` what its list gets more.

    before: what holds now. why: in a sentence. runs: how many speak for it; run_ids: the latest of them, newest first.
    """

    task: str
    kind: str
    key: str
    value: Any
    append: bool
    before: Any
    why: str
    runs: int
    run_ids: tuple[str, ...]

    @property
    def edit(self) -> str:
        """A hash of what would be changed: the same advice from more runs is the same."""
        return digest(dumps([self.task, self.kind, self.key, self.value, self.append]).encode(), _EDIT)


def identity(advice: Advice, content: bytes) -> str:
    """The id under which advice is applied: it holds for this content of the task's file alone."""
    return f"{advice.edit}-{digest(content, _FILE)}"


def named(runs: Sequence[PastRun]) -> tuple[str, ...]:
    """The ids of the latest of runs that are in the order of time, newest first."""
    return tuple(run.run_id for run in runs[: -MOST_NAMED - 1 : -1])


def current(runs: Sequence[PastRun]) -> list[PastRun]:
    """Those with the prompt that the task has now, by the latest run; all where these are too few to say anything."""
    latest = next((run.prompt for run in reversed(runs) if run.prompt), "")
    own = [run for run in runs if run.prompt == latest]
    return own if latest and len(own) >= LEAST else list(runs)
