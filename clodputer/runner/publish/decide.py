"""Approve or deny what a run would publish and a person is asked about first: one decision, for good."""

from __future__ import annotations

from typing import Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import APPROVED, DENIED, LONGEST_NOTE
from clodputer.model.publish import parcel as states
from clodputer.model.publish.parcel import Parcel
from clodputer.runner.requests.approve import Decided
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.outgoing import parcels, published
from clodputer.store.records import runs

# In seconds: how long another decision is waited for, which takes milliseconds.
PATIENCE = 5.0
# A shorter beginning or end of an id may be that of anything.
SHORTEST = 4


def decide(context: Context, wanted: str, wish: str, note: str, now: float) -> Optional[Decided]:
    """Approve (APPROVED) or deny (DENIED) what the run that `wanted` means would publish; None when it means none.

    wanted: an id of a run or of its request, or a part of it that fits no other. Raises ClodputerError ("ambiguous",
    "already_decided", "busy"), OSError.
    """
    if len(wanted) < SHORTEST:
        return None
    lock = Lock(f"{context.home.ledger}/staged.lock")
    if not lock.wait(PATIENCE):
        raise ClodputerError("busy", "another decision is being made right now", "Try again in a moment.")
    try:
        fitting = [one for one in parcels.staged(context.home) if _fits(one, wanted)]
        if len(fitting) > 1:
            named = ", ".join(one.run_id for one in fitting[:5])
            raise ClodputerError("ambiguous", f"{wanted} fits several: {named}", "Give more of the id.")
        if fitting:
            return _decided(context, fitting[0], wish, context.masker.text(note.strip())[:LONGEST_NOTE], now)
        return _before(context, wanted, wish, now)
    finally:
        lock.release()


def _decided(context: Context, parcel: Parcel, wish: str, note: str, now: float) -> Decided:
    about = {"task": parcel.task, "run_id": parcel.run_id, "request_id": runs.request_of(parcel.run_id)}
    if wish == APPROVED:
        # Its day of tries begins now.
        parcels.release(context.home, parcel._replace(state=states.WAITING, created_at=now, due=now))
        context.log(now, "released", **about, message=note or None)
    else:
        parcels.end(context.home, "", parcel._replace(state=states.DENIED, last_error=note))
        context.log(now, "withheld", **about, message=note or None)
    return Decided(wish, runs.request_of(parcel.run_id), parcel.task, now, note)


def _before(context: Context, wanted: str, wish: str, now: float) -> Optional[Decided]:
    """The answer about one that was decided before, as far as its id is given whole; None when nothing is known of it.

    What could not be sent is tried once more when it is approved.
    """
    denied = next((one for one in parcels.ended(context.home) if one.run_id == wanted), None)
    if denied is not None and denied.state == states.UNDELIVERED and wish == APPROVED:
        return _decided(context, states.again(denied, now), wish, "", now)
    if denied is not None and denied.state == states.DENIED:
        if wish == DENIED:
            request = runs.request_of(wanted)
            return Decided(DENIED, request, denied.task, denied.created_at, denied.last_error, already=True)
        raise ClodputerError("already_decided", f"what run {wanted} would have published was denied", "")
    waits = next((one for one in parcels.waiting(context.home) if one.run_id == wanted), None)
    sent = published.of_run(context.home, wanted) if runs.is_id(wanted) else []
    if waits is None and not sent:
        return None
    if wish == APPROVED:
        task, at = (waits.task, waits.created_at) if waits is not None else (sent[0].task, sent[0].at)
        return Decided(APPROVED, runs.request_of(wanted), task, at, already=True)
    message = f"what run {wanted} publishes is being sent, or has been sent"
    raise ClodputerError("already_decided", message, f"See: clodputer show {wanted}")


def _fits(parcel: Parcel, wanted: str) -> bool:
    request = runs.request_of(parcel.run_id)
    return parcel.run_id == wanted or request.startswith(wanted) or request.endswith(wanted)
