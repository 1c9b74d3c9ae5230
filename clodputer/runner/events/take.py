"""Take an event in: its routes make requests of it, each exactly once, and an event that leads to none is kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from clodputer.model.errors import ClodputerError
from clodputer.model.numbers.digest import digest
from clodputer.model.triggers import route as routing
from clodputer.model.triggers.event import Event, InvalidEvent, from_fields, line_fields
from clodputer.runner.events.fates import Fate, fates
from clodputer.store.context import Context
from clodputer.store.spool import drop
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.dropfile import Dropped
from clodputer.store.triggers import routes as ledger
from clodputer.store.triggers import unrouted

UNMATCHED = "no_route"
FORM = 'Drop NAME.event.json with {"from": "ci", "type": "build.failed", "payload": {}}; docs/events.md has all fields.'


def read(dropped: Dropped, name: str) -> Event:
    """The event in a dropped file. Raises ClodputerError ("invalid_event")."""
    # The same for one file as long as it lies in `new/`, whenever a kill has it read again.
    mark = f"{name} {dropped.inode} {dropped.written_at}"
    try:
        return from_fields(dropped.fields, digest(mark.encode("utf-8", "replace"), 8))
    except InvalidEvent as error:
        raise ClodputerError("invalid_event", f"{error}.\n{FORM}") from None


def take(context: Context, path: str, name: str, dropped: Dropped, now: float) -> str:
    """Take in the event that was dropped as `name`, at `now` (epoch seconds), under the lock of the intake.

    May be killed anywhere and repeated as a whole: a route remembers the event before its request is dropped, the request has
    the same id and dedupe key each time, and the event leaves `new/` last. Raises ClodputerError for what is no event, OSError.
    """
    event = read(dropped, name)
    found = fates(context, event, now)
    for fate in found:
        if not fate.code:
            seen = ledger.taken(context.home, fate.route)
            ledger.keep(context.home, fate.route, routing.after(fate.route, event, seen, now))
        # Before the drop: of an event whose request is there already, a kill in between would leave only a repetition.
        _log(context, event, fate, now)
        if not fate.code:
            drop.drop(context.home, routing.file_name(fate.route.to, fate.request_id), fate.request)
    lost = [fate for fate in found if fate.code and fate.code not in routing.SERVED]
    if found and not lost:
        os.unlink(path)
        return "routed"
    reason = _reason(event, lost, name, now)
    kept = unrouted.set_aside(
        context.home, path, reason._replace(message=context.masker.text(reason.message))
    )
    if not found:
        context.log(now, "unmatched", event_id=event.id, type=event.type, kept=kept, **{"from": event.sender})
    return "routed"


def _reason(event: Event, lost: Sequence[Fate], name: str, now: float) -> Reason:
    code = lost[0].code if lost else UNMATCHED
    message = (
        "; ".join(f"{fate.route.to}: {fate.message}" for fate in lost)
        or f"no route in config.yaml has from: {event.sender} and type: {event.type}"
    )
    # Counted by these two, without opening a thousand files.
    return Reason(code, message, event.id, event.sender, name, now, item=event.type)


def _log(context: Context, event: Event, fate: Fate, now: float) -> None:
    """Say what became of one route; in the line of the run that the event comes from, if it comes from one."""
    line = line_fields(event)
    facts: dict[str, Any] = {
        "task": line.get("task"),
        "run_id": line.get("parent"),
        "on": f"event {event.type}",
        "place": fate.place,
        "target": fate.route.to,
        "event_id": event.id,
        "from": event.sender,
        "type": event.type,
    }
    if fate.code:
        context.log(now, "not_routed", reason=fate.code, message=fate.message, **facts)
    else:
        context.log(now, "routed", follower=fate.request_id, **facts)
