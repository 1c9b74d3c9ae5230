"""Droppers, execs and cancellers at once: each request is run or cancelled, and never both or neither."""

from __future__ import annotations

import multiprocessing
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import cancel
from clodputer.store.context import look
from clodputer.store.spool import aside, find
from clodputer.store.spool.drop import drop
from tests.workshop import command_task, environment, events, everything, make_home, records

FORK = multiprocessing.get_context("fork")
DROPPERS, CANCELLERS, EACH = 8, 12, 40


def dropper(environ: Mapping[str, str], who: int, left: Any) -> None:
    """Drop requests, and run an exec after each few."""
    try:
        context = look(environ)
        with Stop() as stop:
            for number in range(EACH):
                drop(context.home, f"{who}-{number}.json", {"task": "blink"})
                if number % 5 == 4:
                    work(context, stop)
    finally:
        with left.get_lock():
            left.value -= 1


def canceller(environ: Mapping[str, str], who: int, left: Any) -> None:
    """Cancel one of the first that are there, as long as there are droppers: thus what others cancel, claim and move."""
    context, chance = look(environ), random.Random(who)
    while left.value:
        found = [one for one, _ in zip(find.everywhere(context.home), range(8))]
        if found:
            cancel.cancel(context, chance.choice(found), patience=5.0)


@pytest.mark.slow
def test_twenty_at_once(tmp_path: Path) -> None:
    """20 processes; afterwards each of the 320 requests is in exactly one place, with one end."""
    home = make_home(tmp_path)
    command_task(home, "blink", "/bin/true")
    environ = environment(home)
    left = FORK.Value("i", DROPPERS)
    processes = [FORK.Process(target=dropper, args=(environ, who, left)) for who in range(DROPPERS)]
    processes += [FORK.Process(target=canceller, args=(environ, who, left)) for who in range(CANCELLERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(280)
    assert [process.exitcode for process in processes] == [0] * len(processes)
    with Stop() as stop:
        work(look(environ), stop)
    assert everything(home) == {}
    names = [f"{who}-{number}.json" for who in range(DROPPERS) for number in range(EACH)]
    closed = [aside.read(home.closed, name).dropped_as for name in aside.names(home.closed)]
    ran = [record["origin"]["file"] for record in records(home, "blink")]
    assert Counter(closed + ran) == Counter(names)
    # Each kind came about, or nothing was shown; and the log tells of each that was closed, once.
    assert closed
    assert ran
    assert len(events(home, "cancelled")) == len(closed)
    # No reason tells of a request that was run after all.
    reasons = [path.name for path in Path(home.closed).glob("*.reason.json")]
    assert len(reasons) == len(closed)
