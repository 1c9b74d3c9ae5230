"""Routes and the events that led to no request: what there is, how many, and what would come of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.text.moment import iso
from clodputer.model.text.suggest import did_you_mean
from clodputer.model.triggers.event import Event
from clodputer.model.triggers.route import DAY, Route, file_name, matching, routes
from clodputer.runner.events.fates import Fate, fates
from clodputer.runner.intake.admitted import admitted
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.spool import aside, dropfile
from clodputer.store.triggers import routes as ledger
from clodputer.store.triggers import unrouted as ledger_unrouted
from clodputer.tasks import taskfile


class Unrouted(NamedTuple):
    """How many kept events of one sender and type led to no request for one reason."""

    sender: str
    type: str
    reason: str
    number: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"from": self.sender, "type": self.type, "reason": self.reason, "number": self.number}


class Kept(NamedTuple):
    """One event that is kept, at `at` (epoch seconds). name: of its file in spool/unrouted/."""

    name: str
    sender: str
    type: str
    reason: str
    message: str
    at: float

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        fields = self._asdict()
        return {**fields, "from": fields.pop("sender"), "at": iso(self.at)}


class Listed(NamedTuple):
    """A route, its problem if it cannot work, and how many requests it has made in the last 24 hours."""

    route: Route
    problem: str
    today: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self.route.to_json(), "problem": self.problem or None, "today": self.today}


class Routed(NamedTuple):
    """A route that leads to a task: from whom, which type, and how many requests it has made in the last 24 hours."""

    sender: str
    type: str
    today: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"from": self.sender, "type": self.type, "today": self.today}


class Foreseen(NamedTuple):
    """What would come of an event by one route. rejected: why its request would be; None where it would be taken in."""

    fate: Fate
    rejected: Optional[ClodputerError] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        wrong = self.rejected
        return {
            **self.fate.to_json(),
            "rejected": None if wrong is None else {"code": wrong.code, "message": wrong.message},
        }


class Trial(NamedTuple):
    """What would come of an event. near: what is perhaps meant, where no route matches."""

    event: Event
    fates: tuple[Foreseen, ...]
    near: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "event": {"id": self.event.id, "from": self.event.sender, "type": self.event.type},
            "fates": [fate.to_json() for fate in self.fates],
        }


def kept(home: Home) -> Iterator[Kept]:
    """The events that are kept, the latest first."""
    for name in aside.names(home.unrouted):
        why = aside.read(home.unrouted, name)
        yield Kept(name, why.task, why.item, why.code, why.message, aside.changed(f"{home.unrouted}/{name}"))


def unrouted(home: Home) -> tuple[Unrouted, ...]:
    """The same in numbers, the most frequent first."""
    found = Counter((one.sender, one.type, one.reason) for one in kept(home))
    return tuple(Unrouted(*key, number) for key, number in found.most_common())


def made_room(home: Home, now: float) -> int:
    """How many of those that were kept in the last 30 days had to make room for later ones."""
    return ledger_unrouted.removed(home, now).number


def made_room_words(number: int) -> str:
    """The same as the end of a sentence; empty for none."""
    oldest = "the oldest that was kept" if number == 1 else f"the {number:,} oldest that were kept"
    return f"; {oldest} made room for later ones" if number else ""


def listed(context: Context, now: float) -> list[Listed]:
    """All routes, in their order. Raises OSError."""
    names = taskfile.names(context.home)
    return [
        Listed(route, problem(route, names), _today(context, route, now))
        for route in routes(context.settings.routes)
    ]


def to_task(context: Context, task: str, now: float) -> tuple[Routed, ...]:
    """The routes that lead to a task, in their order. Raises OSError."""
    return tuple(
        Routed(route.sender, route.type, _today(context, route, now))
        for route in routes(context.settings.routes)
        if route.to == task
    )


def _today(context: Context, route: Route, now: float) -> int:
    return sum(-DAY < now - one.at < DAY for one in ledger.taken(context.home, route))


def problem(route: Route, names: Iterable[str]) -> str:
    """Why a route cannot work, with these tasks; empty when it can."""
    names = tuple(names)
    return "" if route.to in names else f"there is no task {route.to}{did_you_mean(route.to, names)}"


def trial(context: Context, event: Event, now: float) -> Trial:
    """What would come of an event at `now` (epoch seconds). Raises OSError."""
    known = routes(context.settings.routes)
    found = tuple(Foreseen(fate, _rejected(context, fate, now)) for fate in fates(context, event, now))
    near = ""
    if not matching(known, event):
        near = did_you_mean(f"{event.sender} {event.type}", {f"{one.sender} {one.type}" for one in known})
    return Trial(event, found, near)


def _rejected(context: Context, fate: Fate, now: float) -> Optional[ClodputerError]:
    """Why the request that a route would make would not be taken in."""
    if fate.code:
        return None
    try:
        dropped = dropfile.Dropped(dict(fate.request), now, now, 0, whole=True)
        admitted(context, dropped, file_name(fate.route.to, fate.request_id), fate.request_id)
    except ClodputerError as error:
        return error
    return None
