"""SIGKILL at every step of a look at a watched folder, and of the intake after it: each file becomes one request."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Optional

import pytest

from clodputer.runner.intake.drops import intake
from clodputer.store.context import look
from clodputer.store.triggers import memory
from tests.killing import count_steps, killed_at
from tests.runner.watched import Watched
from tests.workshop import environment, everything

# Every so many steps the next exec is killed as well; begun one later each time, so that all of them have their turn.
APART = 32
FILES = [f"f{number}" for number in range(3)]


def look_and_take_in(watched: Watched, later: float) -> None:
    """Do what an exec does of it."""
    watched.look(later)
    intake(watched.context, time.time())


def killed(watched: Watched, step: int, later: float = 10.0) -> bool:
    """Do what an exec does of it, to be killed before its N-th step; whether that was killed. 0: never."""
    return killed_at(step, partial(look_and_take_in, watched, later))


def queued(watched: Watched) -> Counter[tuple[str, str, int]]:
    """How many requests there are for each (file, event, size), wherever they lie; all of them were taken in."""
    found: Counter[tuple[str, str, int]] = Counter()
    for place, names in everything(watched.home).items():
        assert place == "default/queue/3", f"{names} in {place}"
        for name in names:
            file = json.loads(Path(watched.home.lanes, place, name).read_text())["context"]["file"]
            found[file["name"], file["event"], file["size"]] += 1
    return found


def set_up(folder: Path) -> Watched:
    """One known file that was modified, and some new ones."""
    folder.mkdir()
    watched = Watched(folder)
    watched.put("known")
    watched.look()
    watched.dropped()
    watched.put("known", "modified")
    for name in FILES:
        watched.put(name)
    return watched


EXPECTED = Counter({("known", "modified", 8): 1, **{(name, "created", 4): 1 for name in FILES}})


def steps_until_done(tmp_path: Path) -> int:
    """How many steps there are."""
    return count_steps(partial(look_and_take_in, set_up(tmp_path / "count"), 10.0))


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(2))
def test_killed_at_every_step_and_again_at_any(tmp_path: Path, shard: int) -> None:
    """Whatever was done when we were killed, and whatever of it the next exec did: each change ends as one request."""
    last = steps_until_done(tmp_path)
    assert last > 20, "a look and an intake have dozens of steps"
    once = both = 0
    for first in range(1 + shard, last + 1, 2):
        for second in range(first % APART, last + 1, APART):
            watched = set_up(tmp_path / f"{first}-{second}")
            # A look has a step more when the task file was too young to be kept in the cache, so the last one may be none.
            once += killed(watched, first)
            both += killed(watched, second)
            killed(watched, 0)
            assert queued(watched) == EXPECTED, f"killed before step {first}, then before step {second}"
            place = memory.folder(watched.home, "work")
            (state,) = [
                name
                for name in os.listdir(place)
                if name != memory.LOCK and not name.endswith(memory.LOOKING)
            ]
            assert os.listdir(f"{place}/{state}") == [memory.FILE]
    assert once >= both > last / 2


@pytest.mark.slow
def test_changed_after_the_kill(tmp_path: Path) -> None:
    """A file that changes, and one that goes, between the kill and the next exec: each settled version at most once."""
    last, deaths = steps_until_done(tmp_path), 0
    for step in range(1, last + 1):
        watched = set_up(tmp_path / str(step))
        deaths += killed(watched, step)
        watched.put("f0", "changed again")
        Path(watched.inbox, "f1").unlink()
        killed(watched, 0)
        found = queued(watched)
        assert set(found.values()) == {1}, step
        assert found["f0", "modified", 13] + found["f0", "created", 13] == 1, step
        assert {name for name, _, _ in found} >= {"known", "f0", "f2"}, step
        if ("f0", "created", 4) in found:
            assert ("f0", "modified", 13) in found, step
    assert deaths >= last - 1


@pytest.mark.slow
def test_killed_while_files_are_written(tmp_path: Path) -> None:
    """Looks killed at each step while the files were not yet quiet lose none of them."""
    watched: Optional[Watched] = None
    for step in range(1, 12):
        watched = set_up(tmp_path / str(step))
        killed(watched, step, later=0.1)
        killed(watched, 0, later=0.2)
        assert queued(watched) == Counter()
        killed(watched, 0)
        assert queued(watched) == EXPECTED
    assert watched is not None


@pytest.mark.slow
def test_thousands_of_files_at_once(tmp_path: Path) -> None:
    """Each is dropped and taken in once, in time that grows with their number and no faster; the next look finds nothing."""

    def handled(name: str, number: int) -> float:
        (tmp_path / name).mkdir()
        watched = Watched(tmp_path / name, pattern="**")
        # So many would fill the queue, and the second look would not be made.
        Path(watched.home.config).write_text("lanes: {default: {queue_limit: 100000}}\n")
        watched.context = look(environment(watched.home))
        for one in range(number):
            watched.put(f"d{one % 7}/{one}")
        began = time.process_time()
        watched.look()
        taken = intake(watched.context, time.time())
        spent = time.process_time() - began
        assert taken.queued == number
        assert len(queued(watched)) == number
        assert watched.look() is None
        assert os.listdir(watched.home.new) == []
        return spent

    # Ten times as many cost ten times as much; a walk over all of them for each of them would cost a hundred times as much.
    few = handled("few", 400)
    assert handled("many", 4_000) < 30 * few
