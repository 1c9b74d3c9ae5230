"""What was set aside: the files of a place with their reasons, and of one of them all there is to know and what fixes it."""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import APPROVAL_EXPIRED, DENIED_BY_PERSON, SUPERSEDED
from clodputer.model.runs.attempts import Past, story_to_json
from clodputer.model.text.moment import iso
from clodputer.runner.requests.putback import Known, trouble
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.spool import aside, dropfile, find
from clodputer.store.spool.find import CLOSED, DEAD, PARKED, REJECTED, Found

# Codes of what was not run, for it was not wanted or not any more, and may be wanted again.
UNWANTED = (aside.CANCELLED, DENIED_BY_PERSON, APPROVAL_EXPIRED, SUPERSEDED)
# Of a task's files in one place the latest are looked for among so many; each has to be read.
MOST_READ = 200


class SetAside(NamedTuple):
    """A file in REJECTED, DEAD or CLOSED. since: epoch seconds; trouble: what would be in its way if it were dropped now.

    code, reason: why it was set aside, for programs and for people. retried_as: the request that stands for it now.
    dismissed_at: when a person was done with it (ISO 8601).
    handle: what stands for it on a command line. task, request_id: empty when it is not known.
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
    dismissed_at: str
    since: float
    trouble: Optional[ClodputerError]
    handle: str
    attempts: tuple[Past, ...] = ()

    @property
    def fix(self) -> str:
        """What to do, as a sentence that ends with the command that drops it again; empty when nothing is left to do."""
        if self.retried_as or (self.place == CLOSED and self.code not in UNWANTED and not self.dismissed_at):
            return ""
        if self.place == PARKED:
            return f"Look at what its runs did, then: clodputer unpark {self.request_id}"
        again = f"clodputer retry {self.handle}"
        return f"{self.trouble.hint} Then: {again}" if self.trouble else f"Run it again: {again}"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        wrong = self.trouble
        return {
            "place": self.place,
            "file": self.name,
            "path": self.path,
            "request_id": self.request_id or None,
            "task": self.task or None,
            "code": self.code or None,
            "reason": self.reason,
            "retried_as": self.retried_as or None,
            "dismissed_at": self.dismissed_at or None,
            "since": iso(self.since),
            "trouble": wrong and {"code": wrong.code, "message": wrong.message, "hint": wrong.hint},
            "fix": self.fix or None,
            "attempts": story_to_json(self.attempts),
        }


class Aside(NamedTuple):
    """The same in short, as it is in a list. since: epoch seconds."""

    request_id: str
    file: str
    path: str
    code: str
    reason: str
    retried_as: str
    dismissed_at: str
    since: float

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "request_id": self.request_id or None,
            "file": self.file,
            "path": self.path,
            "code": self.code or None,
            "reason": self.reason,
            "retried_as": self.retried_as or None,
            "dismissed_at": self.dismissed_at or None,
            "since": iso(self.since),
        }


class Place(NamedTuple):
    """The latest files of REJECTED, DEAD or CLOSED, and how many lie there."""

    place: str
    total: int
    files: tuple[Aside, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "place": self.place,
            "total": self.total,
            "requests": [file.to_json() for file in self.files],
        }


def in_place(home: Home, place: str, limit: int) -> Place:
    """The latest `limit` files of a place, the latest first. What was rejected has no id."""
    folder = find.folder(home, place)
    names = aside.names(folder)
    return Place(place, len(names), tuple(_aside(folder, name, place) for name in names[:limit]))


def _aside(folder: str, name: str, place: str) -> Aside:
    reason, path = aside.read(folder, name), f"{folder}/{name}"
    return Aside(
        "" if place == REJECTED else aside.id_of(name),
        name if place == REJECTED else reason.dropped_as,
        path,
        reason.code,
        words(reason),
        reason.retried_as,
        reason.dismissed_at,
        aside.changed(path),
    )


def describe(context: Context, place: str, name: str, known: Optional[Known] = None) -> SetAside:
    """One file that was set aside; `known` as `trouble` has it. Raises FileNotFoundError when it is gone, OSError."""
    folder = find.folder(context.home, place)
    path, reason = f"{folder}/{name}", aside.read(folder, name)
    task, wrong = trouble(context, path, reason.dropped_as, known)
    inside = dropfile.id_inside(path, reason.dropped_as) if place == REJECTED else aside.id_of(name)
    found = Found(place, "", path, inside, name)
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
        reason.dismissed_at,
        aside.changed(path),
        wrong,
        find.handle(found),
        reason.attempts,
    )


def words(reason: aside.Reason) -> str:
    """Why a file was set aside, for people."""
    again = f"Retried as request {reason.retried_as}. " if reason.retried_as else ""
    again = again or ("Dismissed by a person. " if reason.dismissed_at else "")
    return f"{again}{'Before that: ' if again and reason.message else ''}{reason.message}"


def of_task(context: Context, task: str) -> list[SetAside]:
    """The requests of a task that were rejected or given up, of each place the latest first."""
    found = []
    known: Known = {}
    for place in (REJECTED, DEAD, PARKED):
        folder = find.folder(context.home, place)
        for name in islice(aside.names(folder), MOST_READ):
            if dropfile.task_inside(f"{folder}/{name}", aside.read(folder, name).dropped_as) != task:
                continue
            try:
                found.append(describe(context, place, name, known))
            except FileNotFoundError:
                continue  # retried a moment ago
    return found
