"""Withdraw: a request that is to be cancelled while its job has not begun it is closed at once, and its job ended."""

from __future__ import annotations

from contextlib import suppress
from time import time

from clodputer import engines
from clodputer.engines.tool import Refused
from clodputer.runner.recover import recover
from clodputer.store.context import Context
from clodputer.store.spool import slot as slots
from clodputer.store.spool.find import Found
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.requests.jobs import Submitted
from clodputer.store.spool.slot import Slot


def cancel_job(context: Context, lane: str, submitted: Submitted) -> None:
    """End a job at its engine. Raises Refused."""
    settings = context.settings.lanes.get(lane, {})
    engines.load(submitted.engine).cancel(submitted.job, settings, context.environ)


def withdraw(context: Context, slot: Slot, request: Found) -> bool:
    """Close a request of which nothing was begun, as somebody has asked for its end; whether it is closed. Raises OSError.

    Should its job start all the same, because the engine could not be asked, it finds nothing to do.
    """
    if jobs.read(context.home, slot) is None:
        return False
    with slots.lock(context.home, slot) as held:
        submitted, content = jobs.read(context.home, slot), slots.content(context.home, slot)
        if not held or submitted is None or content.place is None or content.run_id:
            return False
        if content.place.id != request.id or not slots.cancel_asked(context.home, slot, request.id):
            return False
        recover(context, slot, time())
        if submitted.engine:
            with suppress(Refused):
                cancel_job(context, slot.lane, submitted)
        jobs.forget(context.home, slot, submitted)
    return True
