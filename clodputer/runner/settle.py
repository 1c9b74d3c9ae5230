"""Settle: write the outcome, perform its effects, leave the slot; in an order that may be repeated after a crash."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from clodputer import effects
from clodputer.effects import drop
from clodputer.effects.bury import bury
from clodputer.effects.settling import Settling
from clodputer.model.decide import is_final
from clodputer.model.record import masked
from clodputer.model.request import Place
from clodputer.model.rights.denied import wanted
from clodputer.runner import fault, items, unrecorded
from clodputer.runner.follow import joins
from clodputer.runner.proof import check
from clodputer.store.context import Context
from clodputer.store.files.doing import doing
from clodputer.store.outgoing import outbox
from clodputer.store.records import masking, runs, seals
from clodputer.store.spool import slot as slots
from clodputer.store.spool.slot import Slot
from clodputer.tasks import taskfile

# The effect that starts something, which nothing below this floor may do.
COMMAND = "command"


def settle(
    context: Context, slot: Slot, place: Place, record: Mapping[str, Any], ended_at: float
) -> dict[str, Any]:
    """Make a run's end lasting: record first, then what follows from it, last the request's way out of the slot.

    `ended_at`: what the record says of it, in epoch seconds. Returns the record as it was written, secrets masked.

    Whatever is interrupted is repeated whole by the next holder of the slot (`recover`): the record says which effects the
    run has, each may be performed twice, and the rename at the end can happen only once. So of all this only the record is
    made durable: after a power cut the request may be in the slot again, and then leaves it as the record says. Raises OSError.
    """
    record = masked(record, context.masker)
    settling = Settling(context, slot, place, record)
    try:
        fault.reach(context, "settle", place.id)
        _write_down(settling)
    except Exception as error:
        unrecorded.keep_record(context, slot, record, error)
        raise
    with doing(f"settling run {settling.run_id}", settling.in_slot):
        _perform(settling, ended_at)
    return dict(record)


def _write_down(settling: Settling) -> None:
    path = f"{settling.folder}/record.json"
    with doing(f"writing the record of run {settling.run_id}", path):
        # Somebody may have removed it, or all runs, while the run was going on.
        os.makedirs(settling.folder, mode=0o700, exist_ok=True)
        if not os.path.lexists(path):
            # Once: after the record is there, they are moved on from where they are put down.
            drop.put_down(settling)
        for inside in (settling.folder, *check.folders(settling.folder)):
            masking.mask_streams(inside, settling.context.masker)
        content = runs.write_json(path, settling.record, durable=True)
    fault.reach(settling.context, "seal", settling.place.id)
    seals.seal(settling.context.home, str(settling.record["task"]), settling.run_id, content)


def _perform(settling: Settling, ended_at: float) -> None:
    context, slot, place, record = settling.context, settling.slot, settling.place, settling.record
    context.log(
        ended_at,
        "finished",
        **_line(record),
        subscription=_drew_on_subscription(record),
        final=is_final(record["effects"]),
        lane=slot.lane,
        agent=record["agent"],
        **_conditions(record),
    )
    if outbox.looks(context.home):
        # Whoever is to be notified of this run hears of it by the log.
        context.make_log_durable()
    if record["swept"]:
        context.log(ended_at, "swept", **_line(record, "swept"))
    # Before the request leaves the slot, as all that is to be repeated after a crash.
    fault.contained(context, "joins", partial(_join, settling, ended_at))
    for effect in record["effects"]:
        fault.reach(context, "effect", place.id)
        if effect.get("effect") == COMMAND:
            from clodputer.runner.follow.command import perform

            perform(settling, effect)
        else:
            effects.perform(settling, effect)
    if os.path.lexists(settling.in_slot):
        # Somebody has edited the record: whatever it says, the slot becomes free for the next request.
        message = f"No effect in {settling.folder}/record.json says what is to happen to its request."
        bury(context, settling.in_slot, place, "record_damaged", message, str(record["task"]))
    fault.reach(context, "unmark", place.id)
    slots.unmark(context.home, slot, str(record["task"]), settling.run_id)
    slots.forget_cancels(context.home, slot)
    if record.get("item"):
        # Whoever asked for this run, in whichever lane: another one about the same thing may wait for its end.
        fault.contained(context, "items", partial(items.wake, context))


def _join(settling: Settling, ended_at: float) -> None:
    """Let the tasks that wait for the ends of several see this one. Raises OSError."""
    waiting = list(taskfile.mentioning(settling.context.home, settling.context.environ, "after"))
    if waiting:
        joins.perform(settling, waiting, ended_at)


# What the log says of a run's end beside its ids: all that decisions over past runs need (store/records/history.py).
_TOLD = (
    "outcome",
    "reason",
    "message",
    "duration_seconds",
    "cost_usd",
    "cost_estimated",
    "model",
    "account",
    "trigger",
    "attempt",
    "item",
    "parent",
    "trace_id",
    "suspect",
)


def _drew_on_subscription(record: Mapping[str, Any]) -> bool:
    in_effect = record.get("in_effect")
    return isinstance(in_effect, Mapping) and in_effect.get("subscription") is True


def _conditions(record: Mapping[str, Any]) -> dict[str, Any]:
    """What of the circumstances of a run is only looked at when many of them are compared; what is empty is left out."""
    said = {
        "prompt_version": record.get("prompt_version"),
        "agent_version": record.get("agent_version"),
        "denied": wanted(record.get("permission_denials")),
        "outside": bool(record.get("fed_by")),
    }
    return {key: value for key, value in said.items() if value}


def _line(record: Mapping[str, Any], *more: str) -> dict[str, Any]:
    keys = (
        "task",
        "request_id",
        "run_id",
        *(more or _TOLD),
    )
    # Of what an earlier version has written, something may be missing.
    return {key: record.get(key) for key in keys}
