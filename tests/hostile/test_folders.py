"""Folders of ours that are gone, elsewhere or deleted meanwhile: whatever has become of one, the next good request runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.hostile.stage import INSTALLED, Stage
from tests.workshop import command_task, drop

pytestmark = [pytest.mark.slow, pytest.mark.hostile]


FOLDERS = (
    "runs",
    "runs/good",
    "spool/tmp",
    "spool/rejected",
    "spool/dead",
    "spool/closed",
    "spool/lanes",
    "spool/lanes/default",
    "spool/lanes/default/queue",
    "spool/lanes/default/queue/3",
    "spool/lanes/default/slot-0",
    "spool/lanes/default/delayed",
    "ledger",
    "ledger/dedupe",
    "ledger/next",
    "cache",
    "archive",
)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_gone(stage: Stage, name: str) -> None:
    """It is made again; a stray file beside is still rejected, and the good request runs."""
    shutil.rmtree(Path(stage.home.root, name))
    Path(stage.home.new, "stray").write_text("no request\n")
    os.utime(Path(stage.home.new, "stray"), (1, 1))
    Path(stage.home.new, "keyed.json").write_text('{"task": "good", "dedupe_key": "y"}')
    Path(stage.home.new, "good").touch()
    before = stage.good_runs()
    stage.execute()
    assert stage.good_runs() >= min(before, 1) + 1
    assert os.listdir(stage.home.new) == []
    assert "stray" in os.listdir(stage.home.rejected)


MOVABLE = (
    "runs",
    "runs/good",
    "spool/rejected",
    "spool/dead",
    "spool/closed",
    "ledger",
    "ledger/dedupe",
    "cache",
    "archive",
)


@pytest.mark.parametrize("name", MOVABLE)
def test_a_folder_on_another_file_system(stage: Stage, name: str) -> None:
    """A link to a folder of another disk, where a rename cannot go: nothing that is settled blocks what follows."""
    other = Path("/dev/shm", f"clodputer-{os.getpid()}-{name.replace('/', '-')}")
    if not other.parent.is_dir() or other.parent.stat().st_dev == os.stat(stage.home.root).st_dev:
        pytest.skip("there is no second file system here")
    place = Path(stage.home.root, name)
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(place, other, symlinks=True)
    shutil.rmtree(place)
    place.symlink_to(other)
    try:
        Path(stage.home.new, "stray").write_text("no request\n")
        os.utime(Path(stage.home.new, "stray"), (1, 1))
        for _ in range(2):
            stage.next_good_runs()
        slot = Path(stage.home.lanes, "default", "slot-0")
        assert [left.name for left in slot.iterdir()] == []
        stage.ask("status")
    finally:
        shutil.rmtree(other)


def test_a_folder_deleted_during_the_run(stage: Stage) -> None:
    """The run itself removes its folder, all of `runs/`, its slot: the next one runs."""
    for number, gone in enumerate(("runs/sweeper-0", "runs", "spool/lanes/default/slot-0", "spool/tmp")):
        command_task(stage.home, f"sweeper-{number}", "/bin/rm", "-rf", f"{stage.home.root}/{gone}")
        drop(stage.home, f"sweeper-{number}")
        stage.call("exec")
        before = stage.good_runs()
        for _ in range(3):
            if stage.good_runs() <= before:
                Path(stage.home.new, "good").touch()
                stage.call("exec")
        assert stage.good_runs() > before, gone


def test_exec_killed_and_its_folder_deleted(stage: Stage) -> None:
    """Killed in the middle of a run, then `runs/` is deleted: the lane goes on."""
    command_task(stage.home, "long", "/bin/sh", "-c", "kill -9 $PPID; sleep 0.2")
    drop(stage.home, "long")
    subprocess.run([INSTALLED, "exec"], env=stage.environ, capture_output=True, timeout=60)
    shutil.rmtree(stage.home.runs)
    stage.next_good_at_least()
    stage.looking_works()
