"""What was spent this month counts for a budget however long ago it was logged, and whatever came after it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.model.text.moment import iso
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.records import history
from tests.workshop import clodputer, command_task, drop, environment, events, execute

pytestmark = pytest.mark.system

BUDGETS = {
    "all": ("budget: {per_month: 1}\n", ""),
    "lane": ("lanes: {default: {budget: {per_month: 1}}}\n", ""),
    "task": ("", "budget: {per_month: 1}\n"),
}


def spent(home: Home, task: str, run_id: str, cost: float, at: float) -> str:
    """The end of a run, logged; its line."""
    look(environment(home)).log(
        at,
        "finished",
        task=task,
        lane="default",
        account="claude",
        request_id=run_id,
        run_id=run_id,
        outcome="succeeded",
        reason="completed",
        duration_seconds=1.0,
        cost_usd=cost,
    )
    return Path(home.log).read_text().splitlines(keepends=True)[-1]


def after(home: Home, kind: str) -> None:
    """What is logged when all has been spent."""
    if kind == "far":
        filler = json.dumps(
            {"timestamp": iso(time()), "event": "queued", "task": "mine", "message": "x" * 900}
        )
        with open(home.log, "a") as file:
            file.write(f"{filler}\n" * (history.FARTHEST // len(filler) + 1))
    elif kind == "many":
        line = spent(home, "mine", "run-0", 0.0, time())
        with open(home.log, "a") as file:
            file.writelines(line.replace("run-0", f"run-{number}") for number in range(1, history.MOST + 1))
    elif kind == "clock":
        for number in range(2 * history.OLDER):
            spent(home, "mine", f"run-{number}", 0.0, 1000.0 + number)
    elif kind == "pruned":
        archived = Path(home.archive, f"{iso(time())[:7]}.log")
        archived.parent.mkdir(exist_ok=True)
        Path(home.log).rename(archived)
        # So long ago that nobody appends to it any more.
        os.utime(archived, (time() - 7200, time() - 7200))
        spent(home, "mine", "run-0", 0.0, time())
        clodputer(home, "prune")
        assert len(events(home)) == 1


@pytest.mark.parametrize(
    ("whose", "kind"),
    [
        *(("all", kind) for kind in ("far", "many", "clock", "pruned")),
        ("lane", "clock"),
        ("lane", "pruned"),
        ("task", "far"),
        ("task", "pruned"),
    ],
)
def test_nothing_that_was_spent_is_forgotten(home: Home, whose: str, kind: str) -> None:
    config, more = BUDGETS[whose]
    few = (
        "log_size: 1KB\nkeep_log_for: 1h\nkeep_log_count: 1\nkeep_log_size: 1KB\n" if kind == "pruned" else ""
    )
    Path(home.config).write_text(config + few)
    command_task(home, "mine", "/bin/true", more=more)
    spent(home, "mine", "run-of-all", 1.0, time())
    after(home, kind)
    drop(home, "mine.json", json.dumps({"task": "mine", "id": "asked-0001"}))
    assert execute(home)["runs"] == []
    [waits] = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert waits["waits"]["reason"] == "budget"


def test_without_a_budget_logs_go_as_the_settings_say(home: Home) -> None:
    command_task(home, "mine", "/bin/true")
    Path(home.config).write_text("keep_log_for: 1h\n")
    spent(home, "mine", "run-of-all", 1.0, time())
    archived = Path(home.archive, "2026-01.log")
    archived.parent.mkdir(exist_ok=True)
    Path(home.log).rename(archived)
    os.utime(archived, (time() - 7200, time() - 7200))
    clodputer(home, "prune")
    assert not archived.exists()
