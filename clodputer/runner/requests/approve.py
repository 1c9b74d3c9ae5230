"""Approve or deny a request that asks first: one decision, for good, and the request goes on or is closed by it."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional

from clodputer.effects import close as closed
from clodputer.model.errors import ClodputerError
from clodputer.model.gates import approvaltoken
from clodputer.model.gates.approval import (
    APPROVED,
    BEFORE,
    DENIED,
    DENIED_BY_PERSON,
    EXPIRED,
    LONGEST_NOTE,
    SUPERSEDED,
    Approval,
    Decision,
    closing,
)
from clodputer.model.gates.approvaltoken import Token
from clodputer.model.gates.verdict import Close
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.request import InvalidRequest, Place, Request, from_fields
from clodputer.model.text.jsontext import with_nulls
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.spool import aside, dropfile, find, queue
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.find import CLOSED, DEAD, DELAYED, DROPPED, QUEUED, RUN, UNENDED, Found
from clodputer.store.spool.requests import approvals, waits
from clodputer.store.upkeep import approvalkey
from clodputer.tasks import taskfile

INVALID_TOKEN = "invalid_token"  # noqa: S105  (a code)


class Decided(NamedTuple):
    """The decision about a request that counts. already: an earlier call took it. at: epoch seconds.

    kept: where the request lies now, if it was closed.
    """

    decision: str
    request_id: str
    task: str
    at: float
    note: str = ""
    already: bool = False
    kept: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**with_nulls(self), "at": iso(self.at)}


def decide_by_token(context: Context, text: str, wish: str, note: str, now: float) -> Decided:
    """Decide as a token says, for whoever was given one; `wish`: what it must say, empty for either.

    Raises ClodputerError ("invalid_token") for one that is not ours or too old, and as `decide` does; OSError.
    """
    token = token_of(context, text, now)
    if wish not in ("", token.wish):
        raise ClodputerError(INVALID_TOKEN, f"this token is for {token.wish}, not for {wish}")
    return decide(context, token.request_id, token.wish, note, now, token.created)


def token_of(context: Context, text: str, now: float) -> Token:
    """What a token of this home says at `now` (epoch seconds). Raises ClodputerError ("invalid_token"), OSError."""
    try:
        return approvaltoken.read(approvalkey.get(context.home), text, now)
    except ValueError as error:
        raise ClodputerError(INVALID_TOKEN, str(error), "See what waits with: clodputer inbox") from None


def decide(
    context: Context, wanted: str, wish: str, note: str, now: float, created: Optional[int] = None
) -> Decided:
    """Approve (APPROVED) or deny (DENIED) the request that `wanted` means, at `now` (epoch seconds).

    created: when the request must have been made, in epoch milliseconds; None for whenever that was.
    Of several who decide at once, and of a request's end in time, one wins; the others learn of it. Killed at any point, the
    decision is either taken or not; whatever is left to do, the next call or exec does. Raises ClodputerError
    ("request_unknown", "ambiguous", "not_asked", "already_decided"), OSError.
    """
    found = find.the_one(wanted, find.fitting(context.home, wanted, UNENDED))
    if found is None:
        return _ended(context, wanted, wish)
    if found.state == DROPPED:
        raise ClodputerError("not_asked", f"{found.name} was not taken in yet", "Try again in a moment.")
    request = _request(found)
    if created not in (None, round(request.created_at * 1000)):
        raise ClodputerError("request_unknown", "the request that this is about has ended")
    rule, since = _rule(context, request), _asked_since(context, found)
    known = approvals.read(context.home, request)
    if known is None and since is None and rule.mode != BEFORE:
        raise ClodputerError(
            "not_asked",
            f"request {request.id} of {request.task} does not ask for approval",
            "See what does with: clodputer inbox",
        )
    note = context.masker.text(note.strip())[:LONGEST_NOTE]
    mine = Decision(wish, now, note)
    if since is not None and since + rule.expires <= now:
        mine = Decision(EXPIRED, now)
    counts = approvals.decide(context.home, request, mine)
    if counts is mine and wish == APPROVED and mine.decision == APPROVED:
        context.log(now, "approved", task=request.task, request_id=request.id, message=note or None)
    kept = _carry_out(context, found, request, counts, rule, now)
    if counts.decision != wish:
        raise _other(request.id, counts)
    return Decided(
        wish, request.id, request.task, counts.at, counts.note, already=counts is not mine, kept=kept
    )


def is_closed(context: Context, request: Request, verdict: Close, now: float) -> bool:
    """Whether a verdict to close a request stands: that it has expired is a decision as well, and another may come before."""
    if verdict.code == DENIED_BY_PERSON:
        return True
    return approvals.decide(context.home, request, Decision(EXPIRED, now)).decision != APPROVED


def close(context: Context, path: str, place: Place, lane: str, task: str, verdict: Close, now: float) -> str:
    """Close a request that may not run; where it is now. Raises FileNotFoundError when it is not there any more, OSError."""
    message = context.masker.text(verdict.message)
    kept = closed.close(context, path, Reason(verdict.code, message, place.id, task, place.dropped, now))
    waits.forget(context.home, lane, place.id)
    event = "denied" if verdict.code == DENIED_BY_PERSON else "not_approved"
    context.log(now, event, task=task, request_id=place.id, message=message, kept=kept)
    return kept


def wake(context: Context, lane: str, request: Request) -> None:
    """Let a request go on about which was decided while it was put among the delayed. Raises OSError."""
    if approvals.read(context.home, request) is not None:
        queue.wake(context.home, lane, _asks, request.id)


def _asks(waiting: waits.Waiting) -> bool:
    return waiting.reason == APPROVAL


def _carry_out(
    context: Context, found: Found, request: Request, decision: Decision, rule: Approval, now: float
) -> str:
    """Do what is left to do of a decision; where the request lies now, if that closed it.

    While it is in a slot, the exec that has it does that (runner/claimed.py).
    """
    if decision.decision == APPROVED:
        queue.wake(context.home, found.lane, _asks, request.id)
        return ""
    verdict = closing(decision, rule)
    for there in find.in_lane(context.home, found.lane, DELAYED, QUEUED, part=request.id):
        if there.id != request.id or there.place is None:
            continue
        try:
            return close(context, there.path, there.place, found.lane, request.task, verdict, now)
        except FileNotFoundError:
            continue  # an exec has just claimed it, and closes it
    return ""


def _request(found: Found) -> Request:
    try:
        dropped = dropfile.read(found.path, found.name)
        request = from_fields(dropped.fields, request_id=found.id, created_at=dropped.written_at, origin={})
        return request._replace(id=found.id)
    except FileNotFoundError:
        raise ClodputerError(
            "busy", f"request {found.id} is being moved right now", "Try again in a moment."
        ) from None
    except (dropfile.Unreadable, InvalidRequest) as error:
        raise ClodputerError(
            "invalid_request", f"request {found.id} cannot be read: {error}", f"See it: {found.path}"
        ) from None


def _rule(context: Context, request: Request) -> Approval:
    """What its task says of asking first; of a task that is gone or broken, nothing."""
    try:
        return taskfile.load(context.home, request.task, context.environ).approve
    except ClodputerError:
        return Approval()


def _asked_since(context: Context, found: Found) -> Optional[float]:
    waiting = waits.read(context.home, found.lane, found.id)
    return waiting.since if waiting is not None and _asks(waiting) else None


def _ended(context: Context, wanted: str, wish: str) -> Decided:
    """The answer about a request that neither waits nor runs. Raises ClodputerError unless it was decided so before."""
    found = find.the_one(wanted, find.fitting(context.home, wanted, (CLOSED, DEAD, RUN)))
    if found is None:
        raise ClodputerError(
            "request_unknown",
            f"no request fits {wanted[:80]!r}",
            "See what waits for you with: clodputer inbox",
        )
    if found.state == CLOSED:
        reason = aside.read(context.home.closed, found.name)
        if wish == DENIED and reason.code == DENIED_BY_PERSON:
            path = os.path.join(context.home.closed, found.name)
            return Decided(DENIED, found.id, reason.task, reason.at, already=True, kept=path)
        hint = f"To ask again: clodputer retry {found.id}"
        raise ClodputerError("already_decided", f"request {found.id} was closed: {reason.message}", hint)
    known = approvals.of_id(context.home, found.id)
    if known is not None and known.decision == wish:
        return Decided(wish, found.id, found.task, known.at, known.note, already=True)
    raise ClodputerError(
        "already_decided",
        f"request {found.id} has ended",
        f"See it with: clodputer show {find.handle(found)}",
    )


def _other(request_id: str, decision: Decision) -> ClodputerError:
    if decision.decision == APPROVED:
        return ClodputerError(
            "already_decided",
            f"request {request_id} was approved at {iso(decision.at)}",
            f"To stop it all the same: clodputer cancel {request_id}",
        )
    if decision.decision == SUPERSEDED:
        message = f"request {request_id} is closed: {decision.note}"
        return ClodputerError("already_decided", message, "See what waits with: clodputer inbox")
    what = "was denied" if decision.decision == DENIED else "has waited too long for approval, and was closed"
    return ClodputerError(
        "already_decided", f"request {request_id} {what}", f"To ask again: clodputer retry {request_id}"
    )
