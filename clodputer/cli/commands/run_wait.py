"""The waiting of `run`: until its request is settled, held, set aside or cancelled.

A process of its own drains the spool meanwhile, so what ends `run` ends nobody else's run.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from time import monotonic, time
from typing import Any, Callable, NamedTuple, Optional

from clodputer.cli.door import something_to_do
from clodputer.cli.failure import explain
from clodputer.cli.terminal.ink import ink, shown
from clodputer.cli.terminal.printable import one_line
from clodputer.cli.text.waits import sentences
from clodputer.gates import budget
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.gates import waiting
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.task import Task
from clodputer.runner.detached import DetachedDrain
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import cancel
from clodputer.store import holds
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.files import exposed
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import aside, find, slot
from clodputer.store.spool.requests import waits
from clodputer.views.queue import setaside

# How often we look whether our run is settled, in seconds: a person does not notice, a machine neither.
GLANCE = 0.1
# Where our request waits for another exec, a drain is begun again after so many seconds: that exec may have died.
AGAIN = 1.0
# Mostly the drain ends with our run; if it does not, it has other work, and we leave it alone.
FAREWELL = 0.5
# Why a request is cancelled when we are to end, by the signal that says so; else a person has pressed Ctrl-C.
GONE = {
    signal.SIGHUP: "the terminal in which `clodputer run` waited for it was closed",
    signal.SIGTERM: "the `clodputer run` that waited for it was told to end (SIGTERM)",
}


class Settled(NamedTuple):
    """The end of our request: its latest run, and that run's record."""

    run_id: str
    record: Mapping[str, Any]


def settle(context: Context, task: Task, request_id: str, stop: Stop, say: Callable[[str], None]) -> Settled:
    """Wait until our request is settled, by a drain that we begin or by the exec that holds the slot.

    What else there is to do, the drain does as well; it goes on when we end, whatever ends us, and so does another exec. When
    we are to end, our request alone is cancelled. Raises ClodputerError when it will not be run now: held, set aside, cancelled
    before it ran, or when nothing can be run at all; OSError.
    """
    drain: Optional[DetachedDrain] = None
    again, waited = 0.0, False
    try:
        while True:
            try:
                ended, failure = drain is None or drain.ended(), None
            except ClodputerError as error:
                ended, failure = True, error
            settled = _settled(context, task, request_id)
            if settled is not None:
                return settled  # whatever failed was not ours
            if failure is not None:
                raise failure
            _refuse_set_aside(context, request_id)
            refuse_asking(context, task, request_id)
            if stop.requested:
                return _cancelled(context, task, request_id, stop)
            refuse_held(context, task, f"The request {request_id} waits in the queue.")
            if ended and monotonic() >= again and something_to_do(context.home):
                _leave(drain)
                drain, again = DetachedDrain(context, explain), monotonic() + AGAIN
            elif ended and not waited:
                say(ink(_what_goes_on(context, task, request_id), "dim"))
                waited = True
            stop.wait(GLANCE)
    finally:
        _leave(drain)


def _leave(drain: Optional[DetachedDrain]) -> None:
    if drain is not None:
        drain.leave(FAREWELL)


def _what_goes_on(context: Context, task: Task, request_id: str) -> str:
    kept = waits.read(context.home, task.lane, request_id)
    if kept is not None and any(one.id == request_id for one in find.delayed(context.home, task.lane)):
        ends = waiting.ends(kept.reason, task.name, request_id)
        return f"it waits: {sentences(kept.message, kept.until, ends)}"
    running = find.in_slot(context.home, task.lane)
    at_work = next((one for one in running if one.run_id), None)
    what = f"is running {at_work.task} ({at_work.run_id})" if at_work else "is at work"
    return f"another exec {what} in lane {task.lane}; waiting for it"


def _settled(context: Context, task: Task, request_id: str) -> Optional[Settled]:
    if _in_slot(context, task, request_id):
        return None
    attempts = runs.of_request(context.home, task.name, request_id)
    record = runs.record(context.home, task.name, attempts[0]) if attempts else None
    if record is None or _in_slot(context, task, request_id):
        return None
    return Settled(attempts[0], record)


def _in_slot(context: Context, task: Task, request_id: str) -> bool:
    """Whether a slot holds the request, or the mark of a run of it."""
    contents = [slot.content(context.home, each) for each in slot.of_lane(context.home, task.lane)]
    return any(
        request_id in (content.place.id if content.place else "", runs.request_of(content.run_id))
        for content in contents
    )


def refuse_exposed(context: Context, task: Task) -> None:
    """Raise ClodputerError while other accounts could change what the task does."""
    found = exposed.of_task(context.home, task.path)
    if found:
        message = f"task {task.name} is not run while others could change what it does: {found[0].message}"
        raise ClodputerError(exposed.CODE, message, f"Fix: {found[0].fix}")


def refuse_asking(context: Context, task: Task, request_id: str) -> None:
    """Raise ClodputerError (exit code 75) when the request waits until a person approves it."""
    kept = waits.read(context.home, task.lane, request_id)
    if kept is not None and kept.reason == APPROVAL:
        hint = waiting.ends(APPROVAL, task.name, request_id)
        raise ClodputerError(APPROVAL, f"request {request_id} waits: {kept.message}", hint, ExitCode.LATER)


def refuse_held(context: Context, task: Task, and_so: str) -> None:
    """Raise ClodputerError (exit code 75) when a hold keeps the requests of the task waiting."""
    held = holds.on_task(context.home, task, time())
    if held is not None:
        until = zone.until(held.hold.until)
        message = f"{held.target.words} is on hold {until} ({held.hold.reason}). {and_so}"
        raise ClodputerError("held", message, held.hold.message, ExitCode.LATER)


def warn_over_budget(context: Context, task: Task) -> None:
    """Say on stderr that a budget leaves no room for the run that a person asks for: it is let through, and counted."""
    over = budget.exceeded(task, History(context.home), context, time())
    if over is not None:
        line = f"{ink('over budget', 'yellow')}: {over.message} A run by hand starts all the same, and is counted.\n"
        sys.stderr.write(shown(line, sys.stderr, context.environ))


def _refuse_set_aside(context: Context, request_id: str) -> None:
    """Raise ClodputerError when the request was rejected, given up or closed without a run."""
    for place, code, verb in (
        (find.REJECTED, "rejected", "rejected"),
        (find.DEAD, "dead", "given up"),
        (find.CLOSED, "cancelled", "cancelled by somebody else"),
    ):
        folder = find.folder(context.home, place)
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


def _cancelled(context: Context, task: Task, request_id: str, stop: Stop) -> Settled:
    """Cancel our request, and the end of its run if it was in one. Raises ClodputerError when there is no such end."""
    why = GONE.get(signal.Signals(stop.signal), slot.PERSON)
    found = cancel.find(context, request_id)
    done = cancel.cancel(context, found, why=why, pause=stop.wait) if found else None
    settled = _settled(context, task, request_id)
    if settled is not None:
        return settled
    if done is not None and done.result == cancel.CANCELLED:
        what, hint = "was taken back before it ran", ""
    else:
        what, hint = (
            "is being stopped by the exec that runs it",
            f"See how it ends with: clodputer show {task.name}",
        )
    message = f"interrupted; the request {request_id} {what}"
    raise ClodputerError("interrupted", message, hint, ExitCode.INTERRUPTED)
