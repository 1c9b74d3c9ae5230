"""What the file of a request says, for the list of what waits; what is only dropped may be an event or a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.gates import approval
from clodputer.model.triggers import event as events
from clodputer.runner.intake.admitted import read_request
from clodputer.store.spool import dropfile
from clodputer.store.spool.find import DROPPED, Found

# The `trigger` in the origin of a decision: it is no request, and makes none.
DECISION = "decision"


class Fields(NamedTuple):
    """created_at, not_before: epoch seconds. task: empty for what is no request. origin: where it is from, what it is about."""

    task: str
    created_at: float
    not_before: Optional[float]
    attempt: int
    origin: Mapping[str, Any]


def read(found: Found) -> Fields:
    """What the file says. Raises ValueError (Unreadable, InvalidRequest, InvalidEvent) with what is wrong with it, OSError."""
    dropped, name = dropfile.read(found.path, found.name), found.name.lower()
    if found.state == DROPPED and name.endswith(events.ENDING):
        event = events.from_fields(dropped.fields, "none")
        about = {"from": event.sender, "type": event.type}
        return Fields("", dropped.written_at, None, 1, {"trigger": events.TRIGGER, "event": about})
    if found.state == DROPPED and name.endswith(approval.ENDING):
        form = approval.read_form(dropped.fields)
        # Never the token: who has it may decide.
        about = {"wish": form.wish, "request": form.request} if form.request else {}
        return Fields("", dropped.written_at, None, 1, {"trigger": DECISION, **about})
    request = read_request(dropped, found.name, found.id or "none", dropped.written_at)
    return Fields(request.task, request.created_at, request.not_before, request.attempt, dict(request.origin))


def words(origin: Mapping[str, Any]) -> str:
    """Where it is from, such as `cron`, `spool of 3f9a2c1b`, `event build.failed from ci` or `decision: approved 3f9a2c1b`."""
    trigger, about = str(origin.get("trigger", "")), origin.get("event")
    if trigger == events.TRIGGER and isinstance(about, Mapping):
        return f"{trigger} {about.get('type')} from {about.get('from')}"
    if trigger == DECISION and origin.get("request"):
        return f"{trigger}: {origin.get('wish')} {origin['request']}"
    return f"{trigger} of {origin['retries']}" if origin.get("retries") else trigger
