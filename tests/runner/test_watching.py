"""Watched folders with real files: what is dropped, what is not, and what prompts are told."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from clodputer.runner.intake.drops import intake
from clodputer.runner.intake.sources import BUSY, drop_found
from clodputer.store.lock import Lock
from clodputer.store.triggers import memory
from clodputer.triggers.file_watch.judge import AWAY
from tests.runner.watched import Watched
from tests.workshop import everything


def test_a_new_file(tmp_path: Path) -> None:
    """One request with the file, its name and the event; nothing at the next look."""
    watched = Watched(tmp_path)
    path = watched.put("a b.txt")
    assert watched.look() is None
    (request,) = watched.dropped()
    assert request["task"] == "work"
    assert request["origin"] == {"trigger": "file_watch", "index": 0}
    assert request["context"] == {
        "file": {
            "path": str(path),
            "name": "a b.txt",
            "relative": "a b.txt",
            "event": "created",
            "size": 4,
            "shell": f"'{path}'",
        },
    }
    assert (watched.look(), watched.files()) == (None, [])


def test_a_file_is_waited_for_until_it_is_quiet(tmp_path: Path) -> None:
    """Looks while it is written say when to look again; one request when it is whole."""
    watched = Watched(tmp_path)
    for number in range(5):
        path = watched.put("slow", "x" * number)
        again = watched.look(later=0.5)
        assert again == pytest.approx(path.stat().st_ctime + 2.0, abs=0.001)
    assert watched.files() == []
    assert watched.look() is None
    assert watched.files() == [("slow", "created")]


def test_an_editor_that_writes_and_renames(tmp_path: Path) -> None:
    """One request for the file, none for the copy beside it, though both were seen."""
    watched = Watched(tmp_path)
    watched.put("notes.md")
    watched.look()
    assert watched.files() == [("notes.md", "created")]
    copy = watched.put(".notes.md.swp", "longer text")
    other = watched.put("notes.md~", "longer text")
    watched.look(later=0)
    os.rename(copy, watched.inbox / "notes.md")
    watched.look(later=0.1)
    other.unlink()
    watched.look()
    assert watched.files() == [("notes.md", "modified")]


def test_a_file_moved_in_keeps_its_old_time(tmp_path: Path) -> None:
    """Its mtime is years old, and still it is new here; and it is quiet only from the move on."""
    watched = Watched(tmp_path)
    old = tmp_path / "old"
    old.write_text("old")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    old.rename(watched.inbox / "old")
    assert watched.look(later=0.1) is not None
    assert watched.files() == []
    watched.look()
    assert watched.files() == [("old", "created")]


def test_a_time_in_the_future_blocks_nothing(tmp_path: Path) -> None:
    """A file with an mtime of next year."""
    watched = Watched(tmp_path)
    next_year = time.time() + 366 * 86400
    os.utime(watched.put("a"), (next_year, next_year))
    assert watched.look() is None
    assert watched.files() == [("a", "created")]


def test_deleted_before_it_was_quiet(tmp_path: Path) -> None:
    """No request, and nothing is waited for."""
    watched = Watched(tmp_path)
    path = watched.put("a")
    assert watched.look(later=0.1) is not None
    path.unlink()
    assert (watched.look(), watched.files()) == (None, [])


def test_deleted_and_made_again(tmp_path: Path) -> None:
    """Seen gone, it is created again; if no look saw it gone, it is modified."""
    watched = Watched(tmp_path)
    watched.put("a")
    watched.look()
    assert watched.files() == [("a", "created")]
    Path(watched.inbox, "a").unlink()
    watched.look()
    watched.put("a")
    watched.look()
    assert watched.files() == [("a", "created")]
    Path(watched.inbox, "a").unlink()
    watched.put("a", "other text")
    watched.look()
    assert watched.files() == [("a", "modified")]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A printable path, and one for the shell that is exact; intake takes the request as any other."""
    watched = Watched(tmp_path)
    name = b"caf\xe9\n.txt"
    Path(os.fsdecode(os.path.join(os.fsencode(watched.inbox), name))).write_text("x")
    watched.look()
    assert intake(watched.context, time.time()).queued == 1
    (place,) = everything(watched.home).values()
    fields = Path(watched.home.lanes, "default", "queue", "3", place[0]).read_text()
    assert r"caf\\xe9\\x0a.txt" in fields
    assert r"$(printf '\\351')" in fields
    assert watched.look() is None
    assert watched.files() == []


def test_patterns_choose(tmp_path: Path) -> None:
    """Files in folders below only with `**`, and hidden ones only when the pattern names the dot."""
    watched = Watched(tmp_path, pattern="**/*.md")
    for name in ("a.md", "x/y/b.md", "c.txt", ".d.md", "x/.e/f.md"):
        watched.put(name)
    (watched.inbox / "link.md").symlink_to(watched.inbox / "c.txt")
    watched.look()
    assert sorted(watched.files()) == [("a.md", "created"), ("x/y/b.md", "created")]


def test_batch_all(tmp_path: Path) -> None:
    """One request with all files, oldest first, each with its event."""
    watched = Watched(tmp_path, batch="all")
    for age, name in enumerate(("new", "old", "older")):
        os.utime(watched.put(name), (1_000_000_000 - age, 1_000_000_000 - age))
    watched.look()
    (request,) = watched.dropped()
    assert [file["relative"] for file in request["context"]["files"]] == ["older", "old", "new"]
    watched.put("old", "changed")
    watched.put("newest")
    watched.look()
    (request,) = watched.dropped()
    assert [(file["name"], file["event"]) for file in request["context"]["files"]] == [
        ("old", "modified"),
        ("newest", "created"),
    ]


def test_the_oldest_file_comes_first(tmp_path: Path) -> None:
    """Requests of one look are queued in the order of the files' times."""
    watched = Watched(tmp_path)
    for age in range(12):
        os.utime(watched.put(f"f{age:02}"), (1_000_000_000 - age, 1_000_000_000 - age))
    watched.look()
    intake(watched.context, time.time())
    queue = Path(watched.home.lanes, "default", "queue", "3")
    queued = [from_queue(queue / name) for name in sorted(os.listdir(queue))]
    assert queued == [f"f{age:02}" for age in reversed(range(12))]


def from_queue(path: Path) -> str:
    """The file that a queued request is for."""
    name: str = json.loads(path.read_text())["context"]["file"]["name"]
    return name


def test_two_execs_at_once(tmp_path: Path) -> None:
    """Whoever is refused looks again soon; together they drop each file once."""
    watched = Watched(tmp_path)
    with Lock(f"{memory.folder(watched.home, 'work')}/{memory.LOCK}") as held:
        assert held
        now = time.time()
        assert drop_found(watched.context, watched.task, watched.task.triggers[0], 0, now) == now + BUSY
    for number in range(200):
        watched.put(f"f{number}")
    looks = [threading.Thread(target=watched.look) for _ in range(4)]
    for thread in looks:
        thread.start()
    for thread in looks:
        thread.join()
    watched.look()
    assert len(watched.files()) == 200


def test_away_and_back_again_says_when_to_look(tmp_path: Path) -> None:
    """A folder that is not there is looked for again, since nothing tells when it comes."""
    watched = Watched(tmp_path)
    watched.inbox.rename(tmp_path / "away")
    now = time.time()
    assert drop_found(watched.context, watched.task, watched.task.triggers[0], 0, now) == now + AWAY
