"""One attempt at a request: its resources entered, its agent started, followed and judged, its resources undone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from json import dumps
from time import monotonic, time
from types import TracebackType
from typing import Any, NamedTuple, Optional

from clodputer import agents, isolate
from clodputer.model import decide, outcome
from clodputer.model.account import account_of
from clodputer.model.attempts import NONE, Attempts
from clodputer.model.changed import Changed
from clodputer.model.dice import dice
from clodputer.model.ending import Ending
from clodputer.model.errors import ClodputerError
from clodputer.model.record import build
from clodputer.model.request import Request, on_slot_time
from clodputer.model.run import Ended, Launch, Report
from clodputer.model.task import Task
from clodputer.runner import fault, items, logins, noting, planning, replace, withsecrets, worktree
from clodputer.runner.doubt import why
from clodputer.runner.events.given import with_events
from clodputer.runner.follow.fill import with_follow_ups
from clodputer.runner.processes import recorded, tree
from clodputer.runner.processes.contain import contain
from clodputer.runner.processes.stop import Stop
from clodputer.runner.proof import after, before, check
from clodputer.runner.publish import around
from clodputer.runner.publish.broker import with_publication
from clodputer.runner.ready import Ready, prepare, with_found
from clodputer.runner.stdin import open_prompt
from clodputer.store import atomic, incomplete, runs
from clodputer.store.context import Context
from clodputer.store.history import History
from clodputer.store.spool import slot as slots
from clodputer.store.spool.slot import Slot


class Finished(NamedTuple):
    """A run's end, before it is written down."""

    report: Report
    launch: Optional[Launch] = None
    ended: Optional[Ended] = None
    expect: tuple[Mapping[str, Any], ...] = ()
    proof: tuple[Mapping[str, Any], ...] = ()
    doubt: str = ""
    changed: Changed = Changed()
    protected: Optional[Mapping[str, Any]] = None


class Attempt:
    """A run while it lasts: `with Attempt(...) as attempt: finished = attempt.run()`.

    Entering it marks the slot with the run and with what is about to be made for it, makes the run's folder and then the
    resources. Leaving it undoes them in reverse. After a kill `recover` undoes them by the mark.
    """

    def __init__(
        self,
        context: Context,
        slot: Slot,
        request: Request,
        task: Task,
        run_id: str,
        stop: Stop,
        history: History,
        attempts: Attempts = NONE,
    ) -> None:
        self.context, self.slot, self.request, self.task = context, slot, request, task
        self.run_id, self.stop, self.history, self.attempts = run_id, stop, history, attempts
        self.started_at = runs.moment_of(run_id)
        self.folder = runs.folder(context.home, task.name, run_id)
        self._planned: tuple[isolate.Planned, ...] = ()
        # What `admit` says of a run that a person asked for although a budget leaves no room for it.
        self.over_budget = ""
        self._temporary = ""
        self._started = False
        self._ready: Optional[Ready] = None
        self._left = ("", "")  # in the file of its memory, and what is wrong with that
        self._asked: tuple[Mapping[str, Any], ...] = ()

    def __enter__(self) -> Attempt:
        """Raises ClodputerError when no run whatever can be started here, OSError."""
        context, request = self.context, self.request
        # Before the mark: wrong surroundings are no false start of the request.
        self._planned = isolate.plan(self.task, context.environ, self.run_id)
        holder = recorded.written(tree.identity(os.getpid()))
        slots.mark(context.home, self.slot, self.task.name, self.run_id, holder, dumps(self._planned))
        self.stop.cancel = slots.cancel_path(context.home, self.slot, request.id)
        try:
            fault.reach(context, "begin", request.id)
            runs.make(context.home, self.task.name, self.run_id, request, context.masker)
            withsecrets.note(context, self.folder)
            context.log(
                self.started_at,
                "started",
                task=self.task.name,
                request_id=request.id,
                run_id=self.run_id,
                lane=self.slot.lane,
                agent=self.task.agent,
                **on_slot_time(request),
            )
            for planned in self._planned:
                if not isolate.late(planned):
                    self._temporary = isolate.enter(planned).temporary or self._temporary
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What is undone by what follows the run, `record` undoes.
        isolate.undo(planned for planned in self._planned if error is not None or not isolate.late(planned))
        self.stop.cancel, self.stop.newer = "", None

    def run(self) -> Finished:
        """Run it to its end. Raises OSError; the request is then still in the slot."""
        launch = None
        try:
            fault.reach(self.context, "prepare", self.request.id)
            place, tried = self._temporary, self.attempts
            choose = partial(worktree.settle_in, self.context, self._planned, self.request.id, tried)
            ready = prepare(
                self.context, self.run_id, self.request, self.task, place, tried, self.history, choose
            )
            launch, self._ready = ready.launch, ready
            finished = self._proved(ready)
        except ClodputerError as error:
            reason = error.code if error.code in isolate.CODES else "not_started"
            finished = Finished(Report(outcome.of(reason, str(error))), launch, proof=self._asked)
        except OSError:
            raise  # a full disk, say: the request stays in the slot until an exec can write down what became of it
        except Exception as error:
            if incomplete.missing(error) and not self._started:
                self._withdraw()
                raise
            report = Report(outcome.of("internal", f"{type(error).__name__}: {error}"))
            finished = Finished(report, launch, proof=self._asked)
        return finished

    def record(self, finished: Finished, ended_at: float) -> dict[str, Any]:
        """The record of the run, with the effects that follow from its end at `ended_at` (epoch seconds). Raises OSError."""
        report = finished.report
        fault.reach(self.context, "record", self.request.id)
        effects = decide.after(self._ending(finished, ended_at))
        record = build(
            self.run_id,
            self.request,
            self.task.agent,
            account_of(self.task),
            finished.launch,
            report,
            finished.ended,
            self.started_at,
            ended_at,
            finished.expect,
            effects,
            self.attempts.last_run,
            finished.proof,
            why(self.context, self.task, self.attempts, report, finished.doubt),
            self.over_budget,
            finished.changed,
            finished.protected,
            worktree.close(self.context, self.task, self.run_id, self.attempts, report, effects, ended_at),
        )
        record = with_follow_ups(self.context, self.task, record)
        record = with_events(self.context, self.task, record, report.result)
        record = with_publication(self.context, self.task, self.request, record, report.result)
        start, seen = (self._ready.memory, self._ready.state) if self._ready else (None, None)
        return noting.remembered(self.context, self.task, record, report.result, start, self._left, seen)

    def _ending(self, finished: Finished, ended_at: float) -> Ending:
        """The facts by which it is decided what follows; what others have said comes with secrets masked."""
        report, masker = finished.report, self.context.masker
        swept = finished.ended.swept if finished.ended else ()
        result = "" if report.result is None else report.result
        return Ending(
            outcome=report.outcome.outcome,
            reason=report.outcome.reason,
            now=ended_at,
            lane=self.slot.lane,
            message=masker.text(report.outcome.message),
            run_id=self.run_id,
            result=masker.text(result if isinstance(result, str) else dumps(result)),
            files=tuple(masker.text(file) for file in report.files),
            attempt=self.request.attempt,
            attempts=self.attempts,
            retry=self.task.retry,
            retry_after=report.retry_after,
            left=sum(bool(process.get("alive")) for process in swept),
            limit=self.task.limit,
            resets_at=report.resets_at,
            account=account_of(self.task),
            watched=logins.watched(self.context, self.task, finished.launch),
            session=report.session_id or (finished.launch.session_id if finished.launch else ""),
            unresumed=report.unresumed and bool(self.attempts.session),
            item=self.request.item,
            item_failures=self._failures_before(report.outcome, ended_at),
            park_after=self.task.park_after,
            dice=dice(self.request.id, self.request.attempt),
            trigger=str(self.request.origin.get("trigger", "")),
            task_failures=items.requests_failed(self.context, self.task, self.history),
            auto_disable_after=self.task.auto_disable_after,
        )

    def _failures_before(self, ended: outcome.Outcome, now: float) -> int:
        if not items.counts(ended):
            return 0
        self.history.renew()  # it was read before the run
        return items.failures(self.context, self.task, self.request, self.history, now)

    def _proved(self, ready: Ready) -> Finished:
        """Start it if there is anything to do, and prove that it was done.

        Raises ClodputerError when it cannot be started, OSError.
        """
        context, launch = self.context, ready.launch
        going_on = launch.resumed and bool(self.attempts.session)
        place = check.Place(
            context, self.request.id, self.folder, ready.task, launch, self.stop, goes_on=going_on
        )
        self.stop.newer = replace.watch(context, self.slot, self.task)
        asked = before.ask(place)
        self._asked = asked.entries
        if asked.outcome is not None:
            # There is no such session, and nothing was spent.
            report = self._as_asked(Report(asked.outcome, cost_usd=0.0))
            launch = launch._replace(argv=(), session_id="")
            return Finished(report, launch, proof=asked.entries, doubt=asked.doubt)
        if self.task.precheck and not going_on:
            found = check.found(self.folder)
            ready = with_found(context, self.request, self.task, ready, self.attempts, found)
        if ready.prompt:
            shown = context.masker.text(ready.prompt)
            atomic.write(f"{self.folder}/prompt.txt", shown.encode("utf-8", "replace"), durable=False)
        return self._execute(ready, place)

    def _execute(self, ready: Ready, place: check.Place) -> Finished:
        """Start it, stay with it, judge it. Raises ClodputerError when it cannot be started, OSError."""
        task, facts, launch, text = ready[:4]
        known = after.begin(place)
        started_at, began = time(), monotonic()
        noting.lay_out(ready.memory, facts.temporary)
        around.begin(task, self.request, self.folder, facts.temporary)
        descriptor = open_prompt(facts.temporary, text)
        try:
            # The account goes by the task as it is written: in `task` the templates are filled in, with secrets too.
            account = account_of(self.task)
            progress, ended = contain(
                self.context, self.folder, task, launch, descriptor, self.stop, self._starting, account
            )
        finally:
            os.close(descriptor)
            self.stop.newer = None  # what it has done is still proved
        self._left = noting.take_back(ready.memory, facts.temporary)
        around.take_back(task, self.folder, facts.temporary)
        if ended.stopped == "interrupted" and self.stop.cancelled():
            ended = ended._replace(stopped="cancelled")
        ended = ended._replace(stderr_tail=self.context.masker.text(ended.stderr_tail))
        report = agents.load(task.agent).interpret(task, facts, launch, progress, ended)
        if ended.stopped == "cancelled":
            report = self._cancelled(report.outcome.message, report)
        if planning.is_due(self.context, self.task, self.request):
            report = planning.told(report)
        looked = after.look(place, report, known, started_at, began)
        report = looked.report
        if report.outcome.reason in ("cancelled", "interrupted") and ended.stopped != "cancelled":
            report = self._as_asked(report)
        proof = (*self._asked, *looked.entries)
        return Finished(
            report, launch, ended, looked.expect, proof, changed=looked.changed, protected=looked.protected
        )

    def _as_asked(self, report: Report) -> Report:
        """The report of a run that was ended during one of its checks; who cancels it comes before who stops everything."""
        reason, message = report.outcome.reason, report.outcome.message
        if reason == "cancelled" or (reason == "interrupted" and self.stop.cancelled()):
            return self._cancelled(message, report)
        return report

    def _cancelled(self, more: str, report: Report) -> Report:
        """The report of a run that was cancelled, with why it was."""
        why = slots.why_cancelled(self.context.home, self.slot, self.request.id)
        message = f"It was stopped because {self.context.masker.text(why)}. {more}".rstrip()
        return report._replace(outcome=outcome.of("cancelled", message))

    def _withdraw(self) -> None:
        """Undo the beginning of a run that the installation cannot start: it is no false start of the request."""
        slots.unmark(self.context.home, self.slot, self.task.name, self.run_id)
        runs.remove(self.context.home, self.task.name, self.run_id)

    def _starting(self) -> None:
        self._started = True
        slots.start(self.context.home, self.slot, self.task.name, self.run_id)
