"""What the doctor says of the spool."""

from __future__ import annotations

import os
from pathlib import Path
from time import time

import pytest

from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store import holds
from clodputer.store.holds import Hold, Target
from clodputer.store.home import Home
from clodputer.store.spool import layout, slot
from clodputer.store.spool.slot import Slot
from clodputer.views.doctor.home import spool
from tests.doctoring import facts, one
from tests.workshop import command_task, drop

HOUR, DAY = 3600.0, 86400.0


def queued(home: Home, task: str, age: float, part: str = "queue/3", lane: str = "default") -> Path:
    """A request as intake leaves it, `age` seconds old."""
    layout.make_lane(home, lane)
    path = Path(layout.lane(home, lane), part, f"{int((time() - age) * 1e6):016d}.3.abc123.{task}")
    path.touch()
    return path


def test_drops_that_nobody_takes_in(home: Home) -> None:
    drop(home, "hello")
    Path(home.new, ".DS_Store").touch()
    one(spool.new(facts(home)), "ok")
    found = one(spool.new(facts(home, now=time() + 61)), "problem")
    assert "1 file" in found.message
    assert "clodputer install" in found.remedy


def test_leftovers(home: Home) -> None:
    one(spool.tmp(facts(home)), "ok")
    Path(home.tmp, "half.json").touch()
    one(spool.tmp(facts(home, now=time() + DAY - 60)), "ok")
    found = one(spool.tmp(facts(home, now=time() + DAY + 60)), "note")
    assert found.fix is not None
    assert found.fix.paths == (f"{home.tmp}/half.json",)
    Path(home.tmp, "half.json").unlink()
    Path(home.tmp, "folder").mkdir()
    assert one(spool.tmp(facts(home, now=time() + DAY + 60)), "note").fix is None


def test_what_nobody_will_run(home: Home) -> None:
    """A request that was put into the queue instead of `new/` bears no name of ours, and is passed over for ever."""
    command_task(home, "hello", "true")
    queued(home, "hello", 60)
    queued(home, "hello", -HOUR, "delayed")
    assert one(spool.queue(facts(home)), "ok").message == "1 request waiting, 1 for a time to come"
    folder = f"{layout.lane(home, 'default')}/queue"
    Path(folder, "3", "mine.json").touch()
    Path(folder, "other.json").touch()
    found = one(spool.queue(facts(home)), "problem")
    assert "queue/3/mine.json" in found.message
    assert "queue/other.json" in found.message


def test_requests_of_tasks_that_are_gone(home: Home) -> None:
    command_task(home, "hello", "true")
    queued(home, "hello", 60)
    queued(home, "gone", 60)
    found = one(spool.queue(facts(home)), "note")
    assert "1 request in lane default" in found.message
    assert "task gone" in found.message


@pytest.mark.parametrize("part", ["queue/3", "delayed"])
def test_a_request_that_nobody_runs(home: Home, part: str) -> None:
    """It could have been run long ago: the lane is free, and not on hold."""
    command_task(home, "hello", "true")
    queued(home, "hello", HOUR, part)
    found = one(spool.queue(facts(home)), "problem")
    assert "for 1h" in found.message
    holds.place(home, Target("lane", "default"), Hold("usage_limit", "", None, time() + HOUR))
    one(spool.queue(facts(home)), "ok")
    holds.lift(home, Target("lane", "default"))
    slot.mark(home, Slot("default", 0), "hello", "20261121T000000.000Z-abc123")
    one(spool.queue(facts(home)), "ok")


def test_a_run_that_was_left_behind(home: Home) -> None:
    """Something in the slot is a run at work as long as the process that its mark names is alive; no lock is tried."""
    one(spool.slots(facts(home)), "ok")
    me = tree.identity(os.getpid())
    assert me is not None
    slot.mark(home, Slot("default", 0), "hello", "20261121T000000.000Z-abc123", recorded.written(me))
    one(spool.slots(facts(home)), "ok")
    assert not Path(layout.lane(home, "default"), "slot-0.lock").exists()
    slot.mark(
        home,
        Slot("default", 0),
        "hello",
        "20261121T000000.000Z-abc123",
        recorded.written(me._replace(started="0")),
    )
    found = one(spool.slots(facts(home)), "problem")
    assert "run 20261121T000000.000Z-abc123 of task hello" in found.message
    assert found.fix is not None
    assert slot.lock(home, Slot("default", 0)).acquire()


def test_a_request_that_was_claimed_and_left(home: Home) -> None:
    """It is marked within milliseconds of its claim; one that is not after seconds was left by an exec that died."""
    queued(home, "hello", 60, "slot-0")
    one(spool.slots(facts(home)), "ok")
    later = facts(home)._replace(now=time() + 10)
    assert "3.abc123.hello" in one(spool.slots(later), "problem").message


def test_what_was_put_aside(home: Home) -> None:
    one(spool.aside(facts(home)), "ok")
    for folder, names in (
        (home.rejected, ("a.json", "a.json.reason.json")),
        (home.dead, ("b", "c", "b.reason.json")),
    ):
        for name in names:
            Path(folder, name).touch()
    rejected, dead = spool.aside(facts(home))
    assert rejected.level == dead.level == "note"
    assert "1 request rejected" in rejected.message
    assert "2 requests given up" in dead.message


def test_holds(home: Home) -> None:
    """One with an end lifts itself; one without is a problem as soon as something waits behind it."""
    command_task(home, "hello", "true")
    one(spool.holds(facts(home)), "ok")
    holds.place(home, Target("lane", "default"), Hold("usage_limit", "", None, time() + HOUR))
    one(spool.holds(facts(home)), "ok")
    holds.place(home, Target("lane", "default"), Hold("paused", "by Ada", None, None))
    assert "(paused: by Ada)" in one(spool.holds(facts(home)), "note").message
    queued(home, "hello", 60)
    found = one(spool.holds(facts(home)), "problem")
    assert "1 request" in found.message
    assert found.remedy == "To let it go on: clodputer resume --lane default"


@pytest.mark.parametrize(
    ("target", "number"),
    [("all", 2), ("lane.default", 2), ("lane.other", 0), ("task.hello", 1), ("task.x", 0)],
)
def test_holds_of_each_scope(home: Home, target: str, number: int) -> None:
    """What waits behind a hold is counted by what it holds."""
    scope, _, name = target.partition(".")
    command_task(home, "hello", "true")
    queued(home, "hello", 60)
    queued(home, "bye", 60)
    holds.place(home, Target(scope, name), Hold("paused", "", None, None))
    found = one(spool.holds(facts(home)), "problem" if number else "note")
    assert not number or f"{number} request" in found.message


def test_holds_that_nobody_can_read(home: Home) -> None:
    """A damaged one is a problem although nothing waits; so is a file whose name holds nothing."""
    Path(holds.path(home, Target("task", "hello"))).write_text("{")
    assert "cannot be read" in one(spool.holds(facts(home)), "problem").message
    holds.lift(home, Target("task", "hello"))
    Path(home.holds, "lane-default.json").touch()
    assert "lane-default.json" in one(spool.holds(facts(home)), "problem").message
