"""Goal 13: the log and its index at a million events, against plain appending and plain sqlite."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from typing import Callable

from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.index.query import Index
from clodputer.store.log import events as eventlog
from tests.bench.goal import Row
from tests.bench.rotation import block, rotate
from tests.bench.stage import Stage

EVENTS = 1_000_000
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
    connection.execute(
        "CREATE TABLE runs (run_id TEXT PRIMARY KEY, task TEXT, at REAL, outcome TEXT, reason TEXT,"
        " duration REAL, cost REAL)"
    )
    connection.executemany("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("CREATE INDEX runs_at ON runs (at)")
    connection.commit()
    return connection


def the_past(stage: Stage) -> list[Row]:
    """What is asked of the index, once it is up to date with a year's log; and what a line of the log costs."""
    home = stage.home("past")
    rows = fill(home, EVENTS)
    began = time.perf_counter()
    with Index(home):
        built = time.perf_counter() - began
    connection = plain(str(stage.folder / "plain.db"), rows)

    def statistics_of_ours() -> object:
        with Index(home) as index:
            return index.groups(NOW - MONTH), index.durations(NOW - MONTH)

    def statistics_of_theirs() -> object:
        where = "FROM runs WHERE at >= ?"
        return (
            connection.execute(
                f"SELECT outcome, reason, count(*), total(duration), total(cost) {where}"
                " GROUP BY outcome, reason",
                (NOW - MONTH,),
            ).fetchall(),
            connection.execute(f"SELECT duration {where} ORDER BY duration", (NOW - MONTH,)).fetchall(),
        )

    def last(task: str) -> Callable[[], object]:
        def ask() -> object:
            with Index(home) as index:
                return index.events(task=task, last=10)

        return ask

    month = rotate({"index": block(statistics_of_ours), "sqlite": block(statistics_of_theirs)}, stage.rounds)
    lasts = rotate({"common": block(last("task-7")), "rare": block(last("rare"))}, stage.rounds)
    return [
        Row(
            "13",
            "append a line to the log, against open + write + close",
            "",
            appending(stage),
            None,
            "x",
        ),
        Row(
            "13",
            "last 10 events of a common task, of 1,000,000",
            "<= 2 ms",
            lasts.milliseconds("common"),
            2.0,
            "ms",
        ),
        Row("13", "last 10 events of a rare task", "<= 2 ms", lasts.milliseconds("rare"), 2.0, "ms"),
        Row(
            "13",
            "statistics of a month, against plain sqlite",
            "<= 1.5 x",
            month.ratio("index", "sqlite"),
            1.5,
            "x",
        ),
        Row("13", "the index built anew from 1,000,000 events", "", built, None, "s"),
    ]


def appending(stage: Stage) -> float:
    """The ratio of our line to the same bytes written plainly."""
    home, plainly = stage.home("appending"), stage.folder / "plain.log"
    fields = {
        "task": "blink",
        "request_id": "01234567",
        "run_id": "20261121T012500.123Z-01234567",
        "lane": "default",
    }
    eventlog.append(home, Masker(()), NOW, "started", **fields)
    with open(home.log, "rb") as file:
        line = file.read()

    def ours() -> None:
        for _ in range(500):
            eventlog.append(home, Masker(()), NOW, "started", **fields)

    def bare() -> None:
        for _ in range(500):
            descriptor = os.open(plainly, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(descriptor, line)
            os.close(descriptor)

    return rotate({"ours": block(ours), "bare": block(bare)}, stage.rounds).ratio("ours", "bare")
