"""Conclusion: the record of an attempt that has ended, with the effects that follow from its end."""

from __future__ import annotations

from importlib import import_module
from json import dumps
from typing import Any

from clodputer.model import decide, outcome
from clodputer.model.config.account import account_of
from clodputer.model.follow.keys import NOTHING
from clodputer.model.numbers.dice import dice
from clodputer.model.record import build
from clodputer.model.runs.ending import Ending
from clodputer.model.task import Task
from clodputer.runner import fault, items
from clodputer.runner.attempt import Attempt
from clodputer.runner.events.given import with_events
from clodputer.runner.execute import Finished
from clodputer.runner.place import worktree
from clodputer.runner.proof.doubt import why
from clodputer.runner.publish import around
from clodputer.runner.requests.superseding import with_superseded
from clodputer.runner.upkeep import logins


def load_for(task: Task) -> None:
    """Import what is needed once a run of the task has ended, before it begins: the program may be upgraded meanwhile."""
    if task.follow != NOTHING:
        import_module("clodputer.runner.follow.fill")
        import_module("clodputer.runner.follow.command")
    if task.publish.kinds:
        import_module("clodputer.runner.publish.broker")
    if task.in_worktree:
        import_module("clodputer.isolate.worktree.end")


def conclude(attempt: Attempt, finished: Finished, ended_at: float) -> dict[str, Any]:
    """The record of the run, with the effects that follow from its end at `ended_at` (epoch seconds). Raises OSError."""
    report = finished.report
    fault.reach(attempt.context, "record", attempt.request.id)
    effects = decide.after(_ending(attempt, finished, ended_at))
    record = build(
        attempt.run_id,
        attempt.request,
        attempt.task.agent,
        account_of(attempt.task),
        finished.launch,
        report,
        finished.ended,
        attempt.started_at,
        ended_at,
        finished.expect,
        effects,
        attempt.attempts.last_run,
        finished.proof,
        why(attempt.context, attempt.task, attempt.attempts, report, finished.doubt),
        attempt.over_budget,
        finished.changed,
        finished.protected,
        worktree.close(
            attempt.context, attempt.task, attempt.run_id, attempt.attempts, report, effects, ended_at
        ),
        attempt.ready.version if attempt.ready else "",
    )
    if attempt.task.follow != NOTHING:
        # Imported when the task says that something follows.
        from clodputer.runner.follow.fill import with_follow_ups

        record = with_follow_ups(attempt.context, attempt.task, record)
    record = with_events(attempt.context, attempt.task, record, report.result)
    conclude_publication = around.conclude_plan if attempt.plans else around.conclude
    record = conclude_publication(attempt.context, attempt.whole, attempt.request, record, report.result)
    carried_out = attempt.started and not attempt.plans
    record = with_superseded(attempt.context, attempt.request, record, carried_out=carried_out)
    start, seen = (attempt.ready.memory, attempt.ready.state) if attempt.ready else (None, None)
    if start is None and seen is None:
        return record
    # Imported for a task that remembers something.
    from clodputer.runner.memory import noting

    return noting.remembered(attempt.context, attempt.task, record, report.result, start, finished.left, seen)


def _ending(attempt: Attempt, finished: Finished, ended_at: float) -> Ending:
    """The facts that decide what follows; in whatever came from outside, secrets are masked."""
    report, masker = finished.report, attempt.context.masker
    swept = finished.ended.swept if finished.ended else ()
    result = "" if report.result is None else report.result
    return Ending(
        outcome=report.outcome.outcome,
        reason=report.outcome.reason,
        now=ended_at,
        lane=attempt.slot.lane,
        message=masker.text(report.outcome.message),
        run_id=attempt.run_id,
        result=masker.text(result if isinstance(result, str) else dumps(result)),
        files=tuple(masker.text(file) for file in report.files),
        attempt=attempt.request.attempt,
        attempts=attempt.attempts,
        retry=attempt.task.retry,
        retry_after=report.retry_after,
        left=sum(bool(process.get("alive")) for process in swept),
        limit=attempt.task.limit,
        resets_at=report.resets_at,
        account=account_of(attempt.task),
        watched=logins.watched(attempt.context, attempt.task, finished.launch),
        session=report.session_id or (finished.launch.session_id if finished.launch else ""),
        unresumed=report.unresumed and bool(attempt.attempts.session),
        item=attempt.request.item,
        item_failures=_failures_before(attempt, report.outcome, ended_at),
        park_after=attempt.task.park_after,
        dice=dice(attempt.request.id, attempt.request.attempt),
        trigger=str(attempt.request.origin.get("trigger", "")),
        task_failures=items.requests_failed(attempt.context, attempt.task, attempt.history),
        auto_disable_after=attempt.task.auto_disable_after,
    )


def _failures_before(attempt: Attempt, ended: outcome.Outcome, now: float) -> int:
    if not items.counts(ended):
        return 0
    attempt.history.renew()  # it was read before the run
    return items.failures(attempt.context, attempt.task, attempt.request, attempt.history, now)
