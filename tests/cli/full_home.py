"""A home with something of everything, and a run that is going on: for the schemas of all commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

from clodputer.model.request import Request
from clodputer.model.schedules import due
from clodputer.model.text.mask import Masker
from clodputer.model.triggers.decision import Fate
from clodputer.store import holds
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import layout
from clodputer.store.triggers import ledger
from tests.cli.learned import ended
from tests.cli.past import past_run
from tests.repositories import repository
from tests.runner.plugging import OK, plugin
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    execute,
    make_home,
    start,
    write_task,
)


@contextmanager
def full_home(folder: Path) -> Iterator[Home]:
    """The home, below this folder; beside it a backup of it and an exported task. At the end the run is let end."""
    home = make_home(folder)
    enough = folder / "enough"
    Path(home.config).write_text(
        "notify: {desk: {type: command, command: [/bin/true]}}\n"
        "routes:\n- {from: ci, type: found, to: good}\n- {from: ci, type: found, to: nobody}\n"
    )
    command_task(home, "good", "/bin/echo", "well", more="trigger: {type: cron, schedule: '0 7 * * *'}\n")
    command_task(
        home, "bad", "/bin/sh", "-c", "echo no >&2; exit 3", more="trigger: {type: interval, every: 2h}\n"
    )
    command_task(home, "held", "/bin/echo", more="lane: later\n")
    command_task(home, "remembering", "true", more="state: {}\n")
    command_task(home, "asks", "true", more="approve: before\n")
    plugin(home, "watcher", OK, schedule={"every": "monthly"})
    plugin(home, "failing", "exit 1")
    more = f"working_directory: {repository(folder)}\nisolation: worktree\n"
    command_task(home, "treed", "touch", "work", more=more)
    for name in ("spare", "other", "gone", "timely"):
        command_task(home, name, "/bin/echo")
    for ago in range(12, 0, -1):
        stopped = ago > 8
        ended(
            home,
            "timely",
            time(),
            ago,
            "timeout" if stopped else "completed",
            duration_seconds=3600.0 if stopped else 2000.0,
        )
    waits = (
        f"import os, time\nprint(1, flush=True)\nwhile not os.path.exists({str(enough)!r}): time.sleep(0.05)"
    )
    command_task(home, "long", sys.executable, "-c", waits, more="lane: long\n")
    write_task(home, "broken", "agent: nobody\ncomand: [x]\n")
    for name, text in (
        ("good", ""),
        ("bad", ""),
        ("treed", ""),
        *(
            (f"asks-{number}.json", f'{{"task": "asks", "id": "asks-{number}"}}')
            for number in ("0001", "0002", "0003")
        ),
        ("lost.event.json", '{"from": "ci", "type": "unheard"}'),
        ("wrong.json", '{"tsk": "good"}'),
        ("away.json", '{"tsk": "good"}'),
        ("gone.json", '{"task": "good", "id": "away-1234", "expires_at": "2020-01-01T00:00:00Z"}'),
        ("dead.json", '{"task": "good", "id": "dead-1234", "expires_at": "2020-01-01T00:00:00Z"}'),
    ):
        drop(home, name, text)
    layout.make_lane(home, "later")
    holds.place(
        home, holds.Target("lane", "later"), holds.Hold("pause", "Somebody paused it.", None, 4_000_000_000.0)
    )
    for request in (
        {"id": "held-0001"},
        {"id": "held-0002"},
        {"id": "held-0003", "not_before": "2099-01-01T00:00:00Z"},
    ):
        drop(home, f"{request['id']}.json", json.dumps({"task": "held", **request}))
    execute(home)
    clodputer(home, "state", "set", "remembering", "n:=1")
    past_run(home, "good", "0ad0ad00")
    begun = Request("0000beef", "bad", 1_790_000_000.0)
    runs.make(home, "bad", runs.new_id(begun.created_at, begun.id), begun, Masker())
    ledger.write(home, "good", 0, _missed(ledger.entries(home, "good")[0]))
    drop(home, "long")
    going = start(home, "exec", "--json")
    clodputer(home, "backup", f"{folder}/home.tar")
    clodputer(home, "export", "good", f"{folder}/good.task.json")
    Path(folder, "old.crontab").write_text(
        "0 3 * * * claude -p 'Look at it.'\n0 4 * * * ssh host claude -p x\n@daily true\n"
    )
    until(
        lambda: any(event["task"] == "long" for event in events(home, "started")),
        message="the long run never starts",
    )
    yield home
    enough.touch()
    going.communicate(timeout=100)


def _missed(entry: due.Entry) -> due.Entry:
    now = int(time())
    return entry._replace(fates=(Fate(due.MISSED, "too_late", now - 9000, now - 3600, 3, now - 60.0),))
