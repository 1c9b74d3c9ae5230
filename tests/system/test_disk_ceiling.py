"""A lane on hold while trees, runs or the disk are fuller than `disk_ceiling` allows, and going on when there is room."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import monotonic, time
from typing import Any

from clodputer.model.gates.ceiling import Ceiling
from clodputer.store import holds
from clodputer.store.files import sizes
from clodputer.store.holds import LANE, Hold, Target
from clodputer.store.home import Home
from clodputer.views.doctor import examine
from tests.system import execs
from tests.workshop import clodputer, command_task, drop, environment, events, records

DEFAULT = Target(LANE, "default")


def full(home: Home, **limits: str) -> Path:
    """A home whose trees take a megabyte; the file that does."""
    Path(home.config).write_text(json.dumps({"disk_ceiling": limits or {"trees": "500KB"}}))
    file = Path(home.trees, "work", "run", "file")
    file.parent.mkdir(parents=True)
    file.write_bytes(os.urandom(1024 * 1024))
    return file


def over(home: Home) -> None:
    """Let the hold be over, and what was measured be old, as in five minutes."""
    hold = holds.read_file(holds.path(home, DEFAULT), DEFAULT)
    assert hold is not None
    holds.place(home, DEFAULT, hold._replace(until=time() - 1))
    for path in Path(home.lanes).glob("*/delayed/*"):
        path.rename(path.with_name(f"{int(time() * 1e6) - 1}{path.name[16:]}"))


def data(home: Home, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(clodputer(home, *arguments, "--json")[0])["data"]
    return found


def test_a_lane_is_held_and_goes_on_when_there_is_room(home: Home) -> None:
    """Everything that speaks of the lane says why, and it is logged once."""
    file = full(home)
    command_task(home, "work", "true")
    command_task(home, "beside", "true", more="lane: beside\n")
    drop(home, "work")
    execs.execute(home)
    assert records(home, "work") == []
    placed = holds.current(home, [DEFAULT], time())
    assert placed is not None
    assert placed.hold.reason == "disk_ceiling"
    assert placed.hold.message.startswith("Worktrees take 1.0 MB of 500.0 KB")
    assert 200 < (placed.hold.until or 0) - time() < 301
    assert "disk_ceiling" in clodputer(home, "status")[0]
    assert "Worktrees take" in " ".join(clodputer(home, "why", "work")[0].split())
    assert [hold["reason"] for hold in data(home, "status")["holds"]] == ["disk_ceiling"]
    (finding,) = examine(environment(home), time(), ["disk-ceiling"])
    assert finding.message == "worktrees take 1.0 MB of 500.0 KB (disk_ceiling: trees): all lanes wait"
    over(home)
    execs.execute(home)
    assert records(home, "work") == []
    file.unlink()
    Path(home.cache, "sizes.json").unlink()
    over(home)
    execs.execute(home)
    assert [record["outcome"] for record in records(home, "work")] == ["succeeded"]
    assert [event["lane"] for event in events(home, "disk_full")] == ["default"]


def test_a_pause_of_a_person_stays(home: Home) -> None:
    """It lasts longer than the hold of a disk that is full."""
    full(home)
    command_task(home, "work", "true")
    pause = Hold("paused", "by me", time(), None)
    holds.place(home, DEFAULT, pause)
    drop(home, "work")
    execs.execute(home)
    placed = holds.current(home, [DEFAULT], time())
    assert placed is not None
    assert placed.hold.reason == "paused"
    assert events(home, "disk_full") == []


def test_another_lane_goes_on(home: Home) -> None:
    """A limit of a lane holds that lane alone."""
    Path(home.config).write_text("lanes: {tight: {disk_ceiling: {free: 1TB}}}\n")
    command_task(home, "one", "true", more="lane: tight\n")
    command_task(home, "two", "true")
    drop(home, "one")
    drop(home, "two")
    execs.execute(home)
    assert (records(home, "one"), len(records(home, "two"))) == ([], 1)
    assert [str(placed.target) for placed in holds.in_effect(home, time())] == ["lane.tight"]


def test_what_is_measured(home: Home, tmp_path: Path) -> None:
    """Only what is asked for, anew after a minute; a folder that is missing takes nothing."""
    file = full(home)
    found = sizes.measure(home, [Ceiling(trees=1, free=1)], 1000.0)
    assert found.runs is None
    assert 1024**2 <= (found.trees or 0) < 1.1 * 1024**2
    assert (found.free or 0) > 0
    file.unlink()
    assert sizes.measure(home, [Ceiling(trees=1)], 1050.0).trees == found.trees
    both = sizes.measure(home, [Ceiling(trees=1), Ceiling(runs=1)], 1050.0)
    assert (both.trees or 0) < 1024**2
    assert both.runs is not None
    Path(home.cache, "sizes.json").write_text('{"sizes": {"trees": "x", "runs": 1}, "at": 1050}')
    assert sizes.measure(home, [Ceiling(runs=1)], 1051.0).runs == both.runs
    assert sizes.total(str(tmp_path / "none"), monotonic() + 9) == (0, True)
    file.write_bytes(b"x" * 8192)
    size, whole = sizes.total(home.trees, monotonic() - 1)
    assert not whole
    assert size <= 8192 * 2
