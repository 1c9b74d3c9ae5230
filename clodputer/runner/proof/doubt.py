"""Doubt: whether a run that ended well may have done nothing all the same, by its report and by the runs before it."""

from __future__ import annotations

from clodputer.model.proof import suspect
from clodputer.model.run import Report
from clodputer.model.runs.attempts import Attempts
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records import runs


def why(context: Context, task: Task, attempts: Attempts, report: Report, doubt: str) -> str:
    """Why a run is suspect; empty when nothing speaks for that. doubt: what holds for an agent of which nobody can tell."""
    if report.done is None:
        return doubt
    proved = any(task.expect) or bool(task.verify)
    earlier = (runs.record(context.home, task.name, past.run_id) for past in attempts.story)
    before = not proved and any((record or {}).get("changes") for record in earlier)
    return suspect.why(report.outcome.outcome, report.done, proved=proved, before=before)
