"""A home with something of everything, for tests of the commands with which a person sees what is there."""

from __future__ import annotations

import json
from pathlib import Path
from time import time

from clodputer.model.schedules.due import MISSED, Entry
from clodputer.model.triggers.decision import Fate
from clodputer.store import holds
from clodputer.store.home import Home
from clodputer.store.spool import layout
from clodputer.store.triggers import ledger
from tests.workshop import command_task, drop, execute, make_home, write_task


def busy_home(folder: Path) -> Home:
    """Tasks of each kind, runs, requests in each place, a hold, a missed slot time, a broken file."""
    home = make_home(folder)
    command_task(
        home,
        "good",
        "/bin/true",
        more="trigger: [{type: cron, schedule: '0 8 * * mon-fri', timezone: Europe/Berlin}]\n",
    )
    command_task(
        home,
        "bad",
        "/bin/false",
        more="trigger: {type: interval, every: 2h, active: {hours: '08:00-20:00'}}\n",
    )
    command_task(home, "off", "/bin/true", more="enabled: false\n")
    command_task(home, "held", "/bin/true", more="lane: later\n")
    write_task(home, "broken", "agent: nobody\ncomand: [x]\n")
    for name in ("good", "bad"):
        drop(home, name)
    drop(home, "wrong.json", '{"tsk": "good"}')
    drop(home, "dead.json", '{"task": "good", "id": "dead-1234", "expires_at": "2020-01-01T00:00:00Z"}')
    execute(home)
    fate = Fate(MISSED, "too_late", int(time()) - 7200, int(time()) - 7200, 1, time() - 60)
    ledger.write(home, "good", 0, Entry("an older schedule", time(), fates=(fate,)))
    drop(home, "1.json", json.dumps({"task": "held", "id": "held-0001"}))
    execute_nothing(home)
    drop(
        home, "2.json", json.dumps({"task": "held", "id": "held-0002", "not_before": "2099-01-01T00:00:00Z"})
    )
    drop(home, "3.json", json.dumps({"task": "held", "id": "held-0003", "priority": 5}))
    execute(home)
    drop(home, "last.json", json.dumps({"task": "held"}))
    return home


def execute_nothing(home: Home) -> None:
    """Put the lane on hold, so that what is dropped next waits."""

    layout.make_lane(home, "later")
    holds.place(home, holds.Target("lane", "later"), holds.Hold("pause", "Somebody paused it.", None, None))
