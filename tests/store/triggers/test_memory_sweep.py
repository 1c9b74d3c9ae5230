"""What triggers remember goes some time after their task, and nothing that they have found goes with it."""

from __future__ import annotations

import os
from pathlib import Path

from clodputer.store.home import Home
from clodputer.store.triggers import memory
from tests.workshop import make_home

DAY = 86400.0


def _remembered(home: Home, task: str, at: float) -> Path:
    place = Path(memory.folder(home, task))
    place.mkdir(parents=True)
    request = {"task": task}
    memory.write(str(place), "mark", {"seen": 1}, [("found.json", request)])
    for part in (*place.iterdir(), place):
        os.utime(part, (at, at))
    return place


def test_it_goes_after_its_task(tmp_path: Path) -> None:
    """Not that of a task which is there, nor of one that has just gone; requests that were found are delivered before."""
    home, now = make_home(tmp_path), 100 * DAY
    there = _remembered(home, "there", now - 30 * DAY)
    away = _remembered(home, "away", now - DAY)
    gone = _remembered(home, "gone", now - 30 * DAY)
    for _ in range(2):
        memory.sweep(home, {"there"}, now - 7 * DAY)
        assert [path.exists() for path in (there, away, gone)] == [True, True, False]
    (name,) = os.listdir(home.new)
    assert '"gone"' in Path(home.new, name).read_text()
