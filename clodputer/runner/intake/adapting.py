"""The priority with which a request of a task with `adapt: true` comes into its lane, by what the task's runs are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History

if TYPE_CHECKING:
    from clodputer.model.learning.worth import Adapted, Worth


class Adapting:
    """The priorities of requests that are taken in together; past runs are read once, and only when a task adapts."""

    def __init__(self, context: Context, now: float) -> None:
        self._context, self._now = context, now
        self._known: Optional[dict[str, dict[str, Worth]]] = None

    def of(self, task: Task, request: Request) -> Optional[Adapted]:
        """The priority of a request, or None for one that keeps what it or its task has. Raises OSError.

        One that carries its own keeps it: somebody has given it with reason.
        """
        if not task.adapt or request.priority:
            return None
        from clodputer.model.learning.worth import adapted
        from clodputer.store.records import worths

        if self._known is None:
            self._known = worths.of_home(History(self._context.home), self._now)
        return adapted(task.priority, self._known.get(task.lane, {}).get(task.name))
