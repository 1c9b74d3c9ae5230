"""The inbox: what waits for a person to decide about it, or to look at it."""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple, Optional

from clodputer.model.gates.approval import PLANNED
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.request import InvalidRequest, from_fields, item_of
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.index.query import Finished
from clodputer.store.records import runs
from clodputer.store.spool import dropfile, find, layout
from clodputer.store.spool.find import DEAD, PARKED
from clodputer.store.spool.requests import attempts, waits
from clodputer.views.overview.attention import attention
from clodputer.views.published import publishing
from clodputer.views.queue import setaside
from clodputer.views.queue.setaside import Place
from clodputer.views.tasks import tasks

# So many of each are shown; of those that wait in a lane so many are read.
MOST, MOST_READ = 100, 1000


class Asking(NamedTuple):
    """A request that waits for approval. since, expires_at: epoch seconds; expires_at is None when its task is broken.

    plan: how the plan begins that is to be carried out, and the run that made it; both empty where there is none.
    replaces: the ids of older requests about its item that this plan has closed.
    """

    request_id: str
    task: str
    item: str
    message: str
    since: float
    expires_at: Optional[float]
    plan: str = ""
    plan_run: str = ""
    replaces: tuple[str, ...] = ()

    @property
    def approve(self) -> str:
        """The command that lets it go on."""
        return f"clodputer approve {self.request_id}"

    @property
    def deny(self) -> str:
        """The command that closes it."""
        return f"clodputer deny {self.request_id}"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "request_id": self.request_id,
            "task": self.task or None,
            "item": self.item or None,
            "message": self.message,
            "since": iso(self.since),
            "expires_at": None if self.expires_at is None else iso(self.expires_at),
            "plan": self.plan or None,
            "plan_run": self.plan_run or None,
            "replaces": list(self.replaces),
            "approve": self.approve,
            "deny": self.deny,
        }


class Inbox(NamedTuple):
    """All of it. suspect: the latest run of each task whose latest run may not have done its work."""

    asking: tuple[Asking, ...]
    publications: tuple[publishing.Asking, ...]
    suspect: tuple[Finished, ...]
    parked: Place
    dead: Place

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.asking or self.publications or self.suspect or self.parked.total or self.dead.total)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "approvals": [one.to_json() for one in self.asking],
            "publications": [one.to_json() for one in self.publications],
            "suspect": [{"task": run.task, "run_id": run.run_id, "at": iso(run.at)} for run in self.suspect],
            "parked": self.parked.to_json(),
            "dead": self.dead.to_json(),
        }


def gather(context: Context, now: float) -> Inbox:
    """What waits for a person at `now` (epoch seconds). Raises OSError."""
    good, _ = tasks.check(context.home, context.environ)
    expires = {task.name: task.approve.expires for task in good}
    return Inbox(
        tuple(islice(_asking(context.home, expires), MOST)),
        tuple(publishing.asking(context.home)[:MOST]),
        attention(context, good, now, now).suspect,
        setaside.in_place(context.home, PARKED, MOST),
        setaside.in_place(context.home, DEAD, MOST),
    )


def _asking(home: Home, expires: dict[str, float]) -> list[Asking]:
    """Those that have waited longest come first."""
    found = []
    for lane in layout.lanes(home):
        for request in islice(find.delayed(home, lane), MOST_READ):
            kept = waits.read(home, lane, request.id)
            if kept is None or kept.reason != APPROVAL:
                continue
            task, item = _about(request)
            lasts = expires.get(task)
            until = None if lasts is None else kept.since + lasts
            known = attempts.kept(home, request.id)
            last = known.story[-1] if known is not None and known.story else None
            planned = last if last is not None and last.reason == PLANNED else None
            plan, run = (planned.result, planned.run_id) if planned is not None else ("", "")
            closed = _replaced(home, task, run) if run else ()
            found.append(Asking(request.id, task, item, kept.message, kept.since, until, plan, run, closed))
    return sorted(found, key=lambda one: (one.since, one.request_id))


def _replaced(home: Home, task: str, run_id: str) -> tuple[str, ...]:
    """The requests that a run has taken the place of."""
    record = runs.record(home, task, run_id) or {}
    effects = (one for one in record.get("effects") or () if one.get("effect") == "supersede")
    return tuple(str(closed) for effect in effects for closed in effect.get("requests") or ())


def _about(request: find.Found) -> tuple[str, str]:
    try:
        dropped = dropfile.read(request.path, request.name)
        fields = from_fields(dropped.fields, request_id=request.id, created_at=dropped.written_at, origin={})
    except (dropfile.Unreadable, InvalidRequest, OSError):
        return dropfile.task_inside(request.path, request.name), ""
    return fields.task, item_of(fields)
