"""Retry: drop a request again that has come to its end, as a new one that names it; once, however often it is called.

One that was rejected never was a request: its file is put back (runner/requests/putback.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import time
from typing import Any, NamedTuple, Optional

from clodputer.effects.close import close
from clodputer.effects.finish import MASKED
from clodputer.model import decide
from clodputer.model.errors import ClodputerError
from clodputer.model.request import InvalidRequest, Request, came_from, from_fields, item_of, to_fields
from clodputer.model.text.jsontext import with_nulls
from clodputer.runner.intake.admitted import read_request
from clodputer.runner.requests.putback import put_back
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.records import runs
from clodputer.store.spool import aside, drop, dropfile
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.find import (
    CLOSED,
    DEAD,
    PARKED,
    REJECTED,
    RUN,
    everywhere,
    folder,
    meant,
    set_aside,
)
from clodputer.store.taskstate import disabled
from clodputer.tasks import taskfile

# For so many seconds a second call drops nothing: nobody repeats a call that was cut off later than that.
TTL = 366 * 86400.0
# Another retry takes milliseconds.
PATIENCE = 5.0


class Ended(NamedTuple):
    """A request that has come to its end: a file in `dead/`, `closed/` or `rejected/` (`folder`), or else its latest run."""

    request_id: str
    folder: str = ""
    name: str = ""
    task: str = ""
    run_id: str = ""


class Retried(NamedTuple):
    """The new request; `already`: it had been dropped by an earlier call. file: where one lies that was put back as it is."""

    request_id: str
    retries: str
    task: str
    run_id: str
    already: bool = False
    file: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return with_nulls(self)


def find(context: Context, wanted: str) -> Optional[Ended]:
    """The request that `wanted` means: by an id of it (store/spool/find.py), or a task for its latest run; else None.

    Raises ClodputerError ("ambiguous").
    """
    found = meant(context.home, wanted, (DEAD, CLOSED, RUN, REJECTED))
    if found is None:
        return None
    if found.state == RUN:
        return _of_run(context, found.task, found.run_id)
    if found.state != REJECTED and not found.id:
        return None  # nobody but a person has put it there
    return Ended(found.id, folder(context.home, found.state), found.name)


def dead(context: Context) -> list[Ended]:
    """All that was given up, the earliest first."""
    return [one for one in reversed(list(_aside(context))) if one.folder == context.home.dead]


def retry(context: Context, ended: Ended) -> Retried:
    """Drop it again, and close what lay in `dead/`. Raises ClodputerError when it cannot be, OSError.

    The drop has a dedupe key, so a call that is cut off after it and made again drops nothing a second time.
    """
    if ended.folder == context.home.rejected:
        back = put_back(context, ended.name)
        return Retried(back.request_id, "", back.task, "", file=back.path)
    with alone(context):
        return _retry(context, ended)


@contextmanager
def alone(context: Context) -> Iterator[None]:
    """Be the only one who takes something out of `dead/`. Raises ClodputerError ("busy")."""
    lock = Lock(f"{context.home.spool}/retry.lock")
    if not lock.wait(PATIENCE):
        raise ClodputerError("busy", "another retry is still at work", "Try again.")
    try:
        yield
    finally:
        lock.release()


def _retry(context: Context, ended: Ended) -> Retried:
    reason = aside.read(ended.folder, ended.name) if ended.folder else None
    if reason is not None and reason.retried_as:
        # That call may have been cut off just before its end.
        if not os.path.lexists(f"{context.home.dead}/{ended.name}"):
            aside.forget(f"{context.home.dead}/{ended.name}")
        return Retried(reason.retried_as, ended.request_id, ended.task, ended.run_id, already=True)
    request = _request(context, ended)
    task = taskfile.load(context.home, request.task, context.environ)
    if not task.enabled:
        raise ClodputerError("task_disabled", decide.disabled(task, disabled.read(context.home, task.name)))
    name, key = f"{task.name}@retry-{ended.request_id}.json", _key(ended)
    request_id = _dropped_before(context, name, key)
    again = bool(request_id)
    if not again:
        request_id = os.urandom(4).hex()
        origin = {
            **request.origin,
            "trigger": "retry",
            "first_trigger": came_from(request),
            "retries": ended.request_id,
        }
        if ended.run_id:
            origin["retries_run"] = ended.run_id
        new = Request(
            request_id,
            request.task,
            time(),
            request.context,
            request.body,
            request.priority,
            None,
            None,
            1,  # a person starts again
            key,
            TTL,
            origin,
            item_of(request),
        )
        drop.drop(context.home, name, to_fields(new))
        context.log(
            time(),
            "retried",
            task=task.name,
            request_id=request_id,
            run_id=ended.run_id or None,
            retries=ended.request_id,
        )
    if reason is not None:
        _retire(context, ended, reason._replace(request_id=ended.request_id, retried_as=request_id))
    return Retried(request_id, ended.request_id, task.name, ended.run_id, already=again and not ended.folder)


def _retire(context: Context, ended: Ended, reason: Reason) -> None:
    """Say of a file in `dead/` or `closed/` that another request stands for it now."""
    path = f"{ended.folder}/{ended.name}"
    if ended.folder == context.home.closed:
        aside.write(path, reason)
    else:
        close(context, path, reason._replace(at=time()))
        aside.forget(path)


def _key(ended: Ended) -> str:
    """What makes two calls one. A file that came into `dead/` once more, by its change time, is another matter."""
    if not ended.folder:
        return f"retry:{ended.run_id}"
    try:
        return f"retry:{ended.request_id}:{os.lstat(f'{ended.folder}/{ended.name}').st_ctime_ns}"
    except FileNotFoundError:
        raise _gone(ended) from None


def _dropped_before(context: Context, name: str, key: str) -> str:
    """The id of the request that an earlier call has dropped, if one has."""
    entry = drop.entry(context.home, key)
    if entry is not None:
        return entry.request_id
    fields = runs.read_json(f"{context.home.new}/{name}") or {}
    return str(fields["id"]) if fields.get("dedupe_key") == key else ""


def _request(context: Context, ended: Ended) -> Request:
    """The request as it was. Raises ClodputerError, also when it held a secret: what is left of that is masked."""
    home, request_id = context.home, ended.request_id
    try:
        if ended.folder:
            path, name = f"{ended.folder}/{ended.name}", aside.read(ended.folder, ended.name).dropped_as
            dropped = dropfile.read(path, name)
            return read_request(dropped, name, request_id, dropped.written_at)
        folder = runs.folder(home, ended.task, ended.run_id)
        fields = runs.read_json(f"{folder}/request.json") or {"task": ended.task}
        kept = from_fields(fields, request_id=request_id, created_at=time(), origin={})
        for name in sorted(os.listdir(folder)):
            if os.path.splitext(name)[0] == MASKED:
                raise ClodputerError(
                    "secret_not_kept",
                    f"the request of {ended.run_id} held a secret, which no run keeps",
                    "Drop it again; in a task, secrets are written as {{ env.NAME }}.",
                )
            if name in ("dropped.json", "dropped.yaml", "dropped.yml", "dropped.md"):
                dropped = dropfile.read(f"{folder}/{name}", name)
                plain = read_request(dropped, name, request_id, dropped.written_at)
                return kept._replace(context=plain.context, body=plain.body)
        return kept
    except FileNotFoundError:
        raise _gone(ended) from None
    except (dropfile.Unreadable, InvalidRequest) as error:
        raise ClodputerError(
            "invalid_request",
            f"{request_id} is not a request that could be run: {error}",
            "Fix the file by hand, and move it into spool/new.",
        ) from None


def _gone(ended: Ended) -> ClodputerError:
    return ClodputerError("request_unknown", f"{ended.name or ended.run_id} no longer exists")


def _of_run(context: Context, task: str, run_id: str) -> Ended:
    """The request of a run: by its file in `dead/` or `closed/`, where it lies in one."""
    request_id = runs.request_of(run_id)
    for one in _aside(context):
        if one.request_id == request_id:
            return one._replace(task=task, run_id=run_id)
    return Ended(request_id, task=task, run_id=run_id)


def _aside(context: Context) -> Iterator[Ended]:
    for state in (DEAD, CLOSED):
        for found in set_aside(context.home, state):
            if found.id:
                yield Ended(found.id, folder(context.home, state), found.name)


def unfinished(context: Context, ended: Ended) -> Optional[str]:
    """Where the request still is, if it has not come to its end after all."""
    for one in everywhere(context.home):
        if one.id == ended.request_id:
            return one.state
    # Let go by `unpark` alone: a new request about the same thing would only wait.
    if any(aside.id_of(name) == ended.request_id for name in aside.names(context.home.parked)):
        return PARKED
    return None
