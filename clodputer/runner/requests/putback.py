"""Put back: a file that was rejected goes to `new/` again as it is, by one rename, once its cause is fixed."""

from __future__ import annotations

import os
from shlex import quote
from time import time
from typing import NamedTuple, Optional

from clodputer.model import decide
from clodputer.model.errors import ClodputerError
from clodputer.model.gates import approval
from clodputer.model.request import InvalidRequest
from clodputer.model.task import is_name
from clodputer.model.triggers.event import ENDING
from clodputer.runner.events import take
from clodputer.runner.intake.admitted import read_request
from clodputer.store.context import Context
from clodputer.store.spool import aside, dropfile
from clodputer.store.spool.find import REJECTED
from clodputer.store.taskstate import disabled
from clodputer.tasks import taskfile

# What is wrong with the tasks that were looked at, by their names.
Known = dict[str, Optional[ClodputerError]]


class Back(NamedTuple):
    """A file that was put back: where it is now, its task, and the id that it brings along, if any."""

    path: str
    task: str
    request_id: str


def put_back(context: Context, name: str) -> Back:
    """Move `rejected/NAME` into `new/`. Raises ClodputerError when it would only be rejected again, OSError.

    The rename is the transition: killed before it, the file is where it was, killed after it, it is dropped. Its name in `new/`
    is one that nothing there can have; only an empty file has to be named like its task.
    """
    home = context.home
    path = f"{home.rejected}/{name}"
    dropped = aside.read(home.rejected, name).dropped_as
    task, wrong = trouble(context, path, dropped)
    if wrong is not None:
        hint = f"{wrong.hint} Then: clodputer retry {quote(f'{REJECTED}/{name}')}"
        raise ClodputerError(wrong.code, f"{name} would be rejected again: {wrong.message}", hint)
    target = f"{home.new}/{dropped if is_name(dropped) and _is_empty(path) else _unique(dropped)}"
    if os.path.lexists(target):
        raise ClodputerError(
            "name_taken",
            f"{target} exists already and was not taken in yet",
            "Take it in: clodputer exec. Then try again.",
        )
    request_id = dropfile.id_inside(path, dropped)
    try:
        os.rename(path, target)
    except FileNotFoundError:
        raise ClodputerError("request_unknown", f"{name} no longer exists") from None
    context.log(
        time(),
        "retried",
        task=task,
        request_id=request_id or None,
        file=os.path.basename(target),
        rejected=name,
    )
    aside.forget(path)
    return Back(target, task, request_id)


def trouble(
    context: Context, path: str, dropped: str, known: Optional[Known] = None
) -> tuple[str, Optional[ClodputerError]]:
    """The task that a file set aside names, as far as it can be read; and why it would be rejected, and what fixes that.

    dropped: the name under which it was dropped. known: what was found of tasks before, for those who ask of many files.
    Raises OSError.
    """
    named = dropfile.task_inside(path, dropped)
    try:
        found = dropfile.read(path, dropped)
        if dropped.lower().endswith(ENDING):
            return "", _wrong_event(found, path, dropped)
        if dropped.lower().endswith(approval.ENDING):
            return "", _wrong_decision(found, path)
        read_request(found, dropped, "none", found.dropped_at)
    except (dropfile.Unreadable, InvalidRequest) as error:
        code = "unreadable" if isinstance(error, dropfile.Unreadable) else "invalid_request"
        return named, ClodputerError(code, str(error), f"Fix {path}.")
    known = {} if known is None else known
    if named not in known:
        known[named] = _wrong_with(context, named)
    wrong = known[named]
    if wrong is not None and wrong.code == "task_unknown":
        other = f"name another one in {path}" if dropped != named else "rename the file"
        return named, ClodputerError(wrong.code, wrong.message, f"{wrong.hint}; or {other}.")
    return named, wrong


def _wrong_event(found: dropfile.Dropped, path: str, dropped: str) -> Optional[ClodputerError]:
    """Why a file is no event."""
    try:
        take.read(found, dropped)
    except ClodputerError as error:
        return ClodputerError(error.code, error.message, f"Fix {path}.")
    return None


def _wrong_decision(found: dropfile.Dropped, path: str) -> Optional[ClodputerError]:
    """Why a file is no decision about a request."""
    try:
        approval.read_form(found.fields)
    except ValueError as error:
        return ClodputerError(approval.INVALID, f"{error}.\n{approval.FORM}", f"Fix {path}.")
    return None


def _wrong_with(context: Context, task: str) -> Optional[ClodputerError]:
    """Why no request for that task is let in, and what fixes that."""
    try:
        found = taskfile.load(context.home, task, context.environ)
    except ClodputerError as error:
        unknown = error.code == "task_unknown"
        hint = f"Make the task: clodputer new {task}" if unknown else f"{error.hint}."
        return ClodputerError(error.code, error.message, hint)
    if not found.enabled:
        return ClodputerError(
            "task_disabled",
            decide.disabled(found, disabled.read(context.home, task)),
            f"Switch it on: clodputer enable {task}.",
        )
    return None


def _is_empty(path: str) -> bool:
    return os.stat(path).st_size == 0


def _unique(name: str) -> str:
    stem, extension = os.path.splitext(name)
    for ending in (ENDING, approval.ENDING):
        if name.lower().endswith(ending):
            stem, extension = name[: -len(ending)], ending
    mark = f".{os.urandom(4).hex()}{extension}"
    kept = os.fsencode(stem)[: dropfile.LONGEST_NAME - len(mark)]
    return f"{kept.decode('utf-8', 'ignore')}{mark}"
