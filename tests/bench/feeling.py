"""What people feel: from a drop to the agent's start, many tasks, a long past, and an agent that prints a great deal."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from statistics import median

from clodputer.store.home import Home
from tests.bench.goal import Row
from tests.bench.rotation import Cost, process, rotate
from tests.bench.stage import BARE, Stage, touch
from tests.workshop import command_task, write_task

TASKS, PAST = 200, 10_000
# In bytes; what a command prints is two letters and a newline at a time.
PRINTED = 100 * 1024 * 1024


def drop_to_start(stage: Stage) -> list[Row]:
    """From the moment before a request is written to the first instruction of what it starts."""
    home = stage.home("drop-to-start")
    stamp = stage.folder / "stamp"
    command_task(home, "blink", "/bin/sh", "-c", f"date +%s%N > '{stamp}'")
    execute = stage.execute(home)
    execute()

    def felt() -> Cost:
        began = time.time_ns()
        touch(home, 1)
        execute()
        return Cost((int(stamp.read_text()) - began) / 1e9, 0.0)

    felt()
    rotation = rotate({"bare": process(BARE), "felt": felt}, stage.rounds)
    ratio = rotation.ratio("felt", "bare")
    return [
        Row(
            "2",
            "from a drop, with `exec` started at once, to the agent's start",
            "<= 5 x python",
            ratio,
            5.0,
            f"x ({rotation.milliseconds('felt'):.0f} ms)",
        )
    ]


def many_tasks(stage: Stage) -> list[Row]:
    """`exec` with nothing to do among many scheduled tasks, and a run among them."""
    few, many = stage.home("one-task"), stage.home("many-tasks")
    for number in range(TASKS):
        write_task(
            many,
            f"task-{number}",
            "agent: command\ncommand: [/bin/true]\ntrigger: {type: cron, schedule: '0 0 29 2 *'}\n",
        )
    for home in (few, many):
        stage.execute(home, drops=1)()
        time.sleep(2.1)  # files younger than two seconds are looked at again
        stage.execute(home, drops=1)()
    rotation = rotate(
        {
            "bare": process(BARE),
            "idle": stage.execute(many),
            "one": stage.execute(many, drops=1),
            "one of one": stage.execute(few, drops=1),
        },
        stage.rounds,
    )
    return [
        Row(
            "16",
            f"`exec` with nothing to do, {TASKS} tasks",
            "<= 1.5 x python",
            rotation.ratio("idle", "bare"),
            1.5,
            "x",
        ),
        Row(
            "16",
            f"a run with {TASKS} tasks against one with one",
            "<= 1.25 x",
            rotation.ratio("one", "one of one"),
            1.25,
            "x",
        ),
    ]


def long_past(stage: Stage) -> list[Row]:
    """A run of a task that has run ten thousand times, against one that never has."""
    new, old = stage.home("first-run"), stage.home("long-past")
    stage.execute(old, drops=1)()
    _past(old)
    stage.execute(new, drops=1)()
    stage.execute(old, drops=1)()
    rotation = rotate({"new": stage.execute(new, drops=1), "old": stage.execute(old, drops=1)}, stage.rounds)
    return [
        Row(
            "17",
            f"a run after {PAST:,} runs against a first one",
            "<= 1.25 x",
            rotation.ratio("old", "new"),
            1.25,
            "x",
        )
    ]


def _past(home: Home) -> None:
    """Copies of the one run there is, under earlier names, with their lines in the log."""
    (run,) = Path(home.runs, "blink").iterdir()
    record = json.loads((run / "record.json").read_text())
    (finished,) = [line for line in Path(home.log).read_text().splitlines() if '"finished"' in line]
    lines = []
    for number in range(PAST):
        moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(time.time() - 60 * (PAST - number)))
        name = f"{moment}.000Z-{number:08x}"
        Path(home.runs, "blink", name).mkdir()
        text = json.dumps({**record, "run_id": name, "request_id": f"{number:08x}"})
        Path(home.runs, "blink", name, "record.json").write_text(text)
        lines.append(finished.replace(record["run_id"], name).replace(record["request_id"], f"{number:08x}"))
    now = Path(home.log).read_text()
    Path(home.log).write_text("\n".join(lines) + "\n" + now)


def much_output(stage: Stage) -> list[Row]:
    """A command that prints a hundred megabytes in lines of two letters, against the same into a file."""
    home = stage.home("printing")
    script = f"yes ab | head -c {PRINTED}"
    command_task(home, "blink", "/bin/sh", "-c", script, more="max_output: 150MB\n")
    rounds = max(3, stage.rounds // 7)
    plain, ours = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        with open(stage.folder / "printed", "wb") as file:
            pid = os.posix_spawn(
                "/bin/sh",
                ["sh", "-c", script],
                dict(os.environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), 1)],
            )
            os.waitpid(pid, 0)
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        stage.execute(home, drops=1)()
        ours.append(time.perf_counter() - began)
    megabytes = PRINTED / 1024 / 1024
    return [
        Row(
            "18",
            "seconds for a run that prints 100 MB in lines of two letters",
            "<= 1 s above the printing",
            median(ours) - median(plain),
            1.0,
            f"s above it ({megabytes / median(ours):.0f} MB/s; into a file {megabytes / median(plain):.0f} MB/s)",
        )
    ]
