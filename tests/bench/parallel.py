"""Goal 19: 200 items in one repository, each in a worktree of its own, three at a time against one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import psutil

from clodputer.store import homes
from clodputer.store.home import Home
from tests.bench.goal import Row
from tests.bench.stage import Stage
from tests.repositories import GIT, branches, git, repository, worktrees
from tests.workshop import ROOT, drop, environment, records, write_task

ITEMS, SLOTS = 200, 3
# What an agent does, mostly: it waits for an answer. Then it commits its item on the branch of its tree, and delivers it.
WORK = """\
set -e
read -r item
sleep 0.3
echo "$item" > item
git add item
git commit -q -m "item $item"
git push -q origin "HEAD:refs/heads/item-$item"
"""
# In MiB.
MIB = 1024 * 1024


class Measured(NamedTuple):
    """seconds: from the start of exec to its end. peak: memory of it and of all that it started, at one moment, in bytes.

    wrong: items that were not done, or done more than once, and whatever was left behind.
    """

    seconds: float
    peak: int
    wrong: int


def parallel(stage: Stage) -> list[Row]:
    """Wall time and peak memory of both."""
    alone = measure(stage.folder / "one-by-one", ITEMS, 1)
    beside = measure(stage.folder / "side-by-side", ITEMS, SLOTS)
    what = f"{ITEMS} items in one repository, {SLOTS} at a time"
    return [
        Row("19", f"{what}: lost, doubled or left behind", "0", alone.wrong + beside.wrong, 0),
        Row(
            "19",
            "the same: wall time against one after the other",
            "<= 0.75 x",
            beside.seconds / alone.seconds,
            0.75,
            f"x ({beside.seconds:.0f} s, {alone.seconds:.0f} s)",
        ),
        Row(
            "19",
            "the same: peak memory against one after the other",
            f"<= {SLOTS + 1} x",
            beside.peak / alone.peak,
            SLOTS + 1,
            f"x ({beside.peak / MIB:.0f} MiB, {alone.peak / MIB:.0f} MiB)",
        ),
    ]


def measure(folder: Path, count: int, slots: int) -> Measured:
    """Do so many items in a lane with so many slots, and look what became of them."""
    folder.mkdir()
    home, checkout = prepare(folder, count, slots)
    begun = monotonic()
    process = subprocess.Popen([sys.executable, "-m", "clodputer", "exec"], env=environment(home), cwd=ROOT)
    peak: list[int] = []
    watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peak))
    watcher.start()
    process.wait()
    seconds = monotonic() - begun
    watcher.join()
    return Measured(seconds, max(peak), wrong(home, checkout, count))


def prepare(folder: Path, count: int, slots: int) -> tuple[Home, Path]:
    """A home with so many requests, and the repository that they are about."""
    checkout = repository(folder)
    home = Home(str(folder / "home"))
    homes.make(home)
    Path(home.config).write_text(json.dumps({"lanes": {"items": {"slots": slots}}}))
    keys = {
        "agent": "command",
        "command": ["/bin/sh", "-c", WORK],
        "prompt": "{{ context.number }}\n",
        "env": {name: value for name, value in GIT.items() if "CONFIG" not in name},
        "lane": "items",
        "isolation": "worktree",
        "working_directory": str(checkout),
    }
    write_task(home, "item", json.dumps(keys))
    for number in range(count):
        fields = {"task": "item", "id": f"item-{number}", "context": {"number": number}}
        drop(home, f"{number:04}.json", json.dumps(fields))
    return home, checkout


def wrong(home: Home, checkout: Path, count: int) -> int:
    """How many items were not done exactly once, and how many trees and branches of runs are left."""
    done = Counter(
        str(record["request_id"]) for record in records(home, "item") if record["outcome"] == "succeeded"
    )
    missing = sum(done[f"item-{number}"] != 1 for number in range(count))
    remote = git(checkout.parent / "remote.git", "for-each-ref", "--format=%(refname:short)").split()
    delivered = {name for name in remote if name.startswith("item-")}
    return missing + abs(count - len(delivered)) + len(worktrees(checkout)) + len(branches(checkout))


def _watch(exec_: psutil.Process, peak: list[int]) -> None:
    """Sum up what the processes have, shared pages only once each, until the first of them has ended."""
    peak.append(0)
    while exec_.is_running() and exec_.status() != psutil.STATUS_ZOMBIE:
        total = 0
        try:
            for process in (exec_, *exec_.children(recursive=True)):
                total += _memory(process)
        except psutil.Error:
            pass  # it has just ended
        peak.append(total)
        sleep(0.05)


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", full.uss))
