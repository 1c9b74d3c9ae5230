"""Many droppers and many execs at once: every request runs exactly once; and the last look is what makes it so."""

from __future__ import annotations

import multiprocessing
import os
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

    barrier: where they meet before and after each round. last_pick: the number of the round, from 1, in which the first of them
    has come to its last pick. gone: how many execs of the others have ended, in all rounds. stranded: how many requests the
    rounds have left behind.
    """

    barrier: Any
    last_pick: Any
    gone: Any
    stranded: Any


def dropper(
    environ: Mapping[str, str], who: int, rounds: int, race: Optional[Race], run: Callable[..., Any]
) -> None:
    """Drop a request and run an exec, time and again, in step with the others or on one's own."""
    context = look(environ)
    to_hold: list[int] = []
    if race and who == 0:
        slow_disk(race, to_hold)
    with Stop() as stop:
        for number in range(1, rounds + 1):
            if race:
                race.barrier.wait(100)
                if who == 0:
                    to_hold.append(number)
                else:
                    until(race.last_pick, number)
            drop(context.home, f"{who}-{number}.json", {"task": "blink"})
            run(context, stop)
            if race:
                if who:
                    with race.gone.get_lock():
                        race.gone.value += 1
                race.barrier.wait(100)
                if who == 0:  # the others wait for the next round to begin
                    race.stranded.value += sum(len(names) for names in everything(context.home).values())


def slow_disk(race: Race, to_hold: list[int]) -> None:
    """Let the first last pick of each round in `to_hold` take until others have dropped their requests and are gone again.

    What arrives meanwhile in a folder listed before is not seen by that pick: the window that the last look closes, held open.
    In every third round it takes all the others, so that none of them is left to find anything; in the rest of the rounds
    some come when the slot is released.
    """
    others = race.barrier.parties - 1

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not to_hold or event != "os.listdir" or not str(arguments[0]).endswith("/queue/1"):
            return
        # Every pick lists it; at the last one nothing is left of the priority that all requests here have.
        with os.scandir(f"{os.path.dirname(arguments[0])}/3") as left:
            is_last = next(left, None) is None
        if is_last:
            number = to_hold.pop()
            race.last_pick.value = number
            until(race.gone, number * others - number % others)

    sys.addaudithook(hook)


def until(counter: Any, least: int) -> None:
    """Return when the counter has come so far, which it soon has; but nobody waits for ever for another that has failed."""
    give_up = time.monotonic() + 100
    while counter.value < least and time.monotonic() < give_up:
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
