"""Damage to what we keep on disk: whatever a file of ours has become, the next good request runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from tests.hostile.stage import Stage
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
