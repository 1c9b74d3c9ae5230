"""The tree of runs that follow one another: from the request at the beginning to what waits, and what did not come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.follow.line import Line, line_of
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.context import Context
from clodputer.store.index.query import Index
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import find
from clodputer.views.runs.unfollowed import missing

# States of what is not a run.
COALESCED, NOT_FOLLOWED, GONE, EVENT = "coalesced", "not_followed", "gone", "event"
# An event is logged so many seconds before its first request was made, at most.
LATEST = 3600.0
# More runs than this are not drawn.
MOST = 10_000
# Events of the log that report a request that did not come.
_MISSING = ("not_followed", "not_routed")


class Node(NamedTuple):
    """One request, or a follow-up that did not come. state: how its last run ended, or where it is.

    on: the list that it is in, empty for the first request. run_id: empty where there is none. at: when its run ended, in
    epoch seconds. attempts: how many runs it had.
    """

    task: str
    state: str
    on: str = ""
    request_id: str = ""
    run_id: str = ""
    reason: str = ""
    message: str = ""
    at: Optional[float] = None
    attempts: int = 0
    children: tuple[Node, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            **self._asdict(),
            "request_id": self.request_id or None,
            "run_id": self.run_id or None,
            "at": None if self.at is None else iso(self.at),
            "children": [child.to_json() for child in self.children],
        }


class Trace(NamedTuple):
    """All of one line. roots: more than one where runs between them are gone from the log."""

    trace_id: str
    roots: tuple[Node, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"trace_id": self.trace_id, "roots": [root.to_json() for root in self.roots]}


def trace(context: Context, task: str, run_id: str) -> Trace:
    """The tree that a run belongs to. Raises ClodputerError when the log cannot be read, OSError."""
    line = _line(context, task, run_id)
    trace_id = line.trace_id
    found = [run for _, run in zip(range(MOST), History(context.home).of_trace(trace_id))]
    if all(run.run_id != run_id for run in found):
        found.append(_alone(context, task, run_id, line.parent))
    with Index(context.home) as index:
        return Trace(trace_id, _under_event(context, index, trace_id, _tree(context, index, found)))


def _line(context: Context, task: str, run_id: str) -> Line:
    """The line of a run, by the request in its folder, as it may not have ended."""
    request = runs.read_json(f"{runs.folder(context.home, task, run_id)}/request.json") or {}
    origin = request.get("origin")
    return line_of(origin if isinstance(origin, dict) else {}, runs.request_of(run_id))


def _alone(context: Context, task: str, run_id: str, parent: str) -> PastRun:
    """A run that has not ended, or whose end is gone from the log."""
    record = runs.record(context.home, task, run_id) or {}
    state, reason = str(record.get("outcome") or find.RUNNING), str(record.get("reason") or "")
    return PastRun(
        0.0, task, "", "", runs.request_of(run_id), run_id, state, reason, 0.0, None, parent=parent
    )


def _tree(context: Context, index: Index, found: Iterable[PastRun]) -> tuple[Node, ...]:
    """The nodes of these runs, each below the run that its request follows."""
    attempts: dict[str, list[PastRun]] = {}
    for run in sorted(found, key=lambda run: (run.at or float("inf"), run.run_id)):
        attempts.setdefault(run.request_id, []).append(run)
    known = {run.run_id for several in attempts.values() for run in several}
    below: dict[str, list[str]] = {}
    roots: list[str] = []
    for request_id, several in attempts.items():
        parent = several[-1].parent
        if parent in known and parent not in {run.run_id for run in several}:
            below.setdefault(parent, []).append(request_id)
        else:
            roots.append(request_id)
    said = {run_id: _said(index, run_id) for run_id in known}
    lists = {str(event.get("follower")): str(event.get("on")) for events in said.values() for event in events}

    def node(request_id: str) -> Node:
        several = attempts[request_id]
        last = several[-1]
        children = [node(child) for run in several for child in below.get(run.run_id, ())]
        children += [
            _leaf(context, index, event)
            for run in several
            for event in said[run.run_id]
            if event.get("event") in _MISSING or event.get("follower") not in attempts
        ]
        return Node(
            last.task,
            last.outcome,
            lists.get(request_id, ""),
            request_id,
            last.run_id,
            last.reason,
            at=last.at or None,
            attempts=len(several),
            children=tuple(children),
        )

    return tuple(map(node, roots))


def _from_outside(
    context: Context, trace_id: str, roots: tuple[Node, ...]
) -> tuple[Mapping[str, Any], float]:
    """The event from outside that one of them comes from, and when its request was made; nothing if none does."""
    for root in roots:
        request = runs.read_json(f"{runs.folder(context.home, root.task, root.run_id)}/request.json") or {}
        origin = request.get("origin")
        event = origin.get("event") if isinstance(origin, dict) else None
        if isinstance(event, dict) and event.get("id") == trace_id:
            return event, parse_moment(str(request.get("created_at")), 0.0)
    return {}, 0.0


def _under_event(context: Context, index: Index, trace_id: str, roots: tuple[Node, ...]) -> tuple[Node, ...]:
    """The roots below the event from outside that they come from, with what else its routes made of it; else as they are."""
    event, made_at = _from_outside(context, trace_id, roots)
    if not event:
        return roots
    since = made_at - LATEST
    lines = [*index.events(event="routed", since=since), *index.events(event="not_routed", since=since)]
    told = {
        (line.get("target"), line.get("place")): line for line in lines if line.get("event_id") == trace_id
    }
    ours = {root.request_id: root for root in roots}
    children = []
    for line in told.values():
        known = ours.pop(str(line.get("follower")), None)
        children.append(_leaf(context, index, line) if known is None else known)
    head = f"{event.get('type')} from {event.get('from')}"
    return (Node(head, EVENT, request_id=trace_id, children=(*children, *ours.values())),)


def _said(index: Index, run_id: str) -> list[Mapping[str, Any]]:
    """What the log says of the follow-ups of a run that are requests, or did not come; each once."""
    events = [
        *index.events(event="followed", run_id=run_id),
        *index.events(event="not_followed", run_id=run_id),
        *index.events(event="routed", run_id=run_id),
        *index.events(event="not_routed", run_id=run_id),
    ]
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for event in events:
        if event.get("event") in _MISSING or event.get("follower"):
            key = ("event", "on", "place", "target", "event_id")
            found[tuple(str(event.get(part)) for part in key)] = event
    return list(found.values())


def _leaf(context: Context, index: Index, event: Mapping[str, Any]) -> Node:
    """A request that has had no run yet or never will, or a follow-up that did not come."""
    target, on = str(event.get("target") or ""), str(event.get("on") or "")
    if event.get("event") in _MISSING:
        one = missing(event, 0.0)
        return Node(target, NOT_FOLLOWED, on, reason=one.reason, message=one.message, at=one.at or None)
    request_id = str(event.get("follower"))
    where = find.meant(context.home, request_id)
    if where is not None:
        return Node(target, where.state, on, request_id)
    since = parse_moment(str(event.get("timestamp")), 0.0) - 1
    for one_event in index.events(task=target, event="coalesced", since=since):
        if one_event.get("request_id") == request_id:
            into = str(one_event.get("into") or "")
            return Node(target, COALESCED, on, request_id, message=f"request {into} stands for it")
    return Node(target, GONE, on, request_id)
