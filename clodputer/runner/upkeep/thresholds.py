"""What a run's end has crossed, as lines of the log: a budget nearly or wholly used up, a breaker that opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.gates import breaker, budget
from clodputer.model.gates.budget import Spent
from clodputer.model.outcome import BLAMELESS
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.records.history import History


def log_budgets(
    context: Context, task: Task, record: Mapping[str, Any], history: History, now: float
) -> None:
    """Log which budgets this run has used up, or nearly. Raises OSError."""
    history.renew()
    counts = not started_no_agent(record["reason"], record["cost_usd"])
    last = Spent(now, record["cost_usd"], counts)
    for use in budget.newly_near(task, last, history, context, now):
        context.log(
            now,
            "budget_near",
            task=task.name,
            run_id=record["run_id"],
            request_id=record["request_id"],
            budget=use.words,
            limit=use.key,
            used=round(use.used, 4),
            of=use.limit,
        )


def log_breaker(
    context: Context, task: Task, record: Mapping[str, Any], history: History, now: float
) -> None:
    """Log that this run has opened the task's breaker. Raises OSError."""
    if record["outcome"] in BLAMELESS:
        return
    history.renew()
    found = breaker.newly_open(task, history, context, now)
    if found is not None:
        context.log(
            now,
            "breaker_open",
            task=task.name,
            run_id=record["run_id"],
            request_id=record["request_id"],
            reason=found.last,
            message=f"{found.failures} of its requests failed, one after the other; its triggers start none before "
            f"{iso(found.until or now)}.",
        )
