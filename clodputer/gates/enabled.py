"""The gate of `enabled` and `auto_disable_after`: requests for a task that is switched off are given up."""

from __future__ import annotations

from itertools import islice

from clodputer.model import decide
from clodputer.model.config.keys import Key
from clodputer.model.gates import autodisable
from clodputer.model.gates.verdict import GO, Refuse, Verdict
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History
from clodputer.store.taskstate import disabled, resets

KEYS: tuple[Key, ...] = autodisable.KEYS

# So many of the task's runs are looked at: what failed before thousands of others is of another time.
FARTHEST = 2000


def check(task: Task, _request: Request, _history: History, context: Context, _now: float) -> Verdict:
    """As `Gate.check` says."""
    if task.enabled:
        return GO
    return Refuse("task_disabled", decide.disabled(task, disabled.read(context.home, task.name)))


def failed_before(task: Task, history: History, context: Context) -> int:
    """How many requests of the task ended without success in a row, as far as that makes a difference. Raises OSError."""
    past = islice(history.of_task(task.name, resets.counted_from(context.home, task)), FARTHEST)
    ends = (autodisable.End(run.outcome, run.reason, run.trigger, run.final) for run in past)
    return autodisable.in_a_row(ends, task.auto_disable_after)
