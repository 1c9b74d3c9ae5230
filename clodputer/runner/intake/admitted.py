"""Whether a dropped request is taken in, asked without changing anything: by intake, and by whoever only wants to know."""

from __future__ import annotations

from typing import NamedTuple

from clodputer.model import decide
from clodputer.model.errors import ClodputerError
from clodputer.model.request import InvalidRequest, Request, from_fields
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.spool import dropfile
from clodputer.store.taskstate import disabled
from clodputer.tasks import ask, taskfile


class Admitted(NamedTuple):
    """A request that is taken in, and its task with what the request chooses."""

    request: Request
    task: Task


def admitted(context: Context, dropped: dropfile.Dropped, name: str, request_id: str) -> Admitted:
    """The request in a file that was dropped as `name`, which has that id where it names none.

    Raises ClodputerError with the reason for which it is rejected.
    """
    try:
        request = read_request(dropped, name, request_id, dropped.dropped_at)
    except InvalidRequest as error:
        raise ClodputerError("invalid_request", f"{error}.\n{dropfile.FORMS}") from None
    task = ask.fitted(taskfile.load(context.home, request.task, context.environ), request)
    if not task.enabled:
        raise ClodputerError("task_disabled", decide.disabled(task, disabled.read(context.home, task.name)))
    return Admitted(request, task)


def read_request(dropped: dropfile.Dropped, name: str, request_id: str, created_at: float) -> Request:
    """The request in a dropped file, which came by the spool unless it says otherwise. Raises InvalidRequest."""
    origin = {"trigger": "spool", "file": name}
    return from_fields(dropped.fields, request_id=request_id, created_at=created_at, origin=origin)
