"""The score with which a request comes into its lane, by what it is about and by what the latest runs of its task came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from clodputer.model.queue import score
from clodputer.model.queue.score import Scored
from clodputer.model.request import REPLACE, Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History

if TYPE_CHECKING:
    from clodputer.store.records.estimates import Estimates


class Scoring:
    """The scores of requests that are taken in together; past runs are read once, and only when a task has a score."""

    def __init__(self, context: Context, now: float) -> None:
        self._context, self._now = context, now
        self._known: Optional[Estimates] = None

    def of(self, task: Task, request: Request) -> Optional[Scored]:
        """The score of a request, or None for one without. Raises OSError.

        A request that replaces an earlier run of its task has none: which of two replaces the other is known by their times.
        """
        if not task.score.used or request.origin.get("overlap") == REPLACE:
            return None
        if self._known is None:
            from clodputer.store.records import estimates

            self._known = estimates.of_home(History(self._context.home), self._now)
        past = self._known.of(task.name, task.claude.model)
        return score.score(task.score, request.context, past)
