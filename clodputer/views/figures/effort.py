"""What waiting requests are expected to take and to cost, and when a lane's queue will be through."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.queue.estimate import Estimate, Expected, expected
from clodputer.model.queue.lanes import slots
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.records import estimates, runs
from clodputer.store.records.estimates import Estimates
from clodputer.store.records.history import History
from clodputer.store.spool import dropfile, find, idle
from clodputer.tasks import taskfile

# So many queued requests of a lane are opened to see which tasks they are of; the names of all are counted.
MOST = 200


class Efforts:
    """Estimates of tasks, as they are when the first one is asked for; past runs are read once, and only then."""

    def __init__(self, context: Context, now: float) -> None:
        self._context, self._now = context, now
        self._past: Optional[Estimates] = None
        self._known: dict[str, Estimate] = {}

    def of(self, task: str) -> Estimate:
        """What a run of a task is expected to take and to cost, with the model that it has now."""
        if self._past is None:
            self._past = estimates.of_home(History(self._context.home), self._now)
        if task not in self._known:
            model = ""
            if task in self._past.tasks:
                try:
                    model = taskfile.load(self._context.home, task, self._context.environ).claude.model
                except (ClodputerError, OSError):
                    pass  # its task file is gone, or not in order: what it took is known all the same
            self._known[task] = self._past.of(task, model)
        return self._known[task]

    def lanes(self, names: Iterable[str]) -> list[Expected]:
        """What the queues of these lanes amount to, of those that have one and are not on hold. Raises OSError."""
        home, now = self._context.home, self._now
        return [
            self._lane(name)
            for name in names
            if idle.count_queued(home, name, 1) and holds.current(home, holds.targets(name), now) is None
        ]

    def _lane(self, name: str) -> Expected:
        home, settings = self._context.home, self._context.settings
        first = islice(find.queued(home, name), MOST)
        queued = [self.of(dropfile.task_inside(one.path, one.name)) for one in first]
        running = [
            (self.of(one.task), max(0.0, self._now - runs.moment_of(one.run_id)))
            for one in find.in_slot(home, name)
            if runs.is_id(one.run_id)
        ]
        side = min(slots(settings.lanes, name), settings.max_concurrent or slots(settings.lanes, name))
        number = max(len(queued), idle.count_queued(home, name, 10**9))
        return expected(name, number, queued, running, side, self._now)
