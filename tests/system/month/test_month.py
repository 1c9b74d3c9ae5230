"""A simulated month: a thousand requests, failures by dice, kills, a full disk, clocks that jump; nothing is lost or wrong.

CLODPUTER_MONTH is how many thousand requests there are, one without it; CLODPUTER_MONTH_SEED is the seed of the dice. The same
two numbers make the same month again but for the moments of kills, which the machine chooses.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, NamedTuple

import pytest

from tests.system.month import checker, reading, story
from tests.system.month.checker import Facts
from tests.system.month.simulate import Month, home_of
from tests.wait import until

# One worker lives through it for all of these tests.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("month")]

NUMBER = int(float(os.environ.get("CLODPUTER_MONTH", "1")) * 1000)
SEED = int(os.environ.get("CLODPUTER_MONTH_SEED", "11"))

# How a run may end by what its agent played, where that is not the reason of the same name.
REASONS = {
    "stray": ("completed",),
    "pruned": ("usage_limit",),
    # A second is all that these tries get, and a busy machine can be late.
    "stall": ("stall", "startup_hang"),
    # It may have come to its end before it is stopped.
    "no_progress": ("no_progress", "completed"),
}


class Lived(NamedTuple):
    """A month that is over."""

    root: Path
    facts: Facts
    month: Month
    left: list[str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """The month, lived once for all tests of this file."""
    folder = tmp_path_factory.mktemp("month")
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(folder / "person"))
    (folder / "person").mkdir()
    with patch.context(), home_of(folder, f"{64 + NUMBER // 5}m") as (home, disk):
        month = Month(folder, NUMBER, SEED)
        month.live(home, disk)
        left = reading.processes(home.root, str(month.clock.path), str(month.stage))
        yield Lived(Path(home.root), facts_of(month), month, left)
    patch.undo()


def facts_of(month: Month) -> Facts:
    """What the checker is told beside the home."""
    journal = (month.stage / "journal").read_text().splitlines()
    faults = month.stage / "faults"
    fates = {fate for kind in story.TASKS.values() for fate in kind.ends} | {"completed"}
    return Facts(
        drops={one.id: {"manual": "origin" in one.fields} for one in month.drops},
        tasks={name: _task(kind.keys) | {"lane": kind.lane} for name, kind in story.TASKS.items()},
        slots=story.SLOTS,
        lanes=story.LANES,
        everything=story.EVERYTHING,
        reasons={fate: REASONS.get(fate, (fate,)) for fate in fates},
        overshoot=max(story.COSTS),
        journal=tuple(tuple(line.split()) for line in journal),
        faults=tuple(faults.read_text().splitlines()) if faults.exists() else (),
    )


def _task(keys: dict[str, Any]) -> dict[str, Any]:
    """What a task allows; without a key, what docs/tasks.md says."""
    breaker = keys.get("breaker", {})
    hours = {"h": 3600.0, "m": 60.0}
    cooldown = breaker.get("cooldown", "1h")
    return {
        "max_attempts": keys.get("retry", {}).get("max_attempts", 5),
        "windows": keys.get("limit", {}).get("windows", 4),
        "threshold": breaker.get("threshold", 3),
        "cooldown": float(cooldown[:-1]) * hours[cooldown[-1]],
        "budget": keys.get("budget", {}),
    }


def test_every_promise_was_kept(lived: Lived) -> None:
    """Each request is accounted for once; attempts, budgets, slots, breakers and parked items held; no process is left."""
    assert checker.problems(lived.root, lived.facts) == []
    assert lived.left == []


def test_it_was_a_month_worth_living(lived: Lived) -> None:
    """All that may go wrong went wrong, or the other test shows nothing."""
    found = reading.read(lived.root)
    reasons = {record["reason"] for record in found.records.values()}
    asked_for = {
        reason for kind in story.TASKS.values() for fate in kind.ends for reason in REASONS.get(fate, (fate,))
    }
    missing = (asked_for | {"exec_died", "completed"}) - reasons
    assert len(missing) <= 4, missing
    waits = {event["reason"] for event in found.events if event["event"] == "delayed" and event.get("reason")}
    assert {"hold", "breaker", "budget"} <= waits
    assert {"recovered", "swept", "coalesced", "clock_back", "buried"} <= {
        event["event"] for event in found.events
    }
    assert lived.month.killed > 10
    assert lived.month.full or lived.month.disk is None


# Faults that are planted in what is on disk, each with words of what the checker must say of it.


def _record(lived: Lived, wanted: Callable[[dict[str, Any]], bool]) -> Path:
    return next(
        path
        for path in sorted(lived.root.glob("runs/*/*/record.json"))
        if wanted(json.loads(path.read_text()))
    )


def _succeeded(record: dict[str, Any]) -> bool:
    return bool(record["reason"] == "completed" and record["trigger"] == "spool")


def _changed(
    lived: Lived, wanted: Callable[[dict[str, Any]], bool] = _succeeded, **keys: Any
) -> Callable[[], None]:
    """A record with other values; undone by what is returned."""
    path = _record(lived, wanted)
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), **keys}))
    return lambda: void(path.write_text(before))


def void(_: object) -> None:
    """Drop a value."""


def _gone(lived: Lived, pattern: str) -> Callable[[], None]:
    path = min(lived.root.glob(pattern))
    before = path.read_bytes()
    path.unlink()
    return lambda: void(path.write_bytes(before))


def _put(path: Path, text: str = "{}") -> Callable[[], None]:
    path.write_text(text)
    return path.unlink


def _finished_request(lived: Lived) -> str:
    return _record(lived, _succeeded).parent.name.partition("-")[2]


def _logged(lived: Lived, **keys: Any) -> Callable[[], None]:
    """A line more in the log."""
    path = lived.root / "execution.log"
    before = path.read_bytes()
    last = json.loads(before.splitlines()[-1])
    line = {"timestamp": last["timestamp"], "task": None, "request_id": None, "run_id": None, **keys}
    path.write_bytes(before + json.dumps(line).encode() + b"\n")
    return lambda: void(path.write_bytes(before))


def _started(lived: Lived, task: str, number: int = 1) -> Callable[[], None]:
    undo = [
        _logged(
            lived,
            event="started",
            task=task,
            lane=story.TASKS[task].lane,
            request_id=f"extra-{one}",
            run_id=f"r-extra-{one}",
        )
        for one in range(number)
    ]
    return undo[0]


def _torn(lived: Lived) -> Callable[[], None]:
    path = lived.root / "execution.log"
    before = path.read_bytes()
    path.write_bytes(before[:-9])
    return lambda: void(path.write_bytes(before))


def _passed_breaker(lived: Lived) -> Callable[[], None]:
    """Three requests of a task fail one after the other, and a minute later a fourth is started."""
    undo = [
        _logged(
            lived,
            event="finished",
            task="mail",
            run_id=f"r-bad-{one}",
            outcome="failed",
            reason="exit_status",
        )
        for one in range(3)
    ]
    later = (
        reading.moment(json.loads((lived.root / "execution.log").read_bytes().splitlines()[-1])["timestamp"])
        + 60
    )
    at = datetime.fromtimestamp(later, timezone.utc).isoformat()
    request = next(one.id for one in lived.month.drops if "origin" not in one.fields)
    _logged(
        lived,
        event="started",
        task="mail",
        lane="reports",
        run_id="r-bad-3",
        request_id=request,
        timestamp=at,
    )
    return undo[0]


def _parked_before(lived: Lived) -> Callable[[], None]:
    """The first run about an item that had several is said to have parked it."""
    found = reading.read(lived.root)
    order = [event["run_id"] for event in found.events if event["event"] == "started"]
    about: dict[str, list[str]] = {}
    for run in order:
        if found.records.get(run, {}).get("item"):
            about.setdefault(f"{found.records[run]['task']} {found.records[run]['item']}", []).append(run)
    first = found.records[next(runs[0] for runs in about.values() if len(runs) > 1)]
    effects = [{"effect": "park", "item": first["item"]}]
    return _changed(lived, lambda record: bool(record["run_id"] == first["run_id"]), effects=effects)


PLANTED: dict[str, tuple[Callable[[Lived], Callable[[], None]], str]] = {
    "a request is lost": (lambda lived: _gone(lived, "runs/write/*/dropped.json"), "is in 0 places"),
    "a request is doubled": (
        lambda lived: _put(lived.root / "spool/new" / f"{_finished_request(lived)}.json"),
        "is in 2 places",
    ),
    "a request that nobody made": (
        lambda lived: _put(lived.root / "spool/new/alien.json"),
        "nobody asked for alien",
    ),
    "a record is lost": (lambda lived: _gone(lived, "runs/write/*/record.json"), "there is no record"),
    "a line of the log is torn": (_torn, "is torn"),
    "a failure is called a success": (
        lambda lived: _changed(lived, lambda record: record["reason"] == "exit_status", reason="completed"),
        "its agent played exit_status",
    ),
    "a run that never was": (
        lambda lived: _logged(
            lived, event="finished", task="write", run_id="x-ghost", outcome="failed", reason="timeout"
        ),
        "the log says that it ended",
    ),
    "a wrong cost": (lambda lived: _changed(lived, cost_usd=0.01), "its record says 0.01"),
    "an attempt too many": (lambda lived: _changed(lived, attempt=9), "attempt 9 of at most"),
    "an attempt left out": (
        lambda lived: _changed(lived, lambda record: record["attempt"] == 2, attempt=3),
        "attempt 3 after 1",
    ),
    "a chain that is broken": (
        lambda lived: _changed(lived, lambda record: bool(record["retry_of"]), retry_of="nothing"),
        "names nothing before it",
    ),
    "a budget of a day": (
        lambda lived: _changed(
            lived, lambda record: record["task"] == "careful" and _succeeded(record), cost_usd=4.0
        ),
        "budget of task careful",
    ),
    "a breaker that is passed": (_passed_breaker, "60 s after the breaker of mail had opened"),
    "a parked item that is tried": (_parked_before, "which was parked"),
    "two in one slot": (lambda lived: _started(lived, "write", 2), "lane default had 2 runs"),
    "a run without an end": (lambda lived: _started(lived, "mail"), "nothing tells of its end"),
    "a slot that is not left": (
        lambda lived: _put(
            lived.root / "spool/lanes/default/slot-0" / f"1.3.{_finished_request(lived)}.x.json"
        ),
        "is left in a slot",
    ),
    "a mark that is left": (
        lambda lived: _put(lived.root / "spool/lanes/default/slot-0/write@x.run"),
        "nobody asked for a stranger",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_checker_finds_what_is_planted(lived: Lived, fault: str) -> None:
    """Each corruption is found and named, so that its silence means something."""
    plant, words = PLANTED[fault]
    undo = plant(lived)
    try:
        said = checker.problems(lived.root, lived.facts)
    finally:
        undo()
    assert any(words in line for line in said), said


def test_a_process_that_is_left_is_found(lived: Lived) -> None:
    """By its environment, where nothing in its command tells."""
    environ = {"CLODPUTER_HOME": str(lived.root), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(["sleep", "600"], env=environ) as process:
        try:
            assert until(
                lambda: [
                    one for one in reading.processes(str(lived.root)) if one.startswith(f"{process.pid}:")
                ]
            )
        finally:
            process.kill()
