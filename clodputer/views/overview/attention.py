"""What needs a person: tasks whose latest run failed, recent failures, faults of Clodputer, files that stop every run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Optional

from clodputer.isolate import scratch
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.autodisable import Disabled
from clodputer.model.outcome import BLAMELESS, SKIPPED, SUCCEEDED
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.store import blocked
from clodputer.store.context import Context
from clodputer.store.files import exposed
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from clodputer.store.index.query import Finished
from clodputer.store.outgoing import parcels
from clodputer.store.program import crashes
from clodputer.store.program.crashes import Crash
from clodputer.store.records.history import History
from clodputer.store.spool import stuck
from clodputer.store.taskstate import disabled
from clodputer.views.overview.faults import Faults, faults
from clodputer.views.overview.notify import Undelivered, undelivered
from clodputer.views.published.publishing import Asking as Wish
from clodputer.views.published.publishing import Undelivered as Unpublished
from clodputer.views.published.publishing import asking
from clodputer.views.published.publishing import undelivered as unpublished
from clodputer.views.runs.past import of_past
from clodputer.views.runs.unfollowed import Unfollowed, unfollowed

WEEK = 7 * 86400.0
# A task that failed longer ago and never ran since is old news, in seconds.
LONGEST = 60 * 86400.0


class Attention(NamedTuple):
    """All of it.

    problems: what stops every run (a mistake in config.yaml or secrets.env, an installation that is not whole), and what other
    accounts could change, which stops those of its task. failing: the latest run of each task whose latest run failed, the
    latest first. failures: how many runs failed since the moment asked for, which `since` names. suspect: the latest run of
    each task whose latest run ended well and may have done nothing all the same. crash: the latest fault of Clodputer in the
    last seven days that ended a command, of so many different ones. faults: those that were contained since the moment asked
    for. stuck: names in `new/` of what can neither be taken in nor be moved away. disabled: tasks that Clodputer has disabled
    after failures. undelivered: what you should have been told and were not. temporary: that runs do not have their temporary
    folders where TMPDIR says, and why; empty when they do. trees: worktrees of runs that hold work which no remote has.
    unpublished: what runs wanted published and was not sent. wishes: what they would publish and a person decides about, the
    oldest first.
    """

    problems: tuple[ClodputerError, ...] = ()
    failing: tuple[Finished, ...] = ()
    failures: int = 0
    suspect: tuple[Finished, ...] = ()
    crash: Optional[Crash] = None
    crashes: int = 0
    faults: Faults = Faults()
    stuck: tuple[str, ...] = ()
    unfollowed: Unfollowed = Unfollowed()
    disabled: tuple[tuple[str, Disabled], ...] = ()
    undelivered: Undelivered = Undelivered()
    temporary: str = ""
    trees: tuple[Tree, ...] = ()
    unpublished: Unpublished = Unpublished()
    wishes: tuple[Wish, ...] = ()
    since: str = "yesterday"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "problems": [
                {"code": problem.code, "message": problem.message, "hint": problem.hint}
                for problem in self.problems
            ],
            "failing": [
                {
                    "task": run.task,
                    "run_id": run.run_id,
                    "outcome": run.outcome,
                    "reason": run.reason,
                    "at": iso(run.at),
                }
                for run in self.failing
            ],
            "disabled": [{"task": task, **one.to_json()} for task, one in self.disabled],
            "undelivered": self.undelivered.to_json(),
            "temporary": self.temporary or None,
            "trees": [
                {
                    **{
                        key: getattr(tree, key)
                        for key in ("task", "run_id", "path", "branch", "commits", "changes")
                    },
                    "problems": list(tree.problems),
                    "ended_at": iso(tree.ended_at),
                }
                for tree in self.trees
            ],
            "not_published": self.unpublished.to_json(),
            "failures": self.failures,
            "suspect": [{"task": run.task, "run_id": run.run_id, "at": iso(run.at)} for run in self.suspect],
            "crash": None if self.crash is None else {"report": self.crash.path, "at": iso(self.crash.at)},
            "crashes": self.crashes,
            "fault": self.faults.latest and self.faults.latest.to_json(),
            "faults": self.faults.number,
            "stuck": list(self.stuck),
            "not_followed": self.unfollowed.to_json(),
        }


def attention(
    context: Context, tasks: Iterable[Task], since: float, now: float, *, named: str = "yesterday"
) -> Attention:
    """What needs a person at `now`; failures are counted from `since` on (epoch seconds), which people read as `named`.

    Raises OSError.
    """
    tasks = tuple(tasks)
    wanted = {task.name for task in tasks}
    failing: list[Finished] = []
    suspect: list[Finished] = []
    failures, asked = 0, set[str]()
    for run in History(context.home).runs(min(since, now - LONGEST)):
        failed = run.outcome not in BLAMELESS
        failures += failed and run.at >= since
        if run.reason == "nothing_to_do" and started_no_agent(run.reason, run.cost_usd):
            # It says something about the task's precheck, and nothing about the agent that failed before.
            if run.suspect and run.task in wanted - asked:
                suspect.append(of_past(run))
            asked.add(run.task)
            continue
        if run.reason == "precheck" and run.task in asked:
            continue
        # The latest run that says anything about the task.
        if run.task in wanted and (failed or run.outcome in (SUCCEEDED, SKIPPED)):
            wanted.discard(run.task)
            if failed or run.suspect:
                (failing if failed else suspect).append(of_past(run))
    recent = crashes.latest(context.home, now - WEEK)
    problems, cause = context.problems, blocked.known(context.home)
    if cause is not None and cause.error.code in blocked.OF_THE_INSTALLATION:
        problems = (*problems, cause.error)
    return Attention(
        (*problems, *_exposed(context, tasks)),
        tuple(failing),
        failures,
        tuple(suspect),
        recent[0] if recent else None,
        len(recent),
        faults(context.home, since),
        tuple(sorted(stuck.load(context.home))),
        unfollowed(context.home, since),
        tuple(_disabled(context, tasks)),
        undelivered(context, now),
        scratch.replaced(context.environ),
        tuple(_work(context)),
        unpublished(context.home, now - WEEK),
        tuple(asking(context.home)),
        named,
    )


def _work(context: Context) -> Iterator[Tree]:
    """The trees with work that no remote has, but for those whose commits are on their way or wait for a person."""
    coming = {
        parcel.run_id
        for parcel in (*parcels.waiting(context.home), *parcels.staged(context.home))
        if parcel.push
    }
    return (tree for tree in trees.everything(context.home) if tree.undelivered and tree.run_id not in coming)


def _disabled(context: Context, tasks: Iterable[Task]) -> Iterator[tuple[str, Disabled]]:
    for task in tasks:
        found = None if task.enabled else disabled.read(context.home, task.name)
        if found is not None and task.auto_disable_after:
            yield task.name, found


def _exposed(context: Context, tasks: Iterable[Task]) -> Iterable[ClodputerError]:
    """What keeps requests of enabled tasks waiting as other accounts could change what they do, each file or folder once."""
    found = dict.fromkeys(exposed.of_home(context.home))
    for task in tasks:
        if task.enabled:
            found.update(dict.fromkeys(exposed.of_task(context.home, task.path)))
    return [ClodputerError(exposed.CODE, one.message, one.fix) for one in found]
