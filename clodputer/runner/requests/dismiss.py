"""Dismiss: dismissed what lies in `dead/`, `rejected/` or `parked/`; it is kept in `closed/`, and counted no more."""

from __future__ import annotations

import os
from time import time
from typing import Any, NamedTuple, Optional

from clodputer.effects.close import close
from clodputer.model.errors import ClodputerError
from clodputer.model.gates import waiting
from clodputer.model.text.jsontext import with_nulls
from clodputer.model.text.moment import iso
from clodputer.runner.requests import holding
from clodputer.runner.requests.retry import alone
from clodputer.store.context import Context
from clodputer.store.spool import aside, dropfile
from clodputer.store.spool.find import CLOSED, DEAD, PARKED, REJECTED, Found, folder, meant, set_aside


class Dismissed(NamedTuple):
    """One that was dismissed: from where, its id, its task, and where it lies now. `already`: it was dismissed before."""

    place: str
    request_id: str
    file: str
    task: str
    kept: str
    already: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return with_nulls(self)


def find(context: Context, wanted: str) -> Found:
    """What lies in `dead/`, `rejected/`, `parked/` or `closed/` and fits `wanted` (store/spool/find.py).

    Raises ClodputerError ("ambiguous", "request_unknown").
    """
    found = meant(context.home, wanted, (DEAD, REJECTED, PARKED)) or meant(context.home, wanted, (CLOSED,))
    found = found or _before(context, wanted.rpartition("/")[2])
    if found is None:
        raise ClodputerError(
            "request_unknown",
            f"nothing that was given up, rejected or parked fits {wanted[:80]!r}",
            "See it with: clodputer queue --dead, clodputer queue --rejected, clodputer queue --parked",
        )
    return found


def _before(context: Context, name: str) -> Optional[Found]:
    """The latest file that was dropped under a name and was dismissed: the call may be repeated after a kill."""
    for found in set_aside(context.home, CLOSED):
        if name and found.name.endswith(f".{name}"):
            reason = aside.read(context.home.closed, found.name)
            if reason.dismissed_at and reason.dropped_as == name:
                return found
    return None


def every(context: Context, place: str) -> list[Found]:
    """All that lies in a place, the earliest first."""
    return list(reversed(list(set_aside(context.home, place))))


def dismiss(context: Context, found: Found) -> Dismissed:
    """Move it to `closed/`, its reason with it. Raises ClodputerError when it no longer exists, OSError.

    One rename: killed before it, it lies where it lay; after it, it is dismissed, and a second call says so. What waited for a
    parked item goes on then; that its runs failed still counts.
    """
    with alone(context):
        reason = aside.read(folder(context.home, found.state), found.name)
        task = reason.task or dropfile.task_inside(found.path, reason.dropped_as)
        if found.state == CLOSED:
            return Dismissed(CLOSED, found.id, reason.dropped_as, task, found.path, already=True)
        # What was rejected never had an id; retry goes by it from now on.
        inside = found.id or reason.request_id or dropfile.id_inside(found.path, reason.dropped_as)
        request_id = inside or os.urandom(4).hex()
        now = time()
        reason = reason._replace(request_id=request_id, task=task, at=now, dismissed_at=iso(now))
        try:
            kept = close(context, found.path, reason)
        except FileNotFoundError:
            raise ClodputerError("request_unknown", f"{found.name} no longer exists") from None
        aside.forget(found.path)
        context.log(
            now, "dismissed", task=task or None, request_id=request_id, file=reason.dropped_as, kept=kept
        )
    if found.state == PARKED:
        holding.wake(context, waiting.PARKED)
    return Dismissed(found.state, request_id, reason.dropped_as, task, kept)
