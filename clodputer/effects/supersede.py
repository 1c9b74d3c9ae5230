"""The effect `supersede`: older requests about the run's item, which ask a person still, are closed as it stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.close import close
from clodputer.effects.settling import Settling
from clodputer.model.gates.approval import SUPERSEDED, Decision
from clodputer.store.spool import find, layout
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.find import DELAYED, QUEUED
from clodputer.store.spool.requests import approvals, asking, waits


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Decide about each and close it; one that a person has approved goes on. Raises OSError.

    While one is in a slot, to be asked about again, the exec that has it closes it (runner/claimed.py).
    """
    home, message = settling.context.home, str(effect.get("message") or "")
    for request_id in map(str, effect.get("requests") or ()):
        asks = asking.of_id(home, request_id)
        if asks is not None:
            approvals.decide(home, asks.request, Decision(SUPERSEDED, time(), message))
        decided = approvals.of_id(home, request_id)
        if decided is not None and decided.decision == SUPERSEDED:
            _close(settling, request_id, decided.note)


def _close(settling: Settling, request_id: str, message: str) -> None:
    context, task = settling.context, str(settling.record["task"])
    for lane in layout.lanes(context.home):
        for found in find.in_lane(context.home, lane, DELAYED, QUEUED, part=request_id):
            if found.id != request_id:
                continue
            try:
                reason = Reason(SUPERSEDED, message, request_id, task, found.name, time())
                kept = close(context, found.path, reason)
            except FileNotFoundError:
                continue  # an exec has just claimed it, and closes it
            context.log(time(), "not_approved", task=task, request_id=request_id, message=message, kept=kept)
        waits.forget(context.home, lane, request_id)
