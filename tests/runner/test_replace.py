"""`overlap: replace`: a request of a trigger ends the run of its task and takes its place; nothing is lost or run twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from clodputer.model.request import Place
from clodputer.store.home import Home
from clodputer.store.spool import drop as drops
from clodputer.store.spool import layout, slot
from clodputer.store.spool.slot import Slot
from tests import stages
from tests.slots import HOUR, begin, cron_task, last_hour, set_back
from tests.system import execs
from tests.wait import until
from tests.workshop import clodputer, drop, events, everything, execute, make_home, records, start

# Ends at once when a slot time brought it in, and else only when it is stopped.
SCRIPT = """read origin
touch "$1/$origin"
[ "$origin" = cron ] || sleep 60"""


def replacing(home: Home, traces: Path, keys: str = "") -> None:
    traces.mkdir(exist_ok=True)
    script = SCRIPT.replace("$1", str(traces))
    more = 'prompt: "{{ request.origin.trigger }}\\n"\nstop_grace: 1s\n'
    cron_task(home, "work", "0 * * * *", "/bin/sh", "-c", script, more=more, keys=f", overlap: replace{keys}")


def ended_as(home: Home) -> list[str]:
    """How the runs of the task ended, by the time they began: outcome, reason, origin."""
    found = sorted(records(home, "work"), key=lambda record: str(record["run_id"]))
    return [f"{one['outcome']}/{one['reason']} {one['origin']['trigger']}" for one in found]


def assert_goes_on(home: Home) -> None:
    """No run ends while its exec looks twice whether one is to end."""
    with pytest.raises(AssertionError, match="the condition never held"):
        until(lambda: len(events(home, "finished")) > 0, timeout=2.5)


REPLACED, DONE = "cancelled/replaced spool", "succeeded/completed cron"


def test_the_newer_request_takes_the_place_of_the_run(home: Home, tmp_path: Path) -> None:
    """The alarm's exec drops it and leaves; the exec that runs the task ends that run and goes on with the request."""
    replacing(home, tmp_path / "traces")
    begin(home)
    drop(home, "by-hand.json", '{"task": "work"}')
    first = start(home, "exec")
    until((tmp_path / "traces" / "spool").exists)
    set_back(home, "work", last_hour() - 60)
    assert execute(home)["runs"] == []
    first.communicate(timeout=100)
    assert first.returncode == 0
    assert ended_as(home) == [REPLACED, DONE]
    assert everything(home) == {}
    [record, _] = sorted(records(home, "work"), key=lambda record: str(record["run_id"]))
    assert "takes its place (overlap: replace)" in record["message"]
    shown, _ = clodputer(home, "show", record["run_id"])
    assert "replaced: A newer request of the task took the place" in shown


@pytest.mark.parametrize("hold", ["all", "task"])
def test_on_hold_the_run_goes_on(home: Home, tmp_path: Path, hold: str) -> None:
    """What could not take its place ends no run."""
    replacing(home, tmp_path / "traces")
    begin(home)
    drop(home, "by-hand.json", '{"task": "work"}')
    first = start(home, "exec")
    until((tmp_path / "traces" / "spool").exists)
    name = {"all": "all", "task": "task.work"}[hold]
    Path(home.root, "holds").mkdir(exist_ok=True)
    Path(home.root, "holds", f"{name}.json").write_text('{"reason": "paused", "message": ""}')
    set_back(home, "work", last_hour() - 60)
    execute(home)
    assert drops.at_work(home, "work") == (True, True)
    assert_goes_on(home)
    Path(home.root, "holds", f"{name}.json").unlink()
    first.communicate(timeout=100)
    assert ended_as(home) == [REPLACED, DONE]


def test_an_older_request_replaces_nothing(home: Home, tmp_path: Path) -> None:
    """A person's run that came later, and first for its priority, goes on to its end."""
    replacing(home, tmp_path / "traces")
    begin(home)
    layout.make_lane(home, "default")
    origin = {"trigger": "cron", "overlap": "replace"}
    drops.drop_slot(home, "work", "20260101T000000.000Z", origin, None)
    Path(home.root, "holds").mkdir(exist_ok=True)
    Path(home.root, "holds", "all.json").write_text('{"reason": "paused", "message": ""}')
    execute(home)
    drop(home, "by-hand.json", '{"task": "work", "priority": 5, "origin": {"trigger": "startup"}}')
    execute(home)
    Path(home.root, "holds", "all.json").unlink()
    first = start(home, "exec")
    until((tmp_path / "traces" / "startup").exists)
    assert_goes_on(home)
    first.terminate()
    first.communicate(timeout=100)
    assert "replaced" not in " ".join(ended_as(home))


@pytest.mark.parametrize("dies", [False, True])
def test_in_a_lane_with_two_slots(home: Home, tmp_path: Path, dies: bool) -> None:
    """It waits in the other slot until the run has ended, or was settled after its exec died: the task never runs twice."""
    Path(home.config).write_text("lanes: {default: {slots: 2}}\n")
    replacing(home, tmp_path / "traces")
    begin(home)
    drop(home, "by-hand.json", '{"task": "work"}')
    first = start(home, "exec")
    until((tmp_path / "traces" / "spool").exists)
    if dies:
        os.kill(first.pid, signal.SIGSTOP)  # so that it cannot end the run before it is killed
    set_back(home, "work", last_hour() - 60)
    second = start(home, "exec")
    if dies:
        until(lambda: len(_claimed(home)) == 2)
        os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=100)
    second.communicate(timeout=100)
    assert second.returncode == 0
    assert ended_as(home) == ["lost/exec_died spool" if dies else REPLACED, DONE]
    running = 0
    for event in events(home):
        running += (event["event"] == "started") - (event["event"] == "finished")
        assert running <= 1
    assert list(everything(home)) == (["dead"] if dies else [])


def _claimed(home: Home) -> list[Place]:
    return [one for number in (0, 1) for one in [slot.content(home, Slot("default", number)).place] if one]


def test_a_waiting_request_stands_for_the_next(home: Home, tmp_path: Path) -> None:
    """And of several slot times that are due only the newest is run, whatever catch_up says."""
    replacing(home, tmp_path / "traces", keys=", catch_up: all")
    begin(home)
    set_back(home, "work", last_hour() - 3 * HOUR + 60)
    execute(home)
    assert ended_as(home) == [DONE]
    [event] = events(home, "coalesced")
    assert (event["count"], event["reason"]) == (2, "newer")


SHARDS = 4


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_every_step(tmp_path: Path, shard: int) -> None:
    """One exec runs a request, sees the one that replaces it, ends the run and runs that: killed anywhere, each ends once."""
    walked = 0

    def set_up(folder: Path) -> Home:
        home = make_home(folder)
        replacing(home, folder / "traces")
        execs.execute(home)
        return home

    for step, home in stages.at_each(range(1 + shard, 1000, SHARDS), tmp_path, set_up):
        drop(home, "by-hand.json", '{"task": "work", "created_at": "2026-01-01T00:00:00Z"}')
        origin = {"trigger": "cron", "overlap": "replace"}
        drops.drop_slot(home, "work", "20260101T000000.000Z", origin, None)
        killed, what = execs.kill_at(home, step)
        execs.run(home, "exec")
        assert_each_ended_once(home, f"step {step}: {what}")
        if not killed:
            break
        walked += 1
    assert walked >= 8, "the walk has dozens of steps"


def assert_each_ended_once(home: Home, step: str) -> None:
    found = Counter(ended_as(home))
    places = everything(home)
    lost = {one for one in found if one.startswith("lost/")}
    assert sum(found.values()) == 2, (step, found)
    assert len([one for one in found if one.endswith(" cron")]) == 1, (step, found)
    assert found[DONE] or "lost/exec_died cron" in lost, (step, found)
    assert found[REPLACED] or "lost/exec_died spool" in lost, (step, found)
    assert list(places) == (["dead"] if lost else []), (step, places)
    assert len(places.get("dead", ())) in (len(lost), 2 * len(lost)), (step, places)
