"""Prune: remove the oldest runs, archived logs and outputs of jobs, as the settings say, shorten launchd's logs, and log it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from clodputer.model.gates import budget
from clodputer.model.text.moment import iso
from clodputer.model.upkeep.retention import Limits, Thing, outdated
from clodputer.runner.processes.stop import Stop
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.files import tilde
from clodputer.store.lock import Lock
from clodputer.store.log import archive, joblogs
from clodputer.store.records import pastruns, runs, seals
from clodputer.store.spool.requests import jobs
from clodputer.tasks import taskfile

# Somebody who opened the log just before it was archived may still append to it.
SETTLED = 3600.0
# Between two looks at whether we are to stop.
BATCH = 50


class Going(NamedTuple):
    """What is to go, or has gone; and by how many bytes the schedulers' log files are to be shortened, or were."""

    runs: tuple[Thing, ...] = ()
    logs: tuple[Thing, ...] = ()
    scheduler_logs: int = 0

    def figures(self) -> dict[str, int]:
        """The counts and bytes, for the log."""
        return {
            "runs": len(self.runs),
            "runs_bytes": sum(thing.size for thing in self.runs),
            "logs": len(self.logs),
            "logs_bytes": sum(thing.size for thing in self.logs),
            "scheduler_logs_bytes": self.scheduler_logs,
        }

    def to_json(self) -> dict[str, Any]:
        """The same with the names. Its keys are a promise to programs."""
        return {
            **self.figures(),
            "run_folders": [thing.name for thing in self.runs],
            "log_files": [thing.name for thing in self.logs],
        }


def plan(context: Context, now: float) -> Going:
    """What is to go by the settings. Raises OSError."""
    limits = context.settings
    old_runs = Limits(limits.keep_runs_for, limits.keep_runs_count, limits.keep_runs_size)
    old_logs = Limits(limits.keep_log_for, limits.keep_log_count, limits.keep_log_size)
    return Going(
        tuple(outdated(pastruns.kept(context.home, now), old_runs, now)),
        tuple(outdated(_logs(context, now), old_logs, now)),
        joblogs.excess(tilde.expand("~", context.environ)),
    )


def prune(context: Context, now: float, stop: Stop) -> Going:
    """Remove what is to go, and log how much it was; killed at any point, the next one goes on. Raises OSError.

    Only one process does it at a time; another finds nothing to do.
    """
    with Lock(f"{context.home.ledger}/prune.lock") as held:
        if not held:
            return Going()
        pastruns.sweep_up(context.home)
        going = plan(context, now)
        gone: list[str] = []
        for first in range(0, len(going.runs), BATCH):
            if stop.requested:
                break
            gone += pastruns.remove(context.home, [thing.name for thing in going.runs[first : first + BATCH]])
        removed = set(gone)
        done = Going(
            tuple(thing for thing in going.runs if thing.name in removed),
            tuple(thing for thing in going.logs if _unlinked(_log(context, thing.name))),
            joblogs.shorten(tilde.expand("~", context.environ)),
        )
        seals.tidy(context.home, _there(context), iso(now)[:10])
        if done != Going():
            context.log(now, "pruned", **done.figures())
    return done


def _there(context: Context) -> Iterator[str]:
    for task in runs.tasks(context.home):
        yield from (f"{task}/{run_id}" for run_id in runs.ids(context.home, task))


def _logs(context: Context, now: float) -> Sequence[Thing]:
    things = []
    needed_since = min(now - SETTLED, _counted_since(context, now))
    for path in archive.archives(context.home):
        status = os.stat(path)
        needed = status.st_mtime > needed_since
        things.append(Thing(os.path.basename(path), status.st_mtime, status.st_size, needed))
    return [*things, *_outputs(context, now)]


def _counted_since(context: Context, now: float) -> float:
    """Since when the log reports costs that a budget counts, in epoch seconds; without it too much would be spent."""
    lanes = context.settings.lanes.values()
    found = context.settings.budget or any(lane.get("budget") for lane in lanes)
    if not found:
        reports = taskfile.check_all(context.home, context.environ)
        # A file that is just being edited may have one.
        found = any(one.task is None or one.task.budget != budget.NONE for one in reports)
    return budget.beginning(now, zone.load("", context.environ)) if found else now


def _outputs(context: Context, now: float) -> Iterator[Thing]:
    """What jobs printed beside their runs, which explains a job that did not become a run; jobs that are known keep theirs."""
    known = {jobs.output(context.home, submitted.job.name) for _, submitted in jobs.everywhere(context.home)}
    with suppress(FileNotFoundError), os.scandir(jobs.outputs(context.home)) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            needed = entry.path in known or status.st_mtime > now - SETTLED
            yield Thing(f"jobs/{entry.name}", status.st_mtime, status.st_size, needed)


def _log(context: Context, name: str) -> str:
    """The path of a log that `_logs` names."""
    folder, _, base = name.rpartition("/")
    return f"{jobs.outputs(context.home)}/{base}" if folder else f"{context.home.archive}/{name}"


def _unlinked(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True
