"""Holding by hand: what a person can hold, what that keeps waiting, waking what waited, and ending runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from time import monotonic, sleep
from typing import Any, NamedTuple, Optional

from clodputer.model.config.account import account_of
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.task import Task
from clodputer.model.text.jsontext import with_nulls
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.admission import turn
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store.context import Context
from clodputer.store.holds import ACCOUNT, LANE, TASK, Target
from clodputer.store.records import runs
from clodputer.store.spool import find, layout, queue
from clodputer.store.spool import slot as slots
from clodputer.store.spool.find import Found
from clodputer.tasks import taskfile

# The reasons of holds that a person placed.
PAUSED, STOPPED = "paused", "stopped"

# A run is stopped within a second and then has its own grace, ten seconds unless its task says otherwise; we wait for the ends
# of all of them, in seconds, no longer than this.
PATIENCE = 60.0
GLANCE = 0.05


class Ended(NamedTuple):
    """A run that was to be ended. over: whether it has left its slot."""

    task: str
    request_id: str
    run_id: str
    over: bool

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return with_nulls(self)


def known(context: Context, target: Target, tasks: Iterable[Task]) -> Target:
    """The target, if there is such a task, lane or account: a hold on a misspelt name would hold nothing.

    `tasks` are those whose files are in order; others are known by the names of their files. Raises ClodputerError.
    """
    tasks = list(tasks)
    names = {
        TASK: {*taskfile.names(context.home), *runs.tasks(context.home), *(task.name for task in tasks)},
        LANE: {*layout.lanes(context.home), *(task.lane for task in tasks), *context.settings.lanes},
        ACCOUNT: {account_of(task) for task in tasks} - {""},
    }.get(target.scope)
    if names is None or target.name in names:
        return target
    listed = ", ".join(sorted(names)[:20])
    raise ClodputerError(
        f"{target.scope}_unknown",
        f"there is no {target.scope} {target.name[:80]!r}{did_you_mean(target.name, names)}",
        f"The {target.scope}s are: {listed}." if names else f"There are no {target.scope}s.",
        ExitCode.EXPECTED,
    )


def concerned(context: Context, target: Target, tasks: Iterable[Task]) -> list[Found]:
    """The requests that wait or run and that a hold on the target is about."""
    accounts = {task.name: account_of(task) for task in tasks}

    def fits(one: Found) -> bool:
        own = {LANE: one.lane, TASK: one.task, ACCOUNT: accounts.get(one.task, "")}
        return target.scope not in own or own[target.scope] == target.name

    found = {one.id or one.path: one for one in find.everywhere(context.home)}
    return [one for one in found.values() if fits(one)]


def wake(context: Context, reason: str) -> int:
    """Put what waits for this reason back into its queue, to be asked about again; how many. Raises OSError.

    All of it, of whichever task: what still has that reason to wait will wait on.
    """
    number = 0
    for lane in layout.lanes(context.home):
        number += len(queue.wake(context.home, lane, lambda waiting: waiting.reason == reason))
    return number


def end_runs(context: Context, patience: float = PATIENCE) -> list[Ended]:
    """Have every exec stop: its run ends as interrupted, and the request goes back to its queue. Raises OSError.

    Waits for their ends for at most `patience` seconds. A run whose exec died is settled by the next exec. What keeps further
    runs from beginning must be in place: one that is just being let begin is seen, as it has its turn first.
    """
    with turn.take(context.home):
        pass
    seen: dict[str, Ended] = {}
    terminated: set[int] = set()
    began = monotonic()
    while True:
        at_work = [one for one in _running(context) if one.run_id]
        for one in at_work:
            seen[one.run_id] = Ended(one.task, one.id, one.run_id, over=False)
            pid = _holder(context, one)
            if pid is not None and pid not in terminated:
                terminated.add(pid)
                _terminate(pid)
        there = {one.run_id for one in at_work}
        seen = {run_id: run._replace(over=run_id not in there) for run_id, run in seen.items()}
        if not there or monotonic() - began >= patience:
            return list(seen.values())
        sleep(GLANCE)


def _running(context: Context) -> list[Found]:
    return list(find.running(context.home))


def _holder(context: Context, one: Found) -> Optional[int]:
    """The process of the exec that runs it, if it is alive and not ourselves."""
    if one.slot is None:
        return None
    who = recorded.read(slots.holder(context.home, one.slot, one.task, one.run_id))
    return who.pid if who is not None and who.pid != os.getpid() and tree.alive(who) else None


def _terminate(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has just ended
