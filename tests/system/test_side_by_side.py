"""Items of one repository, three at a time, each in a worktree of its own, also when the execs are killed; 200 are a bench."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.bench.parallel import prepare, wrong
from tests.system.test_slots import at_once, kill_tree
from tests.wait import until
from tests.workshop import events, execute, records, start

ITEMS = 12


@pytest.mark.slow
def test_each_item_once(tmp_path: Path) -> None:
    """A branch at the remote for each; never more than three trees, and neither a tree nor a branch of a run is left."""
    home, checkout = prepare(tmp_path, 2 * ITEMS, 3)
    task = Path(home.tasks, "item.yaml")
    count = f"git worktree list --porcelain | grep -c ^worktree >>{tmp_path}/trees"
    task.write_text(task.read_text().replace("set -e\\n", f"set -e\\n{count}\\n"))
    execute(home)
    assert wrong(home, checkout, 2 * ITEMS) == 0
    assert at_once(events(home)) == 3
    trees = [int(line) - 1 for line in (tmp_path / "trees").read_text().split()]
    assert len(trees) == 2 * ITEMS
    assert max(trees) <= 3


@pytest.mark.slow
def test_execs_are_killed(tmp_path: Path) -> None:
    """Each item ends once; what a kill cut off is lost and said so, and every tree that is left is known, with its reason."""
    home, checkout = prepare(tmp_path, ITEMS, 3)
    # A request that is killed three times before its start would be given up, and kept.
    for _ in range(2):
        before = len(events(home, "finished"))
        going = start(home, "exec")
        until(lambda: len(events(home, "finished")) > before or going.poll() is not None)  # noqa: B023
        time.sleep(0.2)  # somewhere in the runs that follow
        kill_tree(going.pid)
        going.communicate()
    execute(home)
    execute(home)
    ended = [str(record["request_id"]) for record in records(home, "item")]
    assert sorted(ended) == sorted(f"item-{number}" for number in range(ITEMS))
    lost = sum(record["outcome"] == "lost" for record in records(home, "item"))
    assert lost <= 6
    # Besides what was lost, whose branches may be missing, everything was delivered and put away.
    assert wrong(home, checkout, ITEMS) <= 4 * lost
