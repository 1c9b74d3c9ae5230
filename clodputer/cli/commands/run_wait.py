"""The waiting of `run`: until its request is settled, held, set aside or taken back."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any, Callable, NamedTuple, Optional

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line
from clodputer.effects.close import close_cancelled
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.task import Task
from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.store import holds, runs, zone
from clodputer.store.context import Context
from clodputer.store.spool import aside, lookup, slot, whereabouts
from clodputer.views import setaside

# How often we look whether another exec has settled our run, in seconds: a person does not notice, a machine neither.
GLANCE = 0.1


class Settled(NamedTuple):
    """The end of our request: its latest run, and that run's record."""

    run_id: str
    record: Mapping[str, Any]


def settle(context: Context, task: Task, request_id: str, stop: Stop, say: Callable[[str], None]) -> Settled:
    """Drain until our request is settled, by us or by the exec that holds the slot.

    Raises ClodputerError when it will not be run now: held, set aside, or taken back after Ctrl-C.
    """
    waited = False
    while True:
        work(context, stop)
        settled = _settled(context, task, request_id)
        if settled is not None:
            return settled
        _refuse_set_aside(context, request_id)
        if stop.requested:
            raise _interrupted(context, task, request_id)
        refuse_held(context, task, f"The request {request_id} waits in the queue.")
        if not waited:
            say(ink(_what_goes_on(context, task), "dim"))
            waited = True
        stop.wait(GLANCE)


def _what_goes_on(context: Context, task: Task) -> str:
    running = whereabouts.in_slot(context.home, task.lane)
    at_work = next((one for one in running if one.run_id), None)
    what = f"is running {at_work.task} ({at_work.run_id})" if at_work else "is at work"
    return f"another exec {what} in lane {task.lane}; waiting for it"


def _settled(context: Context, task: Task, request_id: str) -> Optional[Settled]:
    attempts = runs.of_request(context.home, task.name, request_id)
    record = runs.record(context.home, task.name, attempts[0]) if attempts else None
    if record is None:
        return None
    contents = [slot.content(context.home, each) for each in slot.of_lane(context.home, task.lane)]
    still_there = any(
        content.run_id == attempts[0] or (content.place is not None and content.place.id == request_id)
        for content in contents
    )
    return None if still_there else Settled(attempts[0], record)


def refuse_held(context: Context, task: Task, and_so: str) -> None:
    """Raise ClodputerError (exit code 75) when a hold keeps the requests of the task waiting."""
    held = holds.on_task(context.home, task, time())
    if held is not None:
        until = zone.until(held.hold.until)
        message = f"{held.target.words} is on hold {until} ({held.hold.reason}). {and_so}"
        raise ClodputerError("held", message, held.hold.message, ExitCode.LATER)


def _refuse_set_aside(context: Context, request_id: str) -> None:
    """Raise ClodputerError when the request was rejected, given up or closed without a run."""
    for place, code, verb in (
        (lookup.REJECTED, "rejected", "rejected"),
        (lookup.DEAD, "dead", "given up"),
        (lookup.CLOSED, "cancelled", "cancelled by somebody else"),
    ):
        folder = lookup.folder(context.home, place)
        # We dropped it under a name with its id in it.
        for name in (name for name in aside.names(folder) if request_id in name):
            if aside.read(folder, name).request_id != request_id:
                continue
            try:
                one = setaside.describe(context, place, name)
            except FileNotFoundError:
                continue  # retried a moment ago
            message = f"the request {request_id} was {verb}: {one_line(one.reason, 400)}"
            raise ClodputerError(code, message, one.fix)


def _withdraw(context: Context, task: Task, request_id: str) -> bool:
    """Take our request out after Ctrl-C, into `closed/` as `cancel` does; whether we could before it ran."""
    for one in whereabouts.everywhere(context.home):
        # What was not taken in yet has its id in the name that we dropped it as.
        mine = one.id == request_id or one.name == f"{task.name}.{request_id}.json"
        if not mine or one.state == whereabouts.RUNNING:
            continue
        try:
            close_cancelled(
                context, one.path, request_id, one.name, time(), task=task.name, lane=one.lane or None
            )
        except FileNotFoundError:
            continue  # it has just moved on: to where we look next
        return True
    return False


def _interrupted(context: Context, task: Task, request_id: str) -> ClodputerError:
    if _withdraw(context, task, request_id):
        return ClodputerError(
            "interrupted",
            f"interrupted; the request {request_id} was taken back before it ran",
            exit_code=ExitCode.INTERRUPTED,
        )
    return ClodputerError(
        "interrupted",
        f"interrupted; the request {request_id} is with another exec, which goes on",
        f"See how it ends with: clodputer show {task.name}",
        ExitCode.INTERRUPTED,
    )
