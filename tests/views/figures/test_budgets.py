"""Budgets as `status` shows them: what is spent and reserved of each limit, and which of them need attention."""

from __future__ import annotations

from pathlib import Path
from time import time

from clodputer.cli.commands.status import status
from clodputer.cli.terminal.ink import without
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import slot
from clodputer.store.spool.slot import Slot
from tests.workshop import command_task, environment


def spent(home: Home, task: str, cost: float, lane: str) -> None:
    """A run that has just ended, as the log tells of it."""
    about = {"task": task, "lane": lane, "account": "claude", "request_id": "r", "run_id": f"{task}-{cost}"}
    ended = {"outcome": "succeeded", "reason": "completed", "duration_seconds": 1.0, "cost_usd": cost}
    look(environment(home)).log(time(), "finished", **about, **ended)


def test_each_limit_that_is_set(home: Home) -> None:
    """Of everything, a lane and a task: spent, reserved, from when to when; those from 80 % on stand out."""
    Path(home.config).write_text(
        "max_cost_usd: 0.5\nbudget: {per_month: 100}\nlanes: {side: {budget: {per_24h: 4}}, other: {slots: 2}}\n"
    )
    command_task(home, "work", "/bin/true", more="lane: side\nbudget: {per_day: 2, runs_per_day: 3}\n")
    command_task(home, "free", "/bin/true")
    spent(home, "work", 1.7, "side")
    spent(home, "elsewhere", 2.5, "side")
    slot.make(home, Slot("side", 0))
    slot.mark(home, Slot("side", 0), "free", "20270115T080000.000Z-abcd1234")
    now = time()
    found = status(environment(home), now)
    rows = [
        (one["scope"], one["name"], one["key"], one["limit"], one["spent"], one["reserved"], one["state"])
        for one in found.data["budgets"]
    ]
    assert rows == [
        ("all", None, "per_month", 100.0, 4.2, 0.5, "open"),
        ("lane", "side", "per_24h", 4.0, 4.2, 0.5, "spent"),
        ("task", "work", "per_day", 2.0, 1.7, 0.0, "near"),
        ("task", "work", "runs_per_day", 3.0, 1.0, 0.0, "open"),
    ]
    text = " ".join(without(found.text).split())
    assert (
        "lane side: the budget is spent, $4.20 of $4.00, $0.50 reserved (per_24h); what it is for waits until"
        in text
    )
    assert "task work: the budget is nearly spent, $1.70 of $2.00 (per_day), until" in text
    assert "all tasks: $4.20 of $100.00, $0.50 reserved (per_month, since" in text
    assert "task work: 1 of 3 runs (runs_per_day, since" in text


def test_without_a_budget_there_is_none(home: Home) -> None:
    found = status(environment(home), time())
    assert found.data["budgets"] == []
    assert "Budgets" not in found.text
