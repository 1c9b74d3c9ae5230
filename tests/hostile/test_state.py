"""Damage to what we keep on disk: whatever a file of ours has become, the next good request runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from tests.hostile.stage import INSTALLED, Stage
from tests.workshop import command_task, drop

pytestmark = [pytest.mark.slow, pytest.mark.hostile]


def replace(content: bytes) -> Callable[[Path], None]:
    """What puts this content in the place of a file's own."""

    def damage(path: Path) -> None:
        path.write_bytes(content)

    return damage


def folder(path: Path) -> None:
    """A folder where a file should be."""
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    """A link to itself."""
    path.unlink()
    path.symlink_to(path.name)


def dangling(path: Path) -> None:
    """A link to nothing."""
    path.unlink()
    path.symlink_to("nowhere/at/all")


def pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "empty": replace(b""),
    "open": replace(b"{"),
    "cut": replace(b'{"key": "val'),
    "list": replace(b"[]"),
    "null": replace(b"null"),
    "text": replace(b"x"),
    "number": replace(b"1e999"),
    "nan": replace(b'{"now": NaN}'),
    "wrong": replace(b'{"version": 1, "files": 7, "at": [], "entries": "x", "key": {}, "inode": "y"}'),
    "deep": replace(b"[" * 100_000),
    "zeros": replace(b"\0" * 5_000),
    "binary": replace(bytes(range(256))),
    "surrogate": replace(b'{"\\ud800": "\\udfff"}'),
    "folder": folder,
    "loop": loop,
    "dangling": dangling,
    "pipe": pipe,
}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a past: caches, ledgers, dedupe keys, snapshots, an index, a hold of another lane."""
    # Not our own TMPDIR, which goes with the first test.
    stage = Stage(tmp_path_factory.mktemp("used"))
    watched = stage.folder / "in"
    watched.mkdir()
    command_task(
        stage.home,
        "timed",
        "/bin/true",
        more=f"trigger: [{{type: interval, every: 1h}}, {{type: file_watch, path: '{watched}'}}]\n",
    )
    Path(stage.home.config).write_text("max_output: 1MB\n")
    drop(stage.home, "keyed.json", '{"task": "good", "dedupe_key": "x", "dedupe_ttl": "1h"}')
    stage.drop_good()
    stage.execute()
    stage.ask("stats")
    stage.ask("status")
    return stage.folder


@pytest.fixture
def stage(used: Path, tmp_path: Path) -> Stage:
    """A copy of the used home."""
    copy = Stage(tmp_path)
    shutil.rmtree(copy.home.root)
    shutil.copytree(used / "home", copy.home.root, symlinks=True)
    (tmp_path / "in").mkdir()
    return copy


def derived(stage: Stage) -> list[Path]:
    """The files that we alone write, but for records and the log."""
    found = [
        Path(place, name)
        for top in (stage.home.cache, stage.home.ledger)
        for place, _, names in os.walk(top)
        for name in names
        if not name.endswith("lock")
    ]
    assert len(found) >= 6, found
    return found


@pytest.mark.parametrize("damage", DAMAGE)
def test_all_caches_and_ledgers_damaged(stage: Stage, damage: str) -> None:
    """All of them at once, in one way: the next good request runs, and one with a known dedupe key does no harm."""
    for path in derived(stage):
        if damage == "folder" and path.parent.name == "next":
            continue  # empty files, of which only the names are read
        DAMAGE[damage](path)
    drop(stage.home, "keyed.json", '{"task": "good", "dedupe_key": "x", "dedupe_ttl": "1h"}')
    stage.next_good_at_least()
    stage.ask("status", status=None)


@pytest.mark.parametrize("damage", DAMAGE)
def test_records_and_log_damaged(stage: Stage, damage: str) -> None:
    """What past runs have left is damaged: it is their loss alone."""
    damaged = [
        Path(place, name)
        for place, _, names in os.walk(stage.home.runs)
        for name in names
        if name in ("record.json", "request.json", "process.json", "stdout")
    ]
    assert damaged
    for path in damaged:
        DAMAGE[damage](path)
    if damage not in ("folder", "loop", "dangling", "pipe"):
        DAMAGE[damage](Path(stage.home.log))
    stage.call("exec")
    drop(stage.home, "again", "")
    command_task(stage.home, "again", "/bin/true")
    stage.execute()
    assert len(list(Path(stage.home.runs, "again").iterdir())) == 1
    stage.call("status", "--json")
    stage.call("logs", "--json")


HOLDS = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'{"until": NaN}',
    b'{"until": "never"}',
    b'{"until": 1e999}',
    b"\xff",
    b"[" * 5_000,
)


def test_damaged_holds_hold_their_lanes_alone(stage: Stage) -> None:
    """A lane whose hold cannot be read may stand still; the others run, and `status` answers."""
    for number in range(len(HOLDS)):
        command_task(stage.home, f"elsewhere-{number}", "/bin/true", more=f"lane: other-{number}\n")
        drop(stage.home, f"elsewhere-{number}")
    stage.execute()
    folder = Path(stage.home.root, "holds")
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(HOLDS):
        (folder / f"lane.other-{number}.json").write_bytes(content)
        drop(stage.home, f"elsewhere-{number}")
    stage.next_good_runs()
    stage.looking_works()


MARKS = (
    "x@y.run",
    "@.run",
    "good@.started",
    "good@20260101T000000.000Z-abcd.run",
    "good@20260101T000000.000Z-abcd.started",
    "good@nonsense.started",
    "../x@y.run".replace("/", "%"),
    "good@20260101T000000.000Z-abcd.run.started",
    "0000000000000001.3.abcd.good",
    "0000000000000001.3.abcd.good.json",
    "stray",
    ".hidden",
    "0000000000000001.9.abcd.good",
    "\u0660\u0660.3.abcd.good",
)


def test_marks_and_strays_in_the_slot(stage: Stage) -> None:
    """One after the other, as each is a crash of its own: the slot is put in order, and the next good request runs."""
    slot = Path(stage.home.lanes, "default", "slot-0")
    for name in MARKS:
        (slot / name).write_text("")
        stage.execute()
        stage.next_good_at_least()
    (slot / "folder").mkdir()
    (slot / "link").symlink_to("link")
    stage.next_good_at_least()


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
