"""A lane with three slots: three runs at once and never more, nothing stranded, lost or run twice, however many are killed."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import slot
from clodputer.store.spool.drop import drop as drop_fields
from clodputer.store.spool.slot import Slot
from tests.slots import settle
from tests.system import execs
from tests.system.test_race import FORK, assert_each_ran_once, run_race
from tests.wait import until
from tests.workshop import (
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    records,
    start,
)

# Says that it began, and ends when it is let go.
WAITS = 'touch "$1/began-$$"; until [ -e "$1/go" ]; do sleep 0.02; done'


def home_with(folder: Path, slots: int) -> Home:
    """A home whose lane has so many slots."""
    home = make_home(folder)
    configure(home, slots)
    return home


def configure(home: Home, slots: int) -> None:
    """Give the lane so many slots."""
    Path(home.config).write_text(f"lanes:\n  default:\n    slots: {slots}\n")


def waiting_task(home: Home, folder: Path) -> Path:
    """A task whose runs last until the file `go` is there."""
    traces = folder / "traces"
    traces.mkdir()
    command_task(home, "waits", "/bin/sh", "-c", WAITS, "sh", str(traces))
    return traces


def began(traces: Path) -> int:
    """How many runs have begun."""
    return sum(name.startswith("began-") for name in os.listdir(traces))


def at_once(logged: list[dict[str, Any]]) -> int:
    """How many runs there were at the same time, by these lines of the log."""
    running, most = 0, 0
    for event in logged:
        running += (event["event"] == "started") - (event["event"] == "finished")
        most = max(most, running)
    return most


def test_one_exec_fills_the_slots(tmp_path: Path) -> None:
    """Five requests in a lane with three slots: three run at the same time, and the others when one of them has ended."""
    home = home_with(tmp_path, 3)
    traces = waiting_task(home, tmp_path)
    for number in range(5):
        drop(home, f"{number}.json", '{"task": "waits"}')
    process = start(home, "exec")
    until(lambda: began(traces) == 3)
    (traces / "go").touch()
    process.communicate(timeout=100)
    assert process.returncode == 0
    assert outcomes(home, "waits") == ["succeeded"] * 5
    assert at_once(events(home)) == 3
    assert everything(home) == {}


def test_two_execs_side_by_side(tmp_path: Path) -> None:
    """A second exec takes a second slot; a third finds none, and leaves at once."""
    home = home_with(tmp_path, 2)
    traces = waiting_task(home, tmp_path)
    processes = []
    for number in range(2):
        drop(home, f"{number}.json", '{"task": "waits"}')
        processes.append(start(home, "exec"))
        until(lambda: began(traces) == number + 1)  # noqa: B023  (called before the next round)
    assert [process.poll() for process in processes] == [None, None]
    drop(home, "late.json", '{"task": "waits"}')
    assert execute(home)["runs"] == []
    (traces / "go").touch()
    for process in processes:
        process.communicate(timeout=100)
    assert [process.returncode for process in processes] == [0, 0]
    assert outcomes(home, "waits") == ["succeeded"] * 3
    assert at_once(events(home)) == 2
    assert everything(home) == {}


def test_a_slot_that_the_lane_has_no_more(tmp_path: Path) -> None:
    """After a kill with three slots and a lane that has one from then on, each request comes to its end, and the folders go."""
    home = home_with(tmp_path, 3)
    traces = waiting_task(home, tmp_path)
    for number in range(4):
        drop(home, f"{number}.json", '{"task": "waits"}')
    process = start(home, "exec")
    until(lambda: began(traces) == 3)
    for one in slot.of_lane(home, "default"):
        content = slot.content(home, one)
        os.kill(int(slot.holder(home, one, content.task, content.run_id).split()[0]), signal.SIGKILL)
    process.kill()
    process.communicate()
    configure(home, 1)
    (traces / "go").touch()
    execute(home)
    assert Counter(outcomes(home, "waits")) == Counter({"lost": 3, "succeeded": 1})
    assert list(everything(home)) == ["dead"]
    execute(home, "--task", "waits")
    assert slot.of_lane(home, "default") == [Slot("default", 0)]


@pytest.mark.slow
def test_droppers_in_step(tmp_path: Path) -> None:
    """6 droppers x 20 rounds and three slots: when a round's last exec has gone, none of its requests is left behind."""
    home = home_with(tmp_path, 3)
    command_task(home, "blink", "/bin/true")
    assert run_race(environment(home), 6, 20, in_step=True, run=work) == 0
    assert_each_ran_once(home, 120)
    assert 1 < at_once(events(home)) <= 3


def restless(home: Home, who: int, rounds: int) -> None:
    """Drop a request and run an exec, time and again, until we are killed."""
    context = look(environment(home))
    with Stop() as stop:
        for number in range(rounds):
            drop_fields(home, f"{who}-{number}.json", {"task": "blink", "id": f"of-{who}-{number}"})
            work(context, stop)


@pytest.mark.slow
def test_killed_at_random(tmp_path: Path) -> None:
    """Execs are killed time and again while they share three slots: each request ends once, and none is left behind."""
    home = home_with(tmp_path, 3)
    # Runs that are lost to a kill say nothing against the task.
    command_task(home, "blink", "/bin/true", more="breaker: {threshold: 0}\n")
    chance = random.Random(7)
    for generation in range(6):
        processes = [
            FORK.Process(target=restless, args=(home, generation * 10 + who, 15)) for who in range(6)
        ]
        before = len(outcomes(home, "blink"))
        for process in processes:
            process.start()
        # Each generation has come to something, however busy the machine is.
        until(lambda: len(outcomes(home, "blink")) > before)  # noqa: B023  (called before the next round)
        time.sleep(chance.random())  # the moment of the kill is what varies
        for process in processes:
            if process.pid is not None:
                kill_tree(process.pid)
        for process in processes:
            process.join(100)
    for _ in range(3):  # what a kill left in a lock's last instant is found by the next one
        execute(home)
    places = everything(home)
    dead = places.pop("dead", [])
    assert places == {}
    ended = Counter(record["request_id"] for record in records(home, "blink"))
    assert set(ended.values()) == {1}
    assert len(ended) >= 6
    lost = {record["request_id"] for record in records(home, "blink") if record["outcome"] == "lost"}
    assert {name.split(".")[0] for name in dead} >= lost
    # A request that was taken in by an exec killed before it could say so is not in the log.
    queued = {event["request_id"] for event in events(home, "queued")}
    assert queued <= set(ended) | {name.split(".")[0] for name in dead}


def kill_tree(pid: int) -> None:
    """Kill an exec, and those that it forked for its slots, wherever they are; their agents end by themselves."""
    import psutil

    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for process in (psutil.Process(pid), *children):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


@pytest.mark.slow
def test_killed_at_every_step(tmp_path: Path) -> None:
    """Three requests and three slots, the exec killed before each step of its own: all come to their end, none twice."""
    finished = 0
    for step in range(1, 400):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = home_with(folder, 3)
        command_task(home, "work", sys.executable, "-c", "")
        settle(home, "work")
        execs.run(home, "validate")
        for number in range(3):
            drop(home, f"{number}.json", f'{{"task": "work", "id": "three-{number}"}}')
        what = execs.call(home, "exec", step=step).stdout
        execs.run(home, "exec")
        # The processes of the slots outlive the one that is killed, and go on; whichever comes last finds what is left.
        until(lambda: not any(place.startswith("default/slot") for place in everything(home)))  # noqa: B023
        execs.run(home, "exec")
        ended = Counter(record["request_id"] for record in records(home, "work"))
        assert ended == Counter({f"three-{number}": 1 for number in range(3)}), f"step {step}: {what}"
        assert set(everything(home)) <= {"dead"}, f"step {step}: {what}: {everything(home)}"
        finished = step
        if "killed" not in what:
            break
    assert finished > 10


def same_again(home: Home, who: int, rounds: int) -> None:
    """Drop what others drop too, and run an exec, time and again."""
    context = look(environment(home))
    with Stop() as stop:
        for number in range(rounds):
            drop_fields(
                home,
                f"{who}-{number}.json",
                {"task": "blink", "id": "same-id", "created_at": "2026-01-01T00:00:00Z"},
            )
            work(context, stop)


@pytest.mark.slow
def test_many_drops_with_one_id(tmp_path: Path) -> None:
    """However many bear one id and moment, none takes the place of another: each file is run once."""
    home = home_with(tmp_path, 3)
    command_task(home, "blink", "/bin/true")
    processes = [FORK.Process(target=same_again, args=(home, who, 20)) for who in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * 6
    assert everything(home) == {}
    files = Counter(record["origin"]["file"] for record in records(home, "blink"))
    assert files == Counter({f"{who}-{number}.json": 1 for who in range(6) for number in range(20)})
