"""A power cut at every step of the walk: what was written, but not for good, is there by name alone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import stages
from tests.system import execs
from tests.system.test_crash import assert_kept_and_clean, lines, set_up, temporary
from tests.workshop import drop

# What has been on disk for longer, or is written for good before anything goes by it. A journal keeps the order of renames;
# what a file holds is safe only after an fsync.
FOR_GOOD = ("one.json", "dropped.json", "/record.json", ".yaml", ".env", "/README")
SHARDS = 2


def cut_power(home: Home, traces: Path) -> None:
    """Nothing runs any more, and files that nobody has made durable are empty."""
    for pid in lines(traces / "pids"):
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue
    for path in Path(home.root).rglob("*"):
        if path.is_file() and not str(path).endswith(FOR_GOOD):
            os.truncate(path, 0)


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_power_cut_at_every_step(tmp_path: Path, shard: int) -> None:
    """The request has run once, or is settled as lost and kept; with an empty process.json, request.json, log and cache too."""
    seen = set()
    for step, (home, traces) in stages.at_each(range(1 + shard, 1000, SHARDS), tmp_path, set_up):
        drop(home, "one.json", '{"task": "work"}')
        killed, what = execs.kill_at(home, step, temporary(home))
        if not killed:
            break
        cut_power(home, traces)
        execs.run(home, "exec", extra=temporary(home))
        seen.add(assert_kept_and_clean(home, traces, f"step {step}: {what}"))
    assert seen == {"succeeded", "lost"}
