"""One attempt at a request while it lasts: its slot is marked, its folder made, its resources entered, and undone again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from json import dumps
from types import TracebackType
from typing import Any, Optional

from clodputer import isolate
from clodputer.model.request import Request, on_slot_time
from clodputer.model.runs.attempts import NONE, Attempts
from clodputer.model.task import Task
from clodputer.runner import fault, planning
from clodputer.runner.place import provision
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.runner.processes.stop import Stop
from clodputer.runner.proof.check import Place
from clodputer.runner.ready import Ready
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import slot as slots
from clodputer.store.spool.slot import Slot


class Attempt:
    """A run while it lasts: `with Attempt(...) as attempt: finished = execute(attempt)`.

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
        self.context, self.slot, self.request = context, slot, request
        self.stop, self.history, self.attempts = stop, history, attempts
        # Whether this run is only to make a plan (`approve: plan`); its task is then restricted.
        self.plans = planning.is_due(context, task, request)
        self.whole, self.task = task, planning.restricted(task) if self.plans else task
        self.become(run_id)
        self.planned: tuple[isolate.Planned, ...] = ()
        # The scratch folder, once it was made.
        self.temporary = ""
        # What `admit` says of a run that a person asked for although a budget leaves no room for it.
        self.over_budget = ""
        # What execution has reached: whether the agent was started, how it was prepared, where its checks run, and what they
        # answered so far.
        self.started = False
        self.ready: Optional[Ready] = None
        self.place: Optional[Place] = None
        self.asked: tuple[Mapping[str, Any], ...] = ()

    def become(self, run_id: str) -> None:
        """Be the run of this id, which says when it began; before it is entered."""
        self.run_id, self.started_at = run_id, runs.moment_of(run_id)
        self.folder = runs.folder(self.context.home, self.task.name, run_id)

    def __enter__(self) -> Attempt:
        """Raises ClodputerError when no run at all can be started here, OSError."""
        context, request = self.context, self.request
        # Before the mark: a wrong environment does not count as a false start of the request.
        self.planned = isolate.plan(self.task, context.environ, self.run_id)
        holder = recorded.written(tree.identity(os.getpid()))
        slots.mark(context.home, self.slot, self.task.name, self.run_id, holder, dumps(self.planned))
        self.stop.cancel = slots.cancel_path(context.home, self.slot, request.id)
        try:
            fault.reach(context, "begin", request.id)
            runs.make(context.home, self.task.name, self.run_id, request, context.masker)
            if context.looked_up:
                from clodputer.runner.place import withsecrets

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
            for planned in self.planned:
                if not isolate.late(planned):
                    self.temporary = isolate.enter(planned).temporary or self.temporary
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The others are undone when the record is made (runner/conclude.py).
        isolate.undo(planned for planned in self.planned if error is not None or not isolate.stays(planned))
        self.stop.cancel, self.stop.newer = "", None

    def withdraw(self) -> None:
        """Undo the beginning of a run that the installation cannot start: it is no false start of the request."""
        provision.recover(self.context, self.task.name, self.run_id)
        slots.unmark(self.context.home, self.slot, self.task.name, self.run_id)
        runs.remove(self.context.home, self.task.name, self.run_id)

    def starting(self) -> None:
        """Note that the agent is about to be started. Raises OSError."""
        self.started = True
        slots.start(self.context.home, self.slot, self.task.name, self.run_id)
