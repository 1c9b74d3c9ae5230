"""One attempt: from a claimed request to a settled run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, NamedTuple, Optional

from clodputer import agents
from clodputer.isolate import scratch
from clodputer.model import decide, outcome
from clodputer.model.errors import ClodputerError
from clodputer.model.record import build
from clodputer.model.request import InvalidRequest, Place, Request
from clodputer.model.run import Ended, Launch, Report
from clodputer.model.task import Task
from clodputer.runner.expect import Snapshot
from clodputer.runner.intake import read_request
from clodputer.runner.processes import recorded, tree
from clodputer.runner.processes.contain import contain, run_check
from clodputer.runner.processes.stop import Stop
from clodputer.runner.ready import Ready, prepare
from clodputer.runner.requests.close import close_cancelled
from clodputer.runner.settle import bury, settle
from clodputer.store import atomic, runs
from clodputer.store.context import Context
from clodputer.store.spool import dropfile, queue, slot
from clodputer.tasks import taskfile


class Finished(NamedTuple):
    """A run's end, before it is written down."""

    report: Report
    launch: Optional[Launch] = None
    ended: Optional[Ended] = None
    expect: tuple[Mapping[str, Any], ...] = ()


def attempt(context: Context, lane: str, place: Place, stop: Stop) -> Optional[dict[str, Any]]:
    """Run the request that was claimed, if it is to be run now, and settle it; its record, or None when it was not run.

    Raises OSError; the request is then still in the slot, and the next exec recovers it.
    """
    now = time()
    in_slot = slot.path(context.home, lane, place)
    if slot.cancel_asked(context.home, lane, place.id):
        # Whoever asked saw it in the slot at an earlier attempt, or in this very moment.
        close_cancelled(context, in_slot, place.id, place.dropped, now, lane=lane)
        slot.forget_cancels(context.home, lane)
        return None
    try:
        dropped = dropfile.read(in_slot, place.dropped)
        request = read_request(dropped, place.dropped, place.id, dropped.written_at)._replace(id=place.id)
    except (dropfile.Unreadable, InvalidRequest) as error:
        # Intake read it; somebody edited it while it waited.
        _bury(context, in_slot, place, decide.Bury("invalid_request", str(error)), "", now)
        return None
    task, problem = _task(context, request.task)
    decision = decide.before(request, task, problem, now)
    if isinstance(decision, decide.Bury):
        _bury(context, in_slot, place, decision, request.task, now)
        return None
    if isinstance(decision, decide.Delay):
        waiting = place._replace(microseconds=int(decision.until * 1_000_000) + 1)
        os.rename(in_slot, queue.delayed_path(context.home, lane, waiting))
        context.log(now, "delayed", task=request.task, request_id=request.id, lane=lane)
        return None
    return _run(context, lane, place, request, decision.task, stop, now)


def _task(context: Context, name: str) -> tuple[Optional[Task], str]:
    try:
        return taskfile.load(context.home, name, context.environ), ""
    except ClodputerError as error:
        return None, str(error)


def _bury(context: Context, path: str, place: Place, decision: decide.Bury, task: str, now: float) -> None:
    kept = bury(context, path, place, decision.message)
    context.log(
        now,
        "buried",
        task=task or None,
        request_id=place.id,
        reason=decision.code,
        message=decision.message,
        kept=kept,
    )


def _run(
    context: Context, lane: str, place: Place, request: Request, task: Task, stop: Stop, now: float
) -> dict[str, Any]:
    scratch.require(context.environ)  # before the mark: wrong surroundings are no false start of the request
    run_id = runs.new_id(now, request.id)
    slot.mark(context.home, lane, task.name, run_id, recorded.written(tree.identity(os.getpid())))
    stop.cancel = slot.cancel_path(context.home, lane, request.id)
    folder = runs.make(context.home, task.name, run_id, request, context.masker)
    context.log(
        now, "started", task=task.name, request_id=request.id, run_id=run_id, lane=lane, agent=task.agent
    )
    temporary = scratch.make(context.environ, run_id)
    try:
        finished = _finish(context, lane, folder, run_id, request, task, temporary, stop)
        scratch.mask_streams(folder, context.masker)
    finally:
        scratch.remove(temporary)
        stop.cancel = ""
    ended_at = time()
    record = build(
        run_id,
        request,
        task.agent,
        finished.launch,
        finished.report,
        finished.ended,
        now,
        ended_at,
        finished.expect,
        _effects(context, lane, request, finished.report, ended_at),
    )
    return settle(context, lane, place, record, ended_at)


def _effects(
    context: Context, lane: str, request: Request, report: Report, now: float
) -> list[dict[str, Any]]:
    result = report.outcome
    limited_before = 0
    if result.outcome == outcome.LIMITED:
        earlier = [
            runs.record(context.home, request.task, run)
            for run in runs.of_request(context.home, request.task, request.id)
        ]
        limited_before = sum(1 for record in earlier if record and record["outcome"] == outcome.LIMITED)
    return decide.after(result.outcome, result.reason, lane, now, report.resets_at, limited_before)


def _finish(
    context: Context,
    lane: str,
    folder: str,
    run_id: str,
    request: Request,
    task: Task,
    temporary: str,
    stop: Stop,
) -> Finished:
    launch = None
    try:
        ready = prepare(context, run_id, request, task, temporary)
        launch = ready.launch
        if ready.prompt:
            shown = context.masker.text(ready.prompt)
            atomic.write(f"{folder}/prompt.txt", shown.encode("utf-8", "replace"), durable=False)
        return _execute(context, lane, folder, ready, stop)
    except ClodputerError as error:
        return Finished(Report(outcome.of("not_started", str(error))), launch)
    except OSError:
        raise  # a full disk, say: the request stays in the slot until an exec can write down what became of it
    except Exception as error:  # noqa: BLE001  (a task that trips over a fault of ours must not block its lane for ever)
        return Finished(Report(outcome.of("internal", f"{type(error).__name__}: {error}")), launch)


def _execute(context: Context, lane: str, folder: str, ready: Ready, stop: Stop) -> Finished:
    """Start it, stay with it, judge it. Raises ClodputerError when it cannot be started, OSError."""
    task, facts, launch, text = ready
    snapshot = _snapshot(task)
    started_at = time()
    descriptor = scratch.open_prompt(facts.temporary, text)

    def starting() -> None:
        slot.start(context.home, lane, task.name, facts.run_id)

    try:
        progress, ended = contain(context, folder, task, launch, descriptor, stop, starting)
    finally:
        os.close(descriptor)
    if ended.stopped == "interrupted" and (stop.mine == runs.request_of(facts.run_id) or stop.cancelled()):
        ended = ended._replace(stopped="cancelled")
    ended = ended._replace(stderr_tail=context.masker.text(ended.stderr_tail))
    report = agents.load(task.agent).interpret(task, facts, launch, progress, ended)
    if not any(task.expect):
        return Finished(report, launch, ended)
    # Imported late: most tasks expect nothing that their agent would not tell.
    from clodputer.runner import expect

    def run(argv: Sequence[str]) -> tuple[int, str]:
        return run_check(context, folder, task, launch, argv, stop)

    checks = expect.check(task, report, snapshot, started_at, run)
    if stop.cancelled() and not all(check["ok"] for check in checks):
        report = report._replace(outcome=outcome.of("cancelled", "It was cancelled during its check."))
    return Finished(expect.apply(report, checks), launch, ended, checks)


def _snapshot(task: Task) -> Snapshot:
    if not task.expect.file_changed:
        return {}
    from clodputer.runner import expect

    return expect.before(task)
