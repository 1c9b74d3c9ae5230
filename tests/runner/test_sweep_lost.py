"""Sweeping after a crash: what a run is known by, and whom it must never be taken for."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pytest

from clodputer.runner.processes import tree_psutil
from clodputer.runner.processes.leftovers.recorded import Identity, read_identities
from clodputer.runner.processes.leftovers.sweep import sweep_lost
from clodputer.runner.processes.tree import alive
from tests.runner.families import EVERY_TREE, LEFTOVERS, LINUX, Nursery, gone, needs_setsid, pid_in, shifted
from tests.runner.supervising import Supervisor
from tests.wait import until


@needs_setsid
@EVERY_TREE
def test_a_run_whose_supervisor_was_killed(tmp_path: Path, tree: ModuleType) -> None:
    """The next exec finds the agent and all below it, tagged or not, by what was recorded."""
    script = f"trap '' TERM; {LEFTOVERS['bare']}\n{LEFTOVERS['deaf'].replace('pid', 'deaf')}\necho $$ > agent; sleep 60"
    supervisor = Supervisor(tmp_path, ["/bin/sh", "-c", script], psutil=tree is tree_psutil)
    pids = [pid_in(tmp_path / name) for name in ("pid", "deaf", "agent")]
    until(lambda: {row[0] for row in supervisor.recorded()} >= set(pids), message="not all were recorded")
    # The keeper would kill them within seconds.
    keeper = supervisor.keeper()
    os.kill(keeper, signal.SIGSTOP)
    supervisor.kill()
    assert not any(map(gone, pids))
    swept = sweep_lost(str(tmp_path), {"processes": supervisor.recorded()}, tree)
    assert all(map(gone, pids))
    assert {row["pid"] for row in swept} >= set(pids)
    assert not any(row["alive"] for row in swept)
    assert sweep_lost(str(tmp_path), {"processes": supervisor.recorded()}, tree) == ()
    with suppress(ProcessLookupError):
        os.kill(keeper, signal.SIGKILL)


@EVERY_TREE
def test_the_tag_alone_is_enough(tmp_path: Path, nursery: Nursery, tree: ModuleType) -> None:
    """Killed before anything was recorded; a child without the tag goes with its parent."""
    run_id = str(
        tmp_path
    )  # of this test alone: its neighbour, running at the same time, sweeps the machine too
    script = f"env -i /bin/sleep 60 & echo $! > {tmp_path}/pid; wait"
    tagged = nursery(
        sys.executable, "-c", f"import os; os.system({script!r})", env={"CLODPUTER_RUN_ID": run_id}
    )
    longer = nursery("sleep", "60", env={"CLODPUTER_RUN_ID": f"{run_id}0"})
    other = nursery("sleep", "60", env={"NOT_CLODPUTER_RUN_ID": run_id})
    pid = pid_in(tmp_path / "pid")
    swept = sweep_lost(run_id, {}, tree)
    assert {tagged.pid, pid} <= {row["pid"] for row in swept}
    assert gone(pid)
    assert not alive(tagged)
    assert alive(longer)
    assert alive(other)


@EVERY_TREE
def test_an_empty_run_id_finds_nothing(nursery: Nursery, tree: ModuleType) -> None:
    """Rather than everybody whose variable is empty."""
    child = nursery("sleep", "60", env={"CLODPUTER_RUN_ID": ""})
    assert sweep_lost("", {}, tree) == ()
    assert alive(child)


@EVERY_TREE
def test_a_reused_number_is_nobody_we_know(nursery: Nursery, tree: ModuleType) -> None:
    """Neither as a process, nor as the session that it leads now."""
    child = nursery("sleep", "60")
    found = tree.find(child.pid)
    before = found._replace(started=shifted(found.started, -3600))
    assert sweep_lost("no-such-run", {"processes": [before.identity]}, tree) == ()
    assert not alive(before.identity, tree)
    tree.kill(before)
    assert alive(child)
    tree.kill(found)
    until(lambda: gone(child.pid))


@pytest.mark.skipif(not LINUX, reason="the boot id is Linux's")
def test_after_a_reboot_nobody_is_known(nursery: Nursery) -> None:
    """The same number and the same ticks, counted from another boot."""
    child = nursery("sleep", "60")
    before = child._replace(started="00000000-0000-0000-0000-000000000000/" + child.started.partition("/")[2])
    assert sweep_lost("no-such-run", {"processes": [before]}) == ()
    assert alive(child)


@EVERY_TREE
def test_we_and_those_above_us_are_safe(tree: ModuleType) -> None:
    """Even if every one of them was recorded, and our session with them."""
    recorded = []
    found = tree.find(os.getpid())
    while found:
        recorded.append(found.identity._replace(session=os.getsid(0)))
        found = tree.find(found.parent)
    assert len(recorded) > 1
    assert sweep_lost("no-such-run", {"processes": recorded}, tree) == ()


@EVERY_TREE
def test_nonsense_in_process_json_kills_nobody(tree: ModuleType) -> None:
    """A file that was damaged, or edited."""
    for nonsense in (
        None,
        7,
        "x",
        {"a": 1},
        [7],
        [[1]],
        [[1, 2, 3]],
        [["1", "x", 1]],
        [[True, "x", 1]],
        [[-1, "nan", 0]],
    ):
        assert sweep_lost("no-such-run", {"processes": nonsense, "sessions": 7}, tree) == ()
    assert read_identities(json.loads(json.dumps([Identity(7, "x", 8)]))) == (Identity(7, "x", 8),)
