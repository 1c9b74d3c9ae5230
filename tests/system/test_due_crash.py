"""SIGKILL at every step of an exec that finds slot times due: each of them ends as exactly one of run and coalesced."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.triggers import ledger
from tests import stages
from tests.slots import HOUR, cron_task, last_hour, set_back, told
from tests.system import execs
from tests.workshop import everything, make_home, records

SHARDS = 6


def assert_accounted(home: Home, runs: list[int], step: str) -> None:
    """The slot times in `runs` have one record each, all others of the three are coalesced, and nothing waits."""
    entry = ledger.read(home, "work", 0)
    assert entry is not None, step
    assert entry.dropping == (), step
    fates = Counter({(fate.fate, fate.reason): fate.number for fate in entry.fates})
    assert fates == Counter({("coalesced", "newer"): 3 - len(runs)} if len(runs) < 3 else {}), step
    ran = [record["origin"]["slot_time"] for record in records(home, "work")]
    assert sorted(ran) == [told(moment) for moment in runs], step
    places = everything(home)
    places.pop("dead", None)  # a run that was killed with its exec is lost, and its request kept there
    assert places == {}, step


@pytest.mark.slow
@pytest.mark.parametrize(("shard", "catch_up"), [*((shard, "all") for shard in range(SHARDS)), (0, "latest")])
def test_killed_at_every_step(tmp_path: Path, shard: int, catch_up: str) -> None:
    """Whatever the step, the next exec makes up what is left to be done, and does nothing twice."""
    killed_at = []

    def set_up(folder: Path) -> Home:
        home = make_home(folder)
        cron_task(home, "work", "0 * * * *", keys=f", catch_up: {catch_up}, overlap: queue")
        assert execs.execute(home)["runs"] == []
        return home

    for step, home in stages.at_each(range(1 + shard, 1000, SHARDS), tmp_path, set_up):
        slot = last_hour()
        set_back(home, "work", slot - 3 * HOUR + 60)
        killed, what = execs.kill_at(home, step)
        if not killed:
            break
        execs.run(home, "exec")
        execs.execute(home, "--task", "work")
        three = [int(slot - 2 * HOUR), int(slot - HOUR), slot]
        assert_accounted(home, three if catch_up == "all" else three[2:], f"step {step}: {what}")
        killed_at.append(what)
    assert len(killed_at) >= 5, "the walk has dozens of steps"
