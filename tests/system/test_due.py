"""Real execs of scheduled tasks, with a ledger that was set back: each slot time leads to one run, or is told as missed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.store import boot
from clodputer.store.home import Home
from clodputer.store.spool import drop as drops
from clodputer.store.triggers import ledger
from tests.slots import DAY, HOUR, begin, cron_task, forget_looks, last_hour, set_back, settle, told
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    records,
    start,
)

pytestmark = pytest.mark.slow


def slot_times(home: Home, task: str) -> list[str]:
    return [record["origin"]["slot_time"] for record in records(home, task)]


@pytest.mark.parametrize("arguments", [(), ("--task", "work")])
def test_a_slot_time_is_run_once(home: Home, arguments: tuple[str, ...]) -> None:
    """By the alarm of the task as well as by the sweep, and however many alarms there are."""
    cron_task(home, "work", "0 * * * *")
    begin(home)
    slot = last_hour()
    set_back(home, "work", slot - 60)
    assert len(execute(home, *arguments)["runs"]) == 1
    for _ in range(2):
        forget_looks(home)
        assert execute(home, *arguments)["runs"] == []
    assert slot_times(home, "work") == [told(slot)]
    assert records(home, "work")[0]["trigger"] == "cron"
    assert everything(home) == {}


def test_alarms_side_by_side(home: Home) -> None:
    """Ten execs at once make one run."""
    cron_task(home, "work", "0 * * * *", "/bin/sleep", "0.1")
    begin(home)
    set_back(home, "work", last_hour() - 60)
    processes = [start(home, "exec", *(("--task", "work") if number % 2 else ())) for number in range(10)]
    assert [process.communicate(timeout=100)[1] for process in processes] == [""] * 10
    assert len(records(home, "work")) == 1
    assert everything(home) == {}


def test_nothing_old_runs_at_first(home: Home) -> None:
    """Neither when the task is new nor when its schedule is another one."""
    cron_task(home, "work", "0 * * * *")
    begin(home)
    set_back(home, "work", time() - 10 * HOUR)
    cron_task(home, "work", "30 * * * *", keys=", catch_up: all")
    assert execute(home)["runs"] == []
    assert events(home, "missed") == []


def test_what_was_missed_is_told(home: Home) -> None:
    """In the log, by `why` and by `show`, with the reason and the number."""
    cron_task(home, "work", "0 * * * *")
    begin(home)
    slot = last_hour()
    set_back(home, "work", slot - 3 * DAY + 60)
    execute(home)
    (missed,) = events(home, "missed")
    (coalesced,) = [event for event in events(home, "coalesced") if "slot_time" in event]
    assert (missed["reason"], missed["slot_time"]) == ("too_late", told(slot - 3 * DAY + HOUR))
    assert coalesced["reason"] == "newer"
    assert missed["count"] + coalesced["count"] + len(records(home, "work")) == 72
    for command in ("why", "show"):
        text, _ = clodputer(home, command, "work")
        assert f"missed {missed['count']} from " in text
        assert "within max_late" in text


def test_catch_up_all_runs_each(home: Home) -> None:
    """In their order."""
    cron_task(home, "work", "0 * * * *", keys=", catch_up: all")
    begin(home)
    slot = last_hour()
    set_back(home, "work", slot - 3 * HOUR + 60)
    execute(home)
    assert slot_times(home, "work") == [told(slot - 2 * HOUR), told(slot - HOUR), told(slot)]


def test_a_disabled_task_misses_its_slot_times(home: Home) -> None:
    """With a line that says so, and nothing runs once it is enabled."""
    cron_task(home, "work", "0 * * * *", more="enabled: false\n")
    begin(home)
    set_back(home, "work", last_hour() - 60)
    execute(home)
    assert [event["reason"] for event in events(home, "missed")] == ["disabled"]
    cron_task(home, "work", "0 * * * *")
    assert execute(home)["runs"] == []


def test_a_hold_keeps_one_request(home: Home) -> None:
    """The first slot time waits for the end of the hold, the next ones are one with it."""
    cron_task(home, "work", "0 * * * *")
    begin(home)
    slot = last_hour()
    hold = Path(home.holds, "lane.default.json")
    hold.write_text('{"reason": "pause", "message": "later", "until": null}')
    set_back(home, "work", slot - 2 * HOUR - 60)
    assert execute(home)["runs"] == []
    set_back(home, "work", slot - 60)
    assert execute(home)["runs"] == []
    assert [event["reason"] for event in events(home, "coalesced")][-1] == "held"
    text, _ = clodputer(home, "why", "work")
    assert "a request of it waits, and its lane default is on hold until it is lifted (pause)" in text
    hold.unlink()
    assert len(execute(home)["runs"]) == 1


def test_overlap_skip_misses_while_it_runs(home: Home, tmp_path: Path) -> None:
    """A slot time that comes while the task runs is missed, and a run by hand counts as one."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    cron_task(home, "work", "0 * * * *", "/bin/sh", "-c", f"cat {gate}", keys=", overlap: skip")
    begin(home)
    drop(home, "work")
    running = start(home, "exec")
    until(lambda: any("@" in name for name in os.listdir(f"{home.lanes}/default/slot-0")))
    until(lambda: events(home, "started"))
    set_back(home, "work", last_hour() - 60)
    assert execute(home, "--task", "work")["runs"] == []
    gate.write_text("done")
    running.communicate(timeout=100)
    assert [event["reason"] for event in events(home, "missed")] == ["overlap"]
    assert len(records(home, "work")) == 1


def test_two_triggers_of_one_task_at_the_same_moment_run_once(home: Home) -> None:
    """As the two halves of an either-or that a scheduler cannot express."""
    trigger = "trigger: [{type: cron, schedule: 0 * * * *, timezone: UTC}, {type: interval, every: 1h, overlap: queue}]\n"
    command_task(home, "work", "/bin/true", more=trigger)
    settle(home, "work")
    begin(home)
    slot = last_hour()
    for index in range(2):
        set_back(home, "work", slot - 60, index)
    execute(home)
    assert slot_times(home, "work") == [told(slot)]


def test_a_single_moment_runs_once(home: Home) -> None:
    moment = last_hour()
    command_task(home, "work", "/bin/true", more=f"trigger: {{type: at, time: '{told(moment)}'}}\n")
    settle(home, "work")
    begin(home)
    set_back(home, "work", moment - 60)
    execute(home)
    forget_looks(home)
    execute(home)
    assert slot_times(home, "work") == [told(moment)]
    assert "is never due again" in clodputer(home, "why", "work")[0]


@pytest.mark.skipif(not boot.quick(), reason="this system tells its boots apart in another way")
def test_a_start_of_the_computer_runs_once(home: Home) -> None:
    """The boot in which the task is first seen does not count; the next one does, noticed by the sweep too."""
    command_task(home, "work", "/bin/true", more="trigger: {type: startup}\n")
    settle(home, "work")
    begin(home)
    entry = ledger.read(home, "work", 0)
    assert entry is not None
    ledger.write(home, "work", 0, entry._replace(boot="an earlier one"))
    (noted,) = Path(home.ledger, "next").iterdir()
    noted.rename(str(noted).replace(boot.quick().replace("-", ""), "anearlierone"))
    assert len(execute(home)["runs"]) == 1
    forget_looks(home)
    assert execute(home)["runs"] == []
    assert records(home, "work")[0]["origin"]["trigger"] == "startup"


def test_an_alarm_for_a_manual_task_is_its_trigger(home: Home) -> None:
    """`exec --task` of a task without a schedule runs it each time."""
    command_task(home, "work", "/bin/true")
    for count in (1, 2):
        execute(home, "--task", "work")
        assert len(records(home, "work")) == count


def test_a_task_that_comes_back_begins_anew(home: Home) -> None:
    """The ledger forgets a task whose file is gone, and a trigger that was taken out."""
    cron_task(home, "work", "0 * * * *")
    cron_task(home, "other", "0 * * * *")
    begin(home)
    set_back(home, "work", time() - 5 * HOUR)
    set_back(home, "other", time() - 5 * HOUR)
    os.rename(f"{home.tasks}/work.yaml", f"{home.tasks}/work.away")
    command_task(home, "other", "/bin/true")
    execute(home)
    os.rename(f"{home.tasks}/work.away", f"{home.tasks}/work.yaml")
    cron_task(home, "other", "0 * * * *")
    assert execute(home)["runs"] == []


def test_a_broken_task_is_no_trouble_of_the_others(home: Home) -> None:
    cron_task(home, "work", "0 * * * *")
    cron_task(home, "broken", "0 * * * *")
    begin(home)
    Path(home.tasks, "broken.yaml").write_text("prompt: [")
    set_back(home, "work", last_hour() - 60)
    assert len(execute(home)["runs"]) == 1


def test_dedupe_keys_do_not_pile_up(home: Home) -> None:
    """With the requests of a slot time the key of the one before is taken back."""
    cron_task(home, "work", "0 * * * *")
    begin(home)
    earlier = "20200101T000000.000Z"
    key = drops.slot_key("work", earlier)
    drops.answer(home, drops.Entry(key, "abcd", 0.0, drops.SLOT_TTL, drops.slot_name("work", earlier), 1))
    entry = ledger.read(home, "work", 0)
    assert entry is not None
    ledger.write(home, "work", 0, entry._replace(last=(earlier,)))
    set_back(home, "work", last_hour() - 60)
    assert len(execute(home)["runs"]) == 1
    assert drops.entry(home, key) is None
    assert len(os.listdir(home.dedupe)) == 1


def test_why_in_json(home: Home) -> None:
    """The same facts for programs."""
    cron_task(home, "work", "0 8 * * *", keys=", jitter: 10m")
    begin(home)
    data = json.loads(clodputer(home, "why", "work", "--json")[0])["data"]
    assert data["triggers"][0]["next_slot_time"].endswith("T08:00:00+00:00")
    assert (data["enabled"], data["waiting"], data["running"], data["last_run"]) == (True, False, False, None)
