"""A claimed request: cancelled, kept waiting, closed, given up, or run and settled."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial
from importlib import import_module
from time import time
from typing import Any, Optional, Union

from clodputer import gates
from clodputer.effects.bury import bury
from clodputer.effects.close import close_cancelled
from clodputer.model.decide import ASK_AGAIN
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.verdict import Close, Refuse, Wait
from clodputer.model.gates.waiting import APPROVAL, ITEM, NOT_BEFORE, OVERLAP
from clodputer.model.queue.lanes import engine_of
from clodputer.model.request import InvalidRequest, Place, Request, item_of
from clodputer.model.runs.attempts import Past
from clodputer.model.task import Task
from clodputer.runner import fault, items, unrecorded
from clodputer.runner.admission import ceiling, replace
from clodputer.runner.admission.admit import admit
from clodputer.runner.attempt import Attempt
from clodputer.runner.conclude import conclude, load_for
from clodputer.runner.execute import Finished, execute
from clodputer.runner.intake.admitted import read_request
from clodputer.runner.place import sandboxed
from clodputer.runner.processes.stop import Stop
from clodputer.runner.settle import settle
from clodputer.runner.upkeep import mail, thresholds
from clodputer.store.context import Context
from clodputer.store.files.doing import doing
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import dropfile, queue
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import attempts, waits
from clodputer.store.spool.requests.waits import Waiting
from clodputer.store.spool.slot import Slot
from clodputer.tasks import ask, byissue, taskfile


def handle(
    context: Context, slot: Slot, place: Place, stop: Stop, history: History
) -> Optional[dict[str, Any]]:
    """Run the request that was claimed, if it is to be run now, and settle it; its record, or None when it was not run.

    history: read once for all requests of a drain, and renewed wherever what happened meanwhile makes a difference.

    Raises OSError, and ClodputerError when no run whatever can be started here; the request is then still in the slot, and the
    next exec recovers it.
    """
    now = time()
    fault.reach(context, "claimed", place.id)
    in_slot = slots.path(context.home, slot, place)
    if slots.cancel_asked(context.home, slot, place.id):
        # Whoever cancelled it saw it in the slot at an earlier attempt, or just now.
        _cancelled(context, slot, place, now)
        return None
    try:
        dropped = dropfile.read(in_slot, place.dropped)
        request = read_request(dropped, place.dropped, place.id, dropped.written_at)._replace(id=place.id)
    except (dropfile.Unreadable, InvalidRequest) as error:
        # Intake read it; somebody edited it while it waited.
        _refuse(context, slot, place, Refuse("invalid_request", str(error)), "", now)
        return None
    known = attempts.read(context.home, request.task, request.id)
    request = request._replace(attempt=max(request.attempt, known.attempt), item=item_of(request))
    task, problem = _task(context, request)
    fault.reach(context, "gates", place.id)
    history.renew()
    verdict = gates.ask(request, task, problem, history, context, now)
    if isinstance(verdict, Close) and not _is_closed(context, request, verdict, now):
        # Somebody decided while it was about to be closed because nobody had.
        verdict = gates.ask(request, task, problem, history, context, now)
    if isinstance(verdict, Wait):
        ceiling.hold_lane(context, slot.lane, verdict, now)
        _wait(context, slot, place, request, verdict, now)
        return None
    if isinstance(verdict, Close):
        _close(context, slot, place, request, verdict, now)
        return None
    if isinstance(verdict, Refuse) or task is None:
        refusal = verdict if isinstance(verdict, Refuse) else Refuse("task_invalid", problem)
        _refuse(context, slot, place, refusal, request.task, now, known.story)
        return None
    if engine_of(context.settings.lanes, slot.lane) and not context.job:
        # Imported here: most homes have no lane with an engine.
        from clodputer.runner.jobs.submit import submit

        submit(context, slot, place, task.name)
        return None
    looked_up = _with_secrets(context, task)
    if isinstance(looked_up, Wait):
        _wait(context, slot, place, request, looked_up, time())
        return None
    if isinstance(looked_up, Refuse):
        _refuse(context, slot, place, looked_up, request.task, now, known.story)
        return None
    unheld = sandboxed.held_back(context, task, now)
    if unheld is not None:
        _wait(context, slot, place, request, unheld, time())
        return None
    # A job waits for no other: a run that sees a newer request of its task ends by itself.
    hindered = "" if context.job else replace.make_way(context, slot, place, task, request, stop)
    if hindered:
        _hindered(context, slot, place, request, hindered)
        return None
    context = looked_up  # from here on everything that is masked is masked with what was looked up
    if task.agent == "claude":
        # It imports all of that agent, which tasks of others have no need of.
        ready: Union[Context, Wait] = import_module("clodputer.runner.versions.before").look(
            context, task, stop
        )
        if isinstance(ready, Wait):
            _wait(context, slot, place, request, ready, time())
            return None
        context = ready
    load_for(task)
    attempt = Attempt(context, slot, request, task, runs.new_id(time(), request.id), stop, history, known)
    try:
        with doing(f"running {task.name} as run {attempt.run_id}", attempt.folder):
            finished = _run(context, attempt)
            if isinstance(finished, Wait):
                _wait(context, slot, place, request, finished, time())
                return None
            ended_at = time()
            record = conclude(attempt, finished, ended_at)
    except Exception as error:
        _unfinished(context, slot, place, attempt, error)
        raise
    if context.job and slots.content(context.home, slot).run_id != attempt.run_id:
        # The engine said that this job had ended, while it was cut off from it: the run is settled as lost since.
        return None
    settled = settle(context, slot, place, record, ended_at)
    fault.contained(
        context, "budgets", partial(thresholds.log_budgets, context, task, settled, history, ended_at)
    )
    fault.contained(
        context, "breaker", partial(thresholds.log_breaker, context, task, settled, history, ended_at)
    )
    mail.look(context)
    return settled


def _with_secrets(context: Context, task: Task) -> Union[Context, Wait, Refuse]:
    """The context with the secrets that are looked up for a run of the task, or why it cannot begin. Raises OSError."""
    if not context.settings.secrets:
        return context
    # Imported where config.yaml has secrets by reference.
    from clodputer.runner.place import withsecrets

    try:
        return withsecrets.for_run(context, task)
    except ClodputerError:
        # A prompt's file that is not there, say: the run itself will tell, under its own reason.
        return context


def _run(context: Context, attempt: Attempt) -> Union[Finished, Wait]:
    mail.begin(context, attempt.task)
    with ExitStack() as entered:
        verdict = admit(context, attempt, entered)
        if verdict is not None:
            return verdict
        waits.forget(context.home, attempt.slot.lane, attempt.request.id)
        mail.look(context)
        mail.send(context)
        return execute(attempt)


def _unfinished(context: Context, slot: Slot, place: Place, attempt: Attempt, error: Exception) -> None:
    """Leave the slot so that what is said of the run later is true: that it was not begun, or what kept us from its end."""
    if slots.content(context.home, slot).started:
        unrecorded.keep_error(context, slot, attempt.task.name, attempt.run_id, error)
    elif not fault.charged(error):
        # A fault of the machine is no false start of the request. If even this fails, the next exec recovers it.
        from clodputer.runner.recover import forget_attempt

        with suppress(OSError):
            forget_attempt(context, slot, place, attempt.task.name, attempt.run_id)


def _cancelled(context: Context, slot: Slot, place: Place, now: float) -> None:
    in_slot = slots.path(context.home, slot, place)
    why = slots.why_cancelled(context.home, slot, place.id)
    close_cancelled(context, in_slot, place.id, place.dropped, now, why, lane=slot.lane)
    slots.forget_cancels(context.home, slot)


def _hindered(context: Context, slot: Slot, place: Place, request: Request, why: str) -> None:
    """What becomes of a request that waited in the slot for the run that it replaces, and may not run after all."""
    if why == "cancelled":
        _cancelled(context, slot, place, time())
    elif why == "newer":
        verdict = Wait(None, OVERLAP, "A newer request of the task is being run (overlap: replace).")
        _wait(context, slot, place, request, verdict, time())
    else:
        replace.put_back(context, slot, place)


def _task(context: Context, request: Request) -> tuple[Optional[Task], str]:
    try:
        task = ask.fitted(taskfile.load(context.home, request.task, context.environ), request)
        return byissue.fitted(task, request), ""
    except ClodputerError as error:
        return None, str(error)


def _wait(context: Context, slot: Slot, place: Place, request: Request, verdict: Wait, now: float) -> None:
    """Put it among the delayed. Why, is logged and written first: killed in between, it is claimed again, and waits again.

    It may be logged twice, but not left out: a person who is to approve it is told by what the log says.
    """
    home, until = context.home, verdict.until
    # The request itself reports its `not_before`.
    by_itself = verdict.reason == NOT_BEFORE
    before = None if by_itself else waits.read(home, slot.lane, request.id)
    if before is None or (before.reason, before.message) != (verdict.reason, verdict.message):
        why = {"reason": verdict.reason, "message": verdict.message}
        context.log(now, "delayed", task=request.task, request_id=request.id, lane=slot.lane, **why)
    if not by_itself:
        since = before.since if before is not None and before.reason == verdict.reason else now
        order = place.microseconds if before is None else before.order
        waits.write(
            home, slot.lane, request.id, Waiting(verdict.reason, verdict.message, since, verdict.until, order)
        )
        until = min(now + ASK_AGAIN, now + ASK_AGAIN if until is None else until)
    waiting = place._replace(microseconds=int((until or now) * 1_000_000) + 1)
    queue.move(slots.path(home, slot, place), queue.delayed_path(home, slot.lane, waiting))
    if verdict.reason == APPROVAL:
        from clodputer.runner.requests import approve

        approve.wake(context, slot.lane, request)
    elif verdict.reason == ITEM:
        items.wake_if_free(context, slot.lane, request)


def _is_closed(context: Context, request: Request, verdict: Close, now: float) -> bool:
    # Imported here, as below: few tasks ask a person.
    from clodputer.runner.requests import approve

    return approve.is_closed(context, request, verdict, now)


def _close(context: Context, slot: Slot, place: Place, request: Request, verdict: Close, now: float) -> None:
    """Close a request that a person denied, or about which nobody decided in time."""
    from clodputer.runner.requests import approve

    approve.close(
        context, slots.path(context.home, slot, place), place, slot.lane, request.task, verdict, now
    )


def _refuse(
    context: Context,
    slot: Slot,
    place: Place,
    refusal: Refuse,
    task: str,
    now: float,
    story: tuple[Past, ...] = (),
) -> None:
    in_slot = slots.path(context.home, slot, place)
    kept = bury(context, in_slot, place, refusal.code, refusal.message, task, story)
    waits.forget(context.home, slot.lane, place.id)
    context.log(
        now,
        "buried",
        task=task or None,
        request_id=place.id,
        reason=refusal.code,
        message=refusal.message,
        kept=kept,
    )
