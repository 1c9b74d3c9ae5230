"""Cancel: take a request out before it runs, or have the exec that runs it stop it; whoever is quicker, it ends once."""

from __future__ import annotations

import os
from time import monotonic, sleep, time
from typing import Any, Callable, NamedTuple, Optional

from clodputer.effects.close import close_cancelled
from clodputer.model.text.jsontext import with_nulls
from clodputer.runner.jobs.withdraw import withdraw
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.spool import aside, dropfile
from clodputer.store.spool import slot as slots
from clodputer.store.spool.find import DROPPED, RUNNING, UNENDED, Found, everywhere, fitting, the_one
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.slot import PERSON, Slot

# What became of a request that was to be cancelled. stopped: its run was ended. asked: its run will be, by the exec that has
# it or by the next one. ended: it had come to its end before we could.
CANCELLED, STOPPED, ASKED, ENDED = "cancelled", "stopped", "asked", "ended"

# A run is stopped within a second, and then has its own grace; we wait for its end, in seconds, no longer than this.
PATIENCE = 60.0
# An exec that has claimed a request marks it at once; one that has not within this many seconds is dead.
UNMARKED = 3.0
GLANCE = 0.05


class Cancelled(NamedTuple):
    """What became of one request. `kept` is where it lies now, if it was closed; `run_id` and `outcome` report
    its run, if it had one. `stale`: it is asked, but the exec that has it died; the next one settles it."""

    result: str
    request_id: str
    task: str
    was: str
    kept: str = ""
    run_id: str = ""
    outcome: str = ""
    stale: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return with_nulls(self)


def find(context: Context, wanted: str) -> Optional[Found]:
    """The request that `wanted` means, of those that have not ended: by an id of it (store/spool/find.py) or a drop's name.

    The id of a run means its request, although that waits again. None when there is none. Raises ClodputerError ("ambiguous").
    """
    found = fitting(context.home, wanted, UNENDED)
    if not found and runs.is_id(wanted):
        found = fitting(context.home, runs.request_of(wanted), UNENDED)
    # Of one that moves meanwhile, and is seen twice, the later place.
    one = the_one(wanted, list({each.id or each.path: each for each in found}.values()))
    # Until it is taken in it goes by its name: many may bring the same id.
    return one._replace(id="") if one is not None and one.state == DROPPED else one


def of_task(context: Context, task: str) -> list[Found]:
    """All requests of a task that have not ended."""
    found = {}
    for one in everywhere(context.home):
        if (one.task or task_inside(one)) == task:
            found[one.id or one.path] = one
    return list(found.values())


def cancel(
    context: Context,
    request: Found,
    patience: float = PATIENCE,
    *,
    why: str = PERSON,
    pause: Callable[[float], object] = sleep,
) -> Cancelled:
    """End a request wherever it is, and wait for the end of its run, if it is in one, for at most `patience` seconds.

    why: a clause that goes on after "because". pause: how to wait for so many seconds, or for less.
    Nothing of ours holds a lock: in the queue our rename and the claim's exclude each other, and in the slot there is a file
    that whoever holds or recovers it looks at. So each step may be our last one. Raises OSError.
    """
    task = request.task or task_inside(request)
    inode = _inode(request.path)
    asked: set[Slot] = set()
    began, died = monotonic(), False
    while True:
        now_at = _locate(context, request, inode)
        if now_at is None:
            return _over(context, request, task, asked)
        request = now_at._replace(id=now_at.id or request.id)
        if now_at.state != RUNNING:
            # What was not taken in yet gets an id now: retry goes by it.
            inside = now_at.id or dropfile.id_inside(now_at.path, now_at.name)
            request_id = inside or os.urandom(4).hex()
            try:
                kept = close_cancelled(
                    context,
                    now_at.path,
                    request_id,
                    now_at.name,
                    time(),
                    why,
                    task=task or None,
                    lane=now_at.lane or None,
                )
            except FileNotFoundError:
                continue  # it has just moved on
            _forget(context, asked, now_at.id)
            return Cancelled(CANCELLED, request_id, task, now_at.state, kept)
        task = now_at.task or task
        if now_at.slot is None:
            raise ValueError(f"{now_at.path} is in no slot")
        try:
            slots.ask_cancel(context.home, now_at.slot, now_at.id, why)
        except FileNotFoundError:
            continue  # it has left a slot that its lane has no more
        if not asked:
            context.log(
                time(),
                "cancel_asked",
                task=task or None,
                request_id=now_at.id,
                run_id=now_at.run_id or None,
                lane=now_at.lane,
            )
        asked.add(now_at.slot)
        if withdraw(context, now_at.slot, now_at):
            continue
        waited = monotonic() - began
        at_engine = jobs.read(context.home, now_at.slot) is not None
        stale = not held(context, now_at) if waited >= UNMARKED else died and _dead(context, now_at)
        # Of a run on another machine nothing is to be seen here but what the engine says.
        stale = stale and not at_engine
        if stale or waited >= patience:
            return Cancelled(ASKED, now_at.id, task, RUNNING, run_id=now_at.run_id, stale=stale)
        # Believed the second time: one that has just settled its run and ended has taken its mark away by then.
        died = _dead(context, now_at)
        pause(GLANCE)


def held(context: Context, request: Found) -> bool:
    """Whether the exec that marked the run of a request in a slot is still alive; False when there is no mark yet."""
    if request.slot is None or not request.run_id:
        return False
    return holder_alive(context, request.slot, request.task, request.run_id)


def _dead(context: Context, request: Found) -> bool:
    """Whether the mark of a run names an exec that is no more; False when there is no mark, or it names none."""
    if request.slot is None or not request.run_id:
        return False
    who = recorded.read(slots.holder(context.home, request.slot, request.task, request.run_id))
    return who is not None and not tree.alive(who)


def holder_alive(context: Context, slot: Slot, task: str, run_id: str) -> bool:
    """Whether the exec that made a run's mark is alive; nobody but it settles that run."""
    who = recorded.read(slots.holder(context.home, slot, task, run_id))
    return who is not None and tree.alive(who)


def _locate(context: Context, request: Found, inode: int) -> Optional[Found]:
    """Where the request is now. Looked up twice: one that is put back moves against the direction of the listing."""
    for _ in range(2):
        for one in everywhere(context.home):
            if request.id:
                if one.id == request.id:
                    return one
            # It had no id yet. A rename keeps the inode, and many may have been dropped under the same name.
            elif one.name == request.name and _inode(one.path) == inode:
                return one
    return None


def _over(context: Context, request: Found, task: str, asked: set[Slot]) -> Cancelled:
    """What to say about a request that is nowhere any more."""
    was = RUNNING if asked else request.state
    _forget(context, asked, request.id)
    for name in aside.names(context.home.closed) if request.id else ():
        if aside.id_of(name) == request.id:
            return Cancelled(CANCELLED, request.id, task, was, f"{context.home.closed}/{name}")
    tasks = [task] if task else runs.tasks(context.home)
    task = next(
        (name for name in tasks if request.id and runs.of_request(context.home, name, request.id)), task
    )
    attempts = runs.of_request(context.home, task, request.id) if task and request.id else []
    record = runs.record(context.home, task, attempts[0]) if attempts else None
    outcome = str(record["outcome"]) if record else ""
    result = STOPPED if outcome == "cancelled" else ENDED
    return Cancelled(result, request.id, task, was, "", attempts[0] if attempts else "", outcome)


def _forget(context: Context, asked: set[Slot], request_id: str) -> None:
    for slot in asked:
        slots.forget_cancel(context.home, slot, request_id)


def _inode(path: str) -> int:
    try:
        return os.lstat(path).st_ino
    except FileNotFoundError:
        return 0


def task_inside(request: Found) -> str:
    """The task that a request names; empty when that cannot be read."""
    return dropfile.task_inside(request.path, request.name)
