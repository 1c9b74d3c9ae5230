"""Execution: prepare the agent of an attempt, start it, stay with it to its end, and judge what it did."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from time import monotonic, time
from typing import Any, NamedTuple, Optional

from clodputer import agents, isolate
from clodputer.model import outcome
from clodputer.model.config.account import account_of
from clodputer.model.errors import ClodputerError
from clodputer.model.proof.changed import Changed
from clodputer.model.run import Ended, Launch, Report
from clodputer.runner import fault, items, planning
from clodputer.runner.admission import replace
from clodputer.runner.attempt import Attempt
from clodputer.runner.place import provision, sandboxed, worktree
from clodputer.runner.processes.contain import contain
from clodputer.runner.prompt.stdin import open_prompt
from clodputer.runner.proof import after, before, check, confirm
from clodputer.runner.publish import around
from clodputer.runner.ready import Ready, prepare, with_found
from clodputer.store.files import atomic
from clodputer.store.processes import heed
from clodputer.store.program import incomplete
from clodputer.store.spool import slot as slots


class Finished(NamedTuple):
    """A run's end, before it is written down.

    left: what the run left in the file of its memory, and what is wrong with that.
    """

    report: Report
    launch: Optional[Launch] = None
    ended: Optional[Ended] = None
    expect: tuple[Mapping[str, Any], ...] = ()
    proof: tuple[Mapping[str, Any], ...] = ()
    doubt: str = ""
    changed: Changed = Changed()
    protected: Optional[Mapping[str, Any]] = None
    left: tuple[str, str] = ("", "")


def execute(attempt: Attempt) -> Finished:
    """Run an attempt to its end. Raises OSError; the request is then still in the slot."""
    launch = None
    try:
        fault.reach(attempt.context, "prepare", attempt.request.id)
        place, tried = attempt.temporary, attempt.attempts
        before_it = items.earlier(attempt.context, attempt.task, attempt.request, attempt.history)
        continues = tried.last_run if tried.session else str((before_it or {}).get("run_id") or "")
        published = items.branch(attempt.context, attempt.task, attempt.request)
        attempt.stop.newer = replace.watch(attempt.context, attempt.slot, attempt.task)
        arrival = worktree.Arrival(
            attempt.request.id, attempt.run_id, attempt.planned, attempt.stop, continues, published
        )
        choose = partial(worktree.settle_in, attempt.context, arrival)
        ready = prepare(
            attempt.context,
            attempt.run_id,
            attempt.request,
            attempt.task,
            place,
            tried,
            attempt.history,
            choose,
            plans=attempt.plans,
            earlier=before_it,
        )
        ready = sandboxed.enclosed(attempt.context, attempt.planned, ready, attempt.run_id)
        launch, attempt.ready = ready.launch, ready
        finished = _proved(attempt, ready)
    except heed.Interrupted as error:
        report = Report(outcome.of(error.code, error.message), cost_usd=0.0)
        finished = Finished(_as_asked(attempt, report), launch)
    except ClodputerError as error:
        reason = error.code if error.code in isolate.CODES else "not_started"
        finished = Finished(Report(outcome.of(reason, str(error))), launch, proof=attempt.asked)
    except OSError:
        raise  # a full disk, say: the request stays in the slot until an exec can write down what became of it
    except Exception as error:
        if incomplete.missing(error) and not attempt.started:
            attempt.withdraw()
            raise
        report = Report(outcome.of("internal", f"{type(error).__name__}: {error}"))
        finished = Finished(report, launch, proof=attempt.asked)
    finished = _taken_down(attempt, finished)
    return finished._replace(launch=sandboxed.told(attempt.planned, finished.launch))


def _taken_down(attempt: Attempt, finished: Finished) -> Finished:
    """The same after the task's teardown, if one is due. Raises OSError."""
    ended = provision.end(attempt.place) if attempt.place else None
    if ended is None:
        return finished
    proof, report = (*finished.proof, ended.entry), finished.report
    if ended.sentence:
        message = f"{report.outcome.message} {ended.sentence}".lstrip()
        report = report._replace(outcome=report.outcome._replace(message=message))
    return finished._replace(report=report, proof=proof)


def _proved(attempt: Attempt, ready: Ready) -> Finished:
    """Start the agent if there is anything to do, and prove that it was done.

    Raises ClodputerError when it cannot be started, OSError.
    """
    context, launch = attempt.context, ready.launch
    going_on = launch.resumed and bool(attempt.attempts.session)
    place = check.Place(
        context, attempt.request.id, attempt.folder, ready.task, launch, attempt.stop, goes_on=going_on
    )
    attempt.place = place
    asked = before.ask(place)
    attempt.asked = asked.entries
    if asked.outcome is not None:
        # There is no such session, and nothing was spent.
        report = _as_asked(attempt, Report(asked.outcome, cost_usd=0.0))
        launch = launch._replace(argv=(), session_id="")
        return Finished(report, launch, proof=asked.entries, doubt=asked.doubt)
    if attempt.task.precheck and not going_on:
        found = check.found(attempt.folder)
        ready = with_found(context, attempt.request, attempt.task, ready, attempt.attempts, found)
    withdrawn = confirm.ask(context, attempt.task, attempt.request, attempt.history)
    if withdrawn is not None:
        launch = launch._replace(argv=(), session_id="")
        return Finished(Report(withdrawn, cost_usd=0.0), launch, proof=asked.entries)
    if ready.prompt:
        shown = context.masker.text(ready.prompt)
        atomic.write(f"{attempt.folder}/prompt.txt", shown.encode("utf-8", "replace"), durable=False)
    return _run(attempt, ready, place)


def _run(attempt: Attempt, ready: Ready, place: check.Place) -> Finished:
    """Start the agent, stay with it, judge what it did. Raises ClodputerError when it cannot be started, OSError."""
    task, facts, launch, text = ready[:4]
    known = after.begin(place)
    started_at, began = time(), monotonic()
    if ready.memory is not None:
        # Imported for a task that has a memory.
        from clodputer.runner.memory import noting

        noting.lay_out(ready.memory, facts.temporary)
    around.begin(task, attempt.request, attempt.folder, facts.temporary)
    descriptor = open_prompt(facts.temporary, text)
    try:
        # The account goes by the task as it is written: in `task` the templates are filled in, with secrets too.
        account = account_of(attempt.task)
        progress, ended = contain(
            attempt.context,
            attempt.folder,
            task,
            isolate.around(launch),
            descriptor,
            attempt.stop,
            attempt.starting,
            account,
        )
    finally:
        os.close(descriptor)
        attempt.stop.newer = None  # what it has done is still proved
    left = ("", "")
    if ready.memory is not None:
        from clodputer.runner.memory import noting

        left = noting.take_back(ready.memory, facts.temporary)
    around.take_back(task, attempt.folder, facts.temporary)
    if ended.stopped == "interrupted" and attempt.stop.cancelled():
        ended = ended._replace(stopped="cancelled")
    ended = ended._replace(stderr_tail=attempt.context.masker.text(ended.stderr_tail))
    report = agents.load(task.agent).interpret(task, facts, launch, progress, ended)
    report = sandboxed.judged(launch, ended, report, attempt.context)
    if ended.stopped == "cancelled":
        report = _cancelled(attempt, report.outcome.message, report)
    if attempt.plans:
        report = planning.judged(report)
    looked = after.look(place, report, known, started_at, began)
    report = looked.report
    if report.outcome.reason in ("cancelled", "interrupted") and ended.stopped != "cancelled":
        report = _as_asked(attempt, report)
    proof = (*attempt.asked, *looked.entries)
    return Finished(
        report,
        launch,
        ended,
        looked.expect,
        proof,
        changed=looked.changed,
        protected=looked.protected,
        left=left,
    )


def _as_asked(attempt: Attempt, report: Report) -> Report:
    """The report of a run that was ended during one of its checks; who cancels it comes before who stops everything."""
    reason, message = report.outcome.reason, report.outcome.message
    if reason == "cancelled" or (reason == "interrupted" and attempt.stop.cancelled()):
        return _cancelled(attempt, message, report)
    return report


def _cancelled(attempt: Attempt, more: str, report: Report) -> Report:
    """The report of a run that was cancelled, with why it was."""
    why = slots.why_cancelled(attempt.context.home, attempt.slot, attempt.request.id)
    message = f"It was stopped because {attempt.context.masker.text(why)}. {more}".rstrip()
    return report._replace(outcome=outcome.of("cancelled", message))
