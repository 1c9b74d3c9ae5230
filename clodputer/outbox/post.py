"""Post: look what has happened since the last look, and put down as letters what somebody is to be notified of."""

# The log is the source: it says the same to everybody, and a look that was killed is repeated. What is to be reported
# is committed
# together with the place up to which the log was read; only then are the letters put into the outbox, each under its own id.
# Whoever sends letters lists them under the same lock, so that none is put down again once it was sent.
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.notify.channel import Notify
from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.look import look, next_look
from clodputer.model.notify.edges.told import Standing, Told
from clodputer.model.notify.letter import PING, START, Letter
from clodputer.model.task import Task
from clodputer.outbox import letters, quiet, told
from clodputer.outbox.told import Known
from clodputer.store import holds
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.log import since
from clodputer.store.outgoing import outbox
from clodputer.store.records import runs
from clodputer.store.spool import idle
from clodputer.tasks import taskfile

# In seconds; a moment that is farther ahead is looked for again then. One noted much farther ahead is taken for a clock that
# went back (store/spool/idle.py).
LONGEST = 30 * 86400.0
# A look takes milliseconds; after so many seconds of another one it is left to that, or to the next exec.
PATIENCE = 1.0


def post(context: Context, now: float) -> bool:
    """Put down what is to be reported at `now` (epoch seconds); False when somebody else is just doing that.

    May be killed anywhere and repeated. Raises OSError.
    """
    lock = _lock(context)
    if not lock.wait(PATIENCE):
        return False
    try:
        _post(context, now)
    finally:
        lock.release()
    return True


def due_names(context: Context, now: float) -> Optional[list[str]]:
    """The names of the letters that are due, for whoever sends them; None when somebody is just putting some down."""
    with _lock(context) as held:
        if not held:
            return None
        _complete(context, told.read(context.home))
        return outbox.due_names(context.home, now)


def _lock(context: Context) -> Lock:
    return Lock(f"{context.home.ledger}/told.lock")


def _complete(context: Context, known: Optional[Known]) -> Optional[Known]:
    """Put down what an earlier look has decided on and was killed before."""
    if known is None or not known.pending:
        return known
    for letter in known.pending:
        if letter.channel == PING:
            if letter.edge != START:
                # A start that was not told yet would say that the run goes on.
                outbox.withdraw(context.home, letters.ping_id(letter.task, START))
            outbox.replace_waiting(context.home, letter)
        else:
            outbox.put(context.home, letter)
    known = known._replace(pending=())
    told.write(context.home, known)
    return known


def _post(context: Context, now: float) -> None:
    home, stamp = context.home, idle.log_stamp(context.home)
    known = _complete(context, told.read(home))
    if known is None:
        # The first look: what was before is no news.
        known = Known(Told(), since.end(home))
        told.write(home, known)
    events, place, more = since.read(home, known.place)
    idle_after = context.settings.idle_after
    remembered, found = look(known.told, events, _standing(context, now), now, idle_after)
    routes = _Routes(context, {})
    pending = (*_letters(context, routes, found, now), *_pings(context, routes, events, now))
    if (remembered, place, pending) != known:
        _complete_with(context, Known(remembered, place, pending))
    if context.settings.notify or context.settings.ping or routes.ping_anywhere():
        ahead = now if more else next_look(remembered, idle_after)
        outbox.note_look(home, None if ahead is None else min(ahead, now + LONGEST), stamp)
    else:
        outbox.forget_look(home)


def _complete_with(context: Context, known: Known) -> None:
    told.write(context.home, known)
    _complete(context, known)


def _standing(context: Context, now: float) -> Iterable[Standing]:
    for placed in holds.in_effect(context.home, now):
        target, hold = placed.target, placed.hold
        yield Standing(str(target), target.words, target.option, hold.reason, hold.message, hold.until)


class _Routes(NamedTuple):
    """What each task says of being told, asked once for each."""

    context: Context
    known: dict[str, Optional[Task]]

    def task(self, name: str) -> Optional[Task]:
        """The task; None for one that is gone or broken, which is told of as config.yaml says."""
        if name and name not in self.known:
            try:
                self.known[name] = taskfile.load(self.context.home, name, self.context.environ)
            except ClodputerError:
                self.known[name] = None
        return self.known.get(name)

    def notify(self, name: str) -> Notify:
        """Who is notified of a task, and of what."""
        task = self.task(name)
        return Notify() if task is None else task.notify

    def ping_anywhere(self) -> bool:
        """Whether any task has a ping."""
        for name in taskfile.names(self.context.home):
            task = self.task(name)
            if task is not None and task.ping:
                return True
        return False


def _letters(context: Context, routes: _Routes, found: Iterable[Edge], now: float) -> Iterable[Letter]:
    there = zone.load("", context.environ)
    channels = context.settings.notify
    for edge in found if channels else ():
        notify = routes.notify(edge.task)
        if edge.edge == "result":
            said = quiet.result(context, edge.task, edge.run_id, notify)
            if said is None:
                continue
            edge = edge._replace(message=said)
        masked = edge._replace(
            title=context.masker.text(edge.title), message=context.masker.text(edge.message)
        )
        yield from letters.of_edge(masked, notify, channels, now, there)


def _pings(
    context: Context, routes: _Routes, events: Iterable[Mapping[str, Any]], now: float
) -> Iterable[Letter]:
    """The latest ping of each kind and scope; the ones before it say what is no longer so."""
    found: dict[tuple[str, str], Letter] = {}
    for event in events:
        kind, name = event.get("event"), str(event.get("task") or "")
        if kind not in ("started", "finished") or not name:
            continue
        run_id = str(event.get("run_id") or "")
        task = routes.task(name)
        scopes = [name] if task is not None and task.ping else []
        for scope in (*scopes, *([""] if context.settings.ping else [])):
            if kind == "started":
                found[scope, START] = letters.start_ping(scope, run_id, name, now)
            else:
                found.pop((scope, START), None)
                record = runs.record(context.home, name, run_id) or {}
                found[scope, "end"] = letters.end_ping(scope, event, record, now)
    return found.values()
