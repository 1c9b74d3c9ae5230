"""The state of a home in one look: what runs, waits, stands still, went wrong, was spent and comes next."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Optional

from clodputer.model.engine.job import RUNNING as BEGUN
from clodputer.model.engine.job import WAITING
from clodputer.model.queue.estimate import Expected
from clodputer.model.schedules.due import ON_TIME
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.schedulers import scheduled
from clodputer.schedulers.scheduled import Scheduled
from clodputer.store import holds
from clodputer.store.computer import machine, zone
from clodputer.store.context import Context
from clodputer.store.holds import Placed
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import aside, find, layout, slot
from clodputer.store.spool.find import Found
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.requests.jobs import Submitted
from clodputer.views.figures import usage
from clodputer.views.figures.budgets import Standing, standings
from clodputer.views.figures.effort import Efforts
from clodputer.views.figures.usage import AccountUsage
from clodputer.views.incoming import plugins, webhooks
from clodputer.views.incoming.routing import Unrouted, made_room, unrouted
from clodputer.views.overview.attention import Attention, attention
from clodputer.views.queue import waiting, waits
from clodputer.views.queue.waiting import Lane
from clodputer.views.queue.waits import Waits
from clodputer.views.runs import past
from clodputer.views.runs.past import Past
from clodputer.views.schedule import fates
from clodputer.views.schedule.coming import Coming
from clodputer.views.schedule.fates import Missed, Overdue
from clodputer.views.tasks import tasks, watching
from clodputer.views.tasks.tasks import Broken
from clodputer.views.tasks.watching import WatchProblem


class Running(NamedTuple):
    """What a slot holds. `exec_alive`: whether the exec that has it is there; None when that is not known.

    pid: of the agent, None while there is none. stale: nobody is at it any more, and the next exec settles it.
    job: the engine's job that it is in, as it was looked at last; of its run on another machine is known only when it began.
    """

    lane: str
    request_id: str
    task: str
    run_id: str
    started_at: Optional[float]
    elapsed: Optional[float]
    pid: Optional[int]
    exec_pid: Optional[int]
    stale: bool
    job: Optional[Submitted] = None

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "lane": self.lane,
            "request_id": self.request_id,
            "task": self.task or None,
            "run_id": self.run_id or None,
            "started_at": None if self.started_at is None else iso(self.started_at),
            "elapsed_seconds": self.elapsed,
            "pid": self.pid,
            "exec_pid": self.exec_pid,
            "stale": self.stale,
            "job": self.job
            and {
                "engine": self.job.engine,
                "id": self.job.job.id or None,
                "name": self.job.job.name,
                "state": self.job.job.state,
                "message": self.job.job.words or None,
                "node": self.job.job.node or None,
                "submitted_at": iso(self.job.at),
            },
        }


class Status(NamedTuple):
    """All of it."""

    home: str
    now: float
    running: tuple[Running, ...]
    lanes: tuple[Lane, ...]
    dropped: int
    holds: tuple[Placed, ...]
    rejected: int
    dead: int
    parked: int
    past: Past
    missed: tuple[Missed, ...]
    overdue: tuple[Overdue, ...]
    coming: tuple[Coming, ...]
    broken: tuple[Broken, ...]
    watch_problems: tuple[WatchProblem, ...] = ()
    attention: Attention = Attention()
    scheduled: Scheduled = Scheduled()
    usage: tuple[AccountUsage, ...] = ()
    waits: tuple[Waits, ...] = ()
    budgets: tuple[Standing, ...] = ()
    unrouted: tuple[Unrouted, ...] = ()
    plugins: tuple[tuple[str, str], ...] = ()
    expected: tuple[Expected, ...] = ()
    topics: tuple[tuple[str, str], ...] = ()
    unrouted_removed: int = 0

    def to_json(self) -> dict[str, Any]:
        """All but what needs a person, which `needs.status_json` adds. Its keys are a promise to programs."""
        return {
            "home": self.home,
            "running": [running.to_json() for running in self.running],
            "waiting": {
                "dropped": self.dropped,
                "queued": sum(lane.queued for lane in self.lanes),
                "delayed": sum(lane.delayed for lane in self.lanes),
                "lanes": [lane.to_json() for lane in self.lanes],
                "expected": [one.to_json() for one in self.expected],
            },
            "waits": [one.to_json() for one in self.waits],
            "holds": [placed.to_json() for placed in self.holds],
            "attention": self.attention.to_json(),
            "scheduler": self.scheduled.to_json(),
            "rejected": self.rejected,
            "dead": self.dead,
            "parked": self.parked,
            "unrouted": [one.to_json() for one in self.unrouted],
            "unrouted_removed": self.unrouted_removed,
            "topics": [{"name": name, "message": message} for name, message in self.topics],
            "plugins": [{"name": name, "message": message} for name, message in self.plugins],
            "last_runs": [run.to_json() for run in self.past.last],
            "cost_usd": {
                "today": round(self.past.cost_today, 6),
                "last_7_days": round(self.past.cost_week, 6),
            },
            "usage": [account.to_json() for account in self.usage],
            "budgets": [standing.to_json() for standing in self.budgets],
            "missed": [missed.to_json() for missed in self.missed],
            "overdue": [overdue.to_json() for overdue in self.overdue],
            "watch_problems": [problem.to_json() for problem in self.watch_problems],
            "next": [coming.to_json() for coming in self.coming],
            "broken": [file.to_json() for file in self.broken],
        }


def gather(context: Context, now: float, count: int, since: Optional[float] = None) -> Status:
    """The state at `now` (epoch seconds), with the last `count` runs and the next `count` slot times.

    Failures and missed slot times are those from `since` on, which is yesterday's midnight when it is not given.
    """
    home = context.home
    good, broken = tasks.check(home, context.environ)
    midnight = datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    named = "yesterday" if since is None else zone.stamp(since)
    since = (midnight - timedelta(days=1)).timestamp() if since is None else since
    names = layout.lanes(home)
    here = [task for task in good if machine.is_here(context.settings, task)]
    return Status(
        home.root,
        now,
        tuple(found for name in names for found in running(home, name, now)),
        tuple(waiting.lanes(home, context.settings.lanes)),
        waiting.dropped(home),
        tuple(holds.in_effect(home, now)),
        len(aside.names(home.rejected)),
        len(aside.names(home.dead)),
        len(aside.names(home.parked)),
        past.past(home, now, count, midnight.timestamp()),
        tuple(fates.missed(home, good, since)),
        tuple(fates.overdue(context.environ, home, here, now)),
        tuple(_coming(context.environ, here, now, count)),
        tuple(broken),
        tuple(watching.problems(context, here)),
        attention(context, good, since, now, named=named),
        scheduled.look(context, good, sys.platform),
        tuple(usage.accounts(home, now)),
        tuple(waits.of_home(context)),
        tuple(standings(context, good, now)),
        unrouted(home),
        plugins.failing(context, now),
        tuple(Efforts(context, now).lanes(names)),
        webhooks.failing(context),
        made_room(home, now),
    )


def running(home: Home, lane: str, now: float) -> list[Running]:
    """What is in a lane's slot. The lock is not tried: an exec that is refused by us would leave its request behind."""
    found = []
    for one in find.in_slot(home, lane):
        job = jobs.read(home, one.slot) if one.slot else None
        if job is not None:
            found.append(_elsewhere(lane, one, job, now))
            continue
        if not one.run_id:
            # It is claimed, and marked in the next milliseconds; if it stays like that, its exec died.
            stale = now - aside.changed(one.path) > ON_TIME
            found.append(Running(lane, one.id, "", "", None, None, None, None, stale))
            continue
        holder = recorded.read(slot.holder(home, one.slot, one.task, one.run_id) if one.slot else "")
        agent = _agent(home, one.task, one.run_id)
        started_at = _moment(one.run_id)
        alive = tree.alive(holder) if holder else bool(agent and tree.alive(agent))
        found.append(
            Running(
                lane,
                one.id,
                one.task,
                one.run_id,
                started_at,
                None if started_at is None else now - started_at,
                agent.pid if agent and tree.alive(agent) else None,
                holder.pid if holder and alive else None,
                not alive,
            )
        )
    return found


def _elsewhere(lane: str, one: Found, job: Submitted, now: float) -> Running:
    started_at = _moment(one.run_id) if one.run_id else None
    if one.run_id and job.job.state == WAITING:
        # Its run has begun since; an exec looks no more at a slot whose run goes on.
        job = job._replace(job=job.job._replace(state=BEGUN, words=""))
    elapsed = None if started_at is None else now - started_at
    return Running(lane, one.id, one.task, one.run_id, started_at, elapsed, None, None, False, job)


def _agent(home: Home, task: str, run_id: str) -> Optional[recorded.Identity]:
    facts = runs.read_json(f"{runs.folder(home, task, run_id)}/process.json") or {}
    return next(iter(recorded.read_identities(facts.get("processes"))), None)


def _moment(run_id: str) -> Optional[float]:
    try:
        return runs.moment_of(run_id)
    except ValueError:
        return None


def _coming(environ: Mapping[str, str], good: list[Task], now: float, count: int) -> list[Coming]:
    # The next one of each task: ten of a task that runs each minute would hide the others.
    found = [tasks.next_slot(environ, task, now)[0] for task in good]
    return sorted((one for one in found if one is not None), key=lambda one: (one.slot, one.task))[:count]
