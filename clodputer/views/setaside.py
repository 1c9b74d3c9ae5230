"""What was set aside, one file at a time: where it lies, why, whether that still holds, and the commands that fix it."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple, Optional

from clodputer.model.attempts import Past
from clodputer.model.errors import ClodputerError
from clodputer.runner.requests.putback import Known, trouble
from clodputer.store.context import Context
from clodputer.store.spool import aside, dropfile, lookup
from clodputer.store.spool.lookup import CLOSED, DEAD, REJECTED

# Of a task's files in one place the latest are looked for among so many; each has to be read.
MOST_READ = 200


class SetAside(NamedTuple):
    """A file in REJECTED, DEAD or CLOSED. since: epoch seconds; trouble: what would be in its way if it were dropped now.

    code, reason: why it was set aside, for programs and for people. retried_as: the request that stands for it now.
    handle: what stands for it on a command line. task, request_id: empty when nothing tells.
    attempts: its runs, when it was tried more than once.
    """

    place: str
    name: str
    path: str
    dropped: str
    request_id: str
    task: str
    code: str
    reason: str
    retried_as: str
    since: float
    trouble: Optional[ClodputerError]
    handle: str
    attempts: tuple[Past, ...] = ()

    @property
    def fix(self) -> str:
        """What to do, as a sentence that ends with the command that drops it again; empty when nothing is left to do."""
        if self.retried_as or (self.place == CLOSED and self.code != aside.CANCELLED):
            return ""
        again = f"clodputer retry {self.handle}"
        return f"{self.trouble.hint} Then: {again}" if self.trouble else f"Run it again: {again}"


def told(context: Context, place: str, name: str, known: Optional[Known] = None) -> SetAside:
    """One file that was set aside; `known` as `trouble` has it. Raises FileNotFoundError when it is gone, OSError."""
    folder = lookup.folder(context.home, place)
    path, reason = f"{folder}/{name}", aside.read(folder, name)
    task, wrong = trouble(context, path, reason.dropped_as, known)
    inside = dropfile.id_inside(path, reason.dropped_as) if place == REJECTED else aside.id_of(name)
    bearer = lookup.Bearer(place, inside, path, (), name, task)
    return SetAside(
        place,
        name,
        path,
        reason.dropped_as,
        inside,
        task,
        reason.code,
        words(reason),
        reason.retried_as,
        aside.changed(path),
        wrong,
        lookup.handle(bearer),
        reason.attempts,
    )


def words(reason: aside.Reason) -> str:
    """Why a file was set aside, for people."""
    again = f"Retried as request {reason.retried_as}. " if reason.retried_as else ""
    return f"{again}{'Before that: ' if again and reason.message else ''}{reason.message}"


def of_task(context: Context, task: str) -> list[SetAside]:
    """The requests of a task that were rejected or given up, of each place the latest first."""
    found = []
    known: Known = {}
    for place in (REJECTED, DEAD):
        folder = lookup.folder(context.home, place)
        for name in islice(aside.names(folder), MOST_READ):
            if dropfile.task_inside(f"{folder}/{name}", aside.read(folder, name).dropped_as) != task:
                continue
            try:
                found.append(told(context, place, name, known))
            except FileNotFoundError:
                continue  # retried a moment ago
    return found
