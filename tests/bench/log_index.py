"""The index of the log at a million events, against plain sqlite: `python -m tests.bench.log_index [EVENTS]`."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Callable

from clodputer.model.moment import iso
from clodputer.store import home as homes
from clodputer.store.home import Home
from clodputer.store.index import Index

ROUNDS = 20
NOW = 1_790_000_000.0
YEAR = 365 * 86400.0
MONTH = 30 * 86400.0


def fill(home: Home, events: int) -> list[tuple[object, ...]]:
    """Write a year's log, half of it ends of runs, one task rare; the ends as rows."""
    numbers = random.Random(1)
    rows: list[tuple[object, ...]] = []
    part, size = 1, 0
    file = open(f"{home.archive}/2026-08.log", "w", encoding="ascii")
    for number in range(events):
        at = NOW - YEAR + number * YEAR / events
        task = "rare" if number % 100_000 == 1 else f"task-{numbers.randrange(50)}"
        outcome, reason = ("failed", "timeout") if numbers.random() < 0.1 else ("succeeded", "completed")
        head = f'{{"timestamp": "{iso(at)}", "event": '
        if number % 2:
            seconds, cost = numbers.expovariate(0.01), round(numbers.random(), 4)
            rows.append((f"run-{number}", task, at, outcome, reason, seconds, cost))
            line = (
                f'{head}"finished", "task": "{task}", "request_id": "r{number}", "run_id": "run-{number}", "outcome": '
                f'"{outcome}", "reason": "{reason}", "message": "", "duration_seconds": {seconds}, "cost_usd": {cost}}}\n'
            )
        else:
            line = f'{head}"started", "task": "{task}", "run_id": "run-{number + 1}", "lane": "default"}}\n'
        size += file.write(line)
        if size > 10 * 1024 * 1024:
            part, size = part + 1, 0
            file.close()
            file = open(f"{home.archive}/2026-08.{part}.log", "w", encoding="ascii")
    file.close()
    os.rename(file.name, home.log)
    return rows


def plain(path: str, rows: list[tuple[object, ...]]) -> sqlite3.Connection:
    """The same runs in a table as anybody would make it."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE runs (run_id TEXT PRIMARY KEY, task TEXT, at REAL, outcome TEXT, reason TEXT,"
                       " duration REAL, cost REAL)")  # fmt: skip
    connection.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("CREATE INDEX runs_at ON runs (at)")
    connection.commit()
    return connection


def in_turn(*works: Callable[[], object]) -> list[float]:
    """The median time of each, in seconds, taken in turn."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
    return [median(taken) for taken in times]


def main() -> None:
    """Build, ask, print."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        home = Home(f"{folder}/home")
        homes.make(home)
        rows = fill(home, events)
        began = time.perf_counter()
        with Index(home):
            built = time.perf_counter() - began
        began = time.perf_counter()
        connection = plain(f"{folder}/plain.db", rows)
        inserted = time.perf_counter() - began
        names = [name for name in os.listdir(home.cache) if name.startswith("index-")]
        size = sum(os.path.getsize(f"{home.cache}/{name}") for name in names)

        def statistics_of_ours() -> object:
            with Index(home) as index:
                return index.groups(NOW - MONTH), index.durations(NOW - MONTH)

        def statistics_of_theirs() -> object:
            where = "FROM runs WHERE at >= ?"
            return (
                connection.execute(f"SELECT outcome, reason, count(*), total(duration), total(cost) {where}"
                                   " GROUP BY outcome, reason", (NOW - MONTH,)).fetchall(),
                connection.execute(f"SELECT duration {where} ORDER BY duration", (NOW - MONTH,)).fetchall(),
            )  # fmt: skip

        def last(task: str) -> Callable[[], object]:
            def ask() -> object:
                with Index(home) as index:
                    return index.events(task=task, last=10)

            return ask

        def entered() -> object:
            with Index(home) as index:
                return index.last_finished()

        def appended() -> object:
            with open(home.log, "a", encoding="ascii") as file:
                file.write(f'{{"timestamp": "{iso(NOW)}", "event": "queued", "task": "rare"}}\n')
            return last("rare")()

        ours, theirs = in_turn(statistics_of_ours, statistics_of_theirs)
        common, rare, newest, caught_up = in_turn(last("task-7"), last("rare"), entered, appended)
        (bare,) = in_turn(lambda: subprocess.run([sys.executable, "-I", "-c", "pass"], check=True))
        table = [
            (
                f"build from {events:,} events",
                built,
                f"{built / inserted:.1f} x plain sqlite's inserts, {size >> 20} MB",
            ),
            ("statistics of a month", ours, f"{ours / theirs:.2f} x plain sqlite (goal 1.5)"),
            ("last 10 events, common task", common, f"{common / bare:.2f} x python (goal 2 ms)"),
            ("last 10 events, rare task", rare, f"{rare / bare:.2f} x python (goal 2 ms)"),
            ("newest run of every task", newest, f"{newest / bare:.2f} x python"),
            ("the same after one more line", caught_up, f"{caught_up / bare:.2f} x python"),
        ]
        for label, seconds, ratio in table:
            print(f"{label:36} {seconds * 1000:10.2f} ms   {ratio}")


if __name__ == "__main__":
    main()
