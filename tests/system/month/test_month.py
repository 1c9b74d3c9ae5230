"""A simulated month: a thousand requests, failures by dice, kills, a full disk, clocks that jump; nothing is lost or wrong.

CLODPUTER_MONTH is how many thousand requests there are, one without it; CLODPUTER_MONTH_SEED is the seed of the dice. The same
two numbers make the same month again but for the moments of kills, which the machine chooses.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.system.month import checker, reading, story
from tests.system.month.facts import Facts
from tests.system.month.planted import PLANTED, Lived
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
    # It may have come to its end before it is stopped.
    "no_progress": ("no_progress", "completed"),
}


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
        yield Lived(Path(home.root), facts_of(month), month, still_there(home, month))
    patch.undo()


def still_there(home: Home, month: Month) -> list[str]:
    """The processes that do not end; what was killed last may still be ending."""
    left: list[str] = []

    def none() -> bool:
        left[:] = reading.processes(home.root, str(month.clock.path), str(month.stage))
        return not left

    with suppress(AssertionError):
        until(none)
    return left


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
        "hasty": "stall_timeout" in keys,
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
