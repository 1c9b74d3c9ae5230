"""What it costs that everything is decided anew: an idle sweep over what waits, and a decision with a long past."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median

from clodputer import gates
from clodputer.model.gates.verdict import Go
from clodputer.model.request import Request
from clodputer.model.text.moment import iso
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.records.history import History
from clodputer.tasks import taskfile
from tests.bench.goal import Row
from tests.bench.rotation import process, rotate
from tests.bench.stage import BARE, Stage
from tests.workshop import environment, write_task

TASKS, DELAYED, PAST = 200, 1_000, 10_000
LANES = 5


def sweep(stage: Stage) -> list[Row]:
    """`exec` that a sweep starts, with many tasks and many requests whose time has not come."""
    home = stage.home("sweep")
    for number in range(TASKS):
        write_task(
            home,
            f"task-{number}",
            f"agent: command\ncommand: [/bin/true]\nlane: lane-{number % LANES}\n"
            "trigger: {type: cron, schedule: '0 0 29 2 *'}\n",
        )
    stage.execute(home, drops=1)()
    time.sleep(2.1)  # files younger than two seconds are looked at again
    stage.execute(home, drops=1)()
    tomorrow = int((time.time() + 86400) * 1_000_000)
    for number in range(DELAYED):
        delayed = Path(home.lanes, f"lane-{number % LANES}", "delayed")
        delayed.mkdir(parents=True, exist_ok=True)
        name = f"{tomorrow + number}.3.{number:08x}.{number}.json"
        (delayed / name).write_text(
            f'{{"task": "task-{number % TASKS}", "not_before": "{iso(tomorrow / 1e6)}"}}\n'
        )
    rotation = rotate({"bare": process(BARE), "idle": stage.execute(home)}, stage.rounds)
    ratio = rotation.ratio("idle", "bare")
    what = f"`exec` with nothing to do, {TASKS} tasks, {DELAYED:,} delayed requests"
    return [Row("19", what, "<= 1.5 x python", ratio, 1.5, "x")]


def gate(stage: Stage) -> list[Row]:
    """Whether a request may be run, asked of every gate: its breaker and its budgets look at all runs of the month."""
    home = stage.home("gate")
    Path(home.config).write_text("budget: {per_month: 100000}\nrequire: {disk_free: 1KB}\n")
    keys = "prompt: x\nbudget: {per_month: 100000, per_day: 100000}\nlane: busy\n"
    write_task(home, "work", keys)
    os.utime(f"{home.tasks}/work.yaml", (0, 0))
    _past(home)
    context = look(environment(home))
    task = taskfile.load(home, "work", context.environ)
    request = Request("abcd1234", "work", time.time(), item="issue 1", origin={"trigger": "cron"})
    costs = []
    for _ in range(max(5, stage.rounds)):
        began = time.process_time()
        verdict = gates.ask(request, task, "", History(home), context, time.time())
        costs.append(time.process_time() - began)
        assert isinstance(verdict, Go), verdict
    return [
        Row(
            "20",
            f"processor time of deciding whether a request may be run, after {PAST:,} runs",
            "<= 100 ms",
            median(costs) * 1000,
            100,
            "ms",
        )
    ]


def _past(home: Home) -> None:
    """So many runs of the task, all of this month as far as there was one."""
    now = time.time()
    with open(home.log, "w", encoding="ascii") as log:
        for number in range(PAST):
            at = iso(now - (PAST - number) * 0.5)
            ids = f'"request_id": "{number:08x}", "run_id": "20260101T000000.000Z-{number:08x}"'
            log.write(f'{{"timestamp": "{at}", "event": "queued", "task": "work", {ids}, "lane": "busy"}}\n')
            log.write(f'{{"timestamp": "{at}", "event": "started", "task": "work", {ids}, "lane": "busy"}}\n')
            outcome = (
                '"outcome": "failed", "reason": "offline"'
                if number % 3
                else '"outcome": "succeeded", "reason": "completed"'
            )
            log.write(
                f'{{"timestamp": "{at}", "event": "finished", "task": "work", {ids}, {outcome}, "message": "", '
                '"duration_seconds": 61.5, "cost_usd": 0.12, "cost_estimated": false, "model": "claude-opus-5-5", '
                '"account": "claude", "trigger": "cron", "attempt": 1, "item": "issue 7", "subscription": false, '
                '"lane": "busy", "agent": "claude"}\n'
            )
