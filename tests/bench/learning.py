"""What is learned from 10,000 past runs of fifty tasks: how long it takes, and how much memory."""

from __future__ import annotations

import random
import time
import tracemalloc
from typing import Any

from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.views.figures import advising, learning
from tests.bench.goal import Row
from tests.bench.stage import Stage
from tests.cli.learned import ended
from tests.workshop import environment, write_task

RUNS, TASKS = 10_000, 50


def fill(home: Home, now: float) -> None:
    """Runs of eighty days with everything in them from which something is learned, and the tasks."""
    numbers = random.Random(1)
    for number in range(TASKS):
        write_task(home, f"task-{number}", 'prompt: x\ntrigger: {type: cron, schedule: "0 8,20 * * *"}\n')
    for number in range(RUNS):
        dice = numbers.random()
        reason = (
            "timeout"
            if dice < 0.05
            else "denied"
            if dice < 0.1
            else "exit_status"
            if dice < 0.2
            else "completed"
        )
        more: dict[str, Any] = (
            {"denied": ["Write", f"Bash(make{number % 3}:*)"]} if reason == "denied" else {}
        )
        ended(
            home,
            f"task-{number % TASKS}",
            now - number * 80 * 86400.0 / RUNS,
            0,
            reason,
            run_id=f"run-{number}",
            request_id=f"request-{number}",
            message="" if reason == "completed" else f"It ended with {number} in /tmp/{number}/x.",
            duration_seconds=3600.0 if reason == "timeout" else numbers.lognormvariate(5, 0.5),
            cost_usd=round(numbers.random(), 4),
            prompt_version="aaaaaaaaaaaa" if number < 5000 else "bbbbbbbbbbbb",
            agent_version="2.1.321" if number < 2000 else "2.1.300",
            model="haiku" if number % 3 else "opus",
            **more,
        )


def learned(stage: Stage) -> list[Row]:
    """All that `clodputer advise show` and `clodputer advise` reckon, of all tasks at once, without the start of Python."""
    home, now = stage.home("learning"), time.time()
    fill(home, now)
    context = look(environment(home))

    def all_of_it() -> int:
        runs = learning.past(context, now)
        found = learning.gather(context, runs, now)
        return len(found.tasks) + len(advising.gather(context, runs))

    all_of_it()  # the tasks are in the cache
    took = []
    for _ in range(min(5, stage.rounds)):
        began = time.process_time()
        all_of_it()
        took.append(time.process_time() - began)
    tracemalloc.start()
    all_of_it()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return [
        Row(
            "15",
            f"what {RUNS:,} runs of {TASKS} tasks teach",
            "<= 3 s",
            sorted(took)[len(took) // 2],
            3.0,
            "s",
        ),
        Row("15", "and the memory that takes", "<= 100 MB", peak / 1e6, 100.0, "MB"),
    ]
