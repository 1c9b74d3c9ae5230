"""Links by which a person decides about a request from a message: made when it is sent, and kept nowhere."""

from __future__ import annotations

from time import time
from typing import Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import APPROVED, DENIED, Approval
from clodputer.model.gates.approvaltoken import Token, make
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.notify.letter import Letter
from clodputer.model.request import InvalidRequest, from_fields
from clodputer.store.context import Context
from clodputer.store.spool import dropfile, find
from clodputer.store.spool.find import DELAYED, Found
from clodputer.store.spool.requests import waits
from clodputer.store.upkeep import approvalkey
from clodputer.tasks import taskfile

WANTED = "approval_wanted"


def links(context: Context, letter: Letter) -> tuple[tuple[str, str], ...]:
    """What each link does, and its address; none where `approve_link` is not set, and for a request that waits no more."""
    base = context.settings.approve_link
    if letter.edge != WANTED or not base:
        return ()
    found = _waiting(context, letter.item)
    try:
        key = approvalkey.get(context.home)
        token = None if found is None else _token(context, found)
    except (OSError, ValueError, InvalidRequest, dropfile.Unreadable):
        return ()  # the message is sent without; it has the command
    if token is None:
        return ()
    wishes = (("Approve", APPROVED), ("Deny", DENIED))
    return tuple((label, base + make(key, token._replace(wish=wish))) for label, wish in wishes)


def _waiting(context: Context, request_id: str) -> Optional[Found]:
    found = find.everywhere(context.home) if request_id else ()
    return next((one for one in found if one.id == request_id and one.state == DELAYED), None)


def _token(context: Context, found: Found) -> Optional[Token]:
    kept = waits.read(context.home, found.lane, found.id)
    if kept is None or kept.reason != APPROVAL:
        return None
    dropped = dropfile.read(found.path, found.name)
    request = from_fields(dropped.fields, request_id=found.id, created_at=dropped.written_at, origin={})
    try:
        rule = taskfile.load(context.home, request.task, context.environ).approve
    except ClodputerError:
        rule = Approval()
    until = int(kept.since + rule.expires)
    return Token(APPROVED, found.id, round(request.created_at * 1000), until) if until > time() else None
