"""Many droppers and many execs at once: every request runs exactly once; and the last look is what makes it so."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

import pytest

from clodputer.runner.admission.taking import take_slots
from clodputer.runner.drain import run_queued, work
from clodputer.runner.intake.drops import intake
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.spool.drop import drop
from tests.workshop import command_task, environment, events, everything, make_home

FORK = multiprocessing.get_context("fork")


def set_up(folder: Path) -> tuple[Home, Mapping[str, str]]:
    """A home with a task that takes a millisecond."""
    home = make_home(folder)
    command_task(home, "blink", "/bin/true")
    return home, environment(home)


def one_look(context: Context, stop: Stop) -> None:
    """An exec that does not look again after releasing: the control, made of the same parts."""
    intake(context, time.time())
    for taken in take_slots(context, time.time()):
        run_queued(context, taken.slot, stop)
        taken.release()


class Race(NamedTuple):
    """What the droppers share.

    barrier: where they meet before and after each round. last_picks: how often an exec has come to its last pick. over: how
    many rounds the first of them is through with. stranded: how many requests the rounds have left behind.
    """

    barrier: Any
    last_picks: Any
    over: Any
    stranded: Any


def dropper(
    environ: Mapping[str, str], who: int, rounds: int, race: Optional[Race], run: Callable[..., Any]
) -> None:
    """Drop a request and run an exec, time and again, in step with the others or on one's own."""
    context = look(environ)
    if race:
        slow_disk(race, random.Random(who))
    with Stop() as stop:
        for number in range(rounds):
            if race:
                race.barrier.wait(100)
                if who:
                    wait_for_a_last_pick(race, number)
            drop(context.home, f"{who}-{number}.json", {"task": "blink"})
            run(context, stop)
            if race:
                if who == 0:
                    race.over.value = number + 1
                race.barrier.wait(100)
                if who == 0:  # the others wait for the next round to begin
                    race.stranded.value += sum(len(names) for names in everything(context.home).values())


def slow_disk(race: Race, chance: random.Random) -> None:
    """Let the listing of the last queue folder take some milliseconds in this process, and say that it has begun.

    What arrives meanwhile in a folder listed before is not seen by that pick: the window that the last look closes, held open.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "os.listdir" or not str(arguments[0]).endswith("/queue/1"):
            return
        # Every pick lists it; at the last one nothing is left of the priority that all requests here have.
        with os.scandir(f"{os.path.dirname(arguments[0])}/3") as left:
            is_last = next(left, None) is None
        if is_last:
            with race.last_picks.get_lock():
                race.last_picks.value += 1
            time.sleep(0.003 + chance.random() * 0.005)

    sys.addaudithook(hook)


def wait_for_a_last_pick(race: Race, number: int) -> None:
    """Until somebody's last pick in this round begins, so that our request arrives in the worst moment; or it is over."""
    before, give_up = race.last_picks.value, time.monotonic() + 100
    while race.last_picks.value == before and race.over.value <= number and time.monotonic() < give_up:
        time.sleep(0.0002)


def run_race(
    environ: Mapping[str, str], droppers: int, rounds: int, *, in_step: bool, run: Callable[..., Any]
) -> int:
    """All droppers at once, each to its end; how many requests the rounds left behind when all their execs had gone."""
    race = Race(FORK.Barrier(droppers), *(FORK.Value("i", 0) for _ in range(3)))
    processes = [
        FORK.Process(target=dropper, args=(environ, who, rounds, race if in_step else None, run))
        for who in range(droppers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(280)
    assert [process.exitcode for process in processes] == [0] * droppers
    return int(race.stranded.value)


def assert_each_ran_once(home: Home, count: int) -> None:
    """Every request has one run that succeeded, and none is anywhere else."""
    assert everything(home) == {}
    finished = Counter(event["request_id"] for event in events(home, "finished"))
    assert len(finished) == count
    assert set(finished.values()) == {1}
    assert {event["outcome"] for event in events(home, "finished")} == {"succeeded"}
    assert len(os.listdir(Path(home.runs, "blink"))) == count


@pytest.mark.slow
def test_fifty_droppers(tmp_path: Path) -> None:
    """50 processes drop 200 requests while their execs come and go: each is run exactly once."""
    home, environ = set_up(tmp_path)
    run_race(environ, 50, 4, in_step=False, run=work)
    assert_each_ran_once(home, 200)


@pytest.mark.slow
def test_four_droppers_in_step(tmp_path: Path) -> None:
    """4 droppers x 40 rounds: when a round's last exec has gone, none of its requests is left behind."""
    home, environ = set_up(tmp_path)
    assert run_race(environ, 4, 40, in_step=True, run=work) == 0
    assert_each_ran_once(home, 160)


@pytest.mark.slow
def test_without_the_last_look_some_are_stranded(tmp_path: Path) -> None:
    """The control: the same race of execs that look only once leaves some behind in most rounds; one more exec finds them."""
    home, environ = set_up(tmp_path)
    assert run_race(environ, 4, 25, in_step=True, run=one_look) > 3
    with Stop() as stop:
        work(look(environ), stop)
    assert_each_ran_once(home, 100)
