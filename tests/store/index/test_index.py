"""The index: what it says is what the log says, however it is cut off, damaged, archived or pruned underneath."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.index.query import Index
from clodputer.store.log import archive
from tests.store.index.indexed import NOW, ended, lines, log, told


def database(home: Home) -> Path:
    (path,) = Path(home.cache).glob("index-*.db")
    return path


def test_an_empty_home(home: Home) -> None:
    """Nothing is an answer too."""
    with Index(home) as index:
        assert (index.events(), index.last_finished(), index.finished(0), index.spent(0)) == (
            [],
            {},
            [],
            (0, 0.0),
        )
        assert (index.groups(0), index.durations(0), index.first_finished(0)) == ([], [], None)


def test_events_by_what_is_wanted(home: Home) -> None:
    """Whole lines, in the order of the log, of many the last ones."""
    for number in range(5):
        log(home, "queued", NOW + number, task="a" if number % 2 else "b", request_id=str(number))
        ended(home, number, "a")
    with Index(home) as index:
        assert index.events() == lines(home)
        assert [event["request_id"] for event in index.events(task="b")] == ["0", "2", "4"]
        assert [event["run_id"] for event in index.events(event="finished", last=2)] == ["run3", "run4"]
        assert [event["event"] for event in index.events(run_id="run3")] == ["finished"]
        assert len(index.events(since=NOW + 3)) == 4
        assert index.events(task="nobody") == index.events(last=0) == []


def test_finished_runs(home: Home) -> None:
    """Each once, even if its settling was repeated; the newest of each task, and of each outcome."""
    for number, (task, outcome) in enumerate([("a", "succeeded"), ("b", "failed"), ("a", "failed")], 1):
        ended(home, number, task, outcome, 0.25)
    ended(home, 3, "a", "failed", 0.25)
    with Index(home) as index:
        assert [run.run_id for run in index.finished(0)] == ["run1", "run2", "run3"]
        assert {task: run.run_id for task, run in index.last_finished().items()} == {"a": "run3", "b": "run2"}
        assert {task: run.run_id for task, run in index.last_finished("succeeded").items()} == {"a": "run1"}
        assert index.spent(NOW + 2) == (2, 0.5)
        assert index.finished(0)[1]._asdict() == {
            "run_id": "run2",
            "task": "b",
            "request_id": "r2",
            "at": NOW + 2,
            "outcome": "failed",
            "reason": "completed",
            "duration": 2.0,
            "cost_usd": 0.25,
            "suspect": False,
        }
        assert index.durations(0) == [1.0, 2.0, 3.0]
        assert [(group.outcome, group.runs, group.seconds) for group in index.groups(0)] == [
            ("failed", 2, 5.0),
            ("succeeded", 1, 1.0),
        ]


def test_it_goes_on_where_it_was(home: Home) -> None:
    """Only what is new is read: the file of the index stays the same one, over archiving too."""
    ended(home, 1)
    assert told(home) == lines(home)
    first = database(home)
    for number in range(2, 8):
        ended(home, number)
        if number % 2:
            archive.archive(home, NOW, 0)
        assert told(home) == lines(home)
    assert len(archive.archives(home)) == 3
    assert database(home) == first


def test_a_line_being_written_is_left_for_later(home: Home) -> None:
    """Half a line is none yet; the whole of it is one."""
    ended(home, 1)
    with open(home.log, "a", encoding="ascii") as file:
        file.write('{"timestamp": "2026-09-21T00:00:00.000Z", ')
        file.flush()
        assert len(told(home)) == 1
        file.write('"event": "queued", "task": "x"}\n')
    assert [event["event"] for event in told(home)] == ["finished", "queued"]


def test_a_late_line_in_an_archived_log(home: Home) -> None:
    """Whoever opened the log before it was archived appends to the archive; that is found as well."""
    ended(home, 1)
    descriptor = os.open(home.log, os.O_WRONLY | os.O_APPEND)
    archive.archive(home, NOW, 0)
    ended(home, 2)
    assert len(told(home)) == 2
    os.write(descriptor, b'{"event": "queued", "task": "late"}\n')
    os.close(descriptor)
    assert len(told(home)) == 3
    with Index(home) as index:
        assert len(index.events(task="late")) == 1


def test_a_pruned_archive_is_forgotten(home: Home) -> None:
    """What is no longer there is no longer told."""
    for number in (1, 2, 3):
        ended(home, number, f"task{number}")
        archive.archive(home, NOW, 0)
    assert len(told(home)) == 3
    before = database(home)
    os.unlink(archive.archives(home)[0])
    with Index(home) as index:
        assert index.events() == lines(home)
        assert set(index.last_finished()) == {"task2", "task3"}
    assert database(home) == before


FOREIGN = [
    "no JSON",
    "[]",
    "7",
    '"x"',
    "{}",
    '{"event": 5, "task": {"a": 1}, "timestamp": []}',
    "",
    '{"event": "finished", "run_id": "\\ud800", "task": "\\ud800", "timestamp": "never", "duration_seconds": 1e999}',
    '{"event": "finished", "run_id": "x", "duration_seconds": ' + "9" * 400 + ', "cost_usd": true}',
]


@pytest.mark.parametrize("line", FOREIGN)
def test_foreign_lines(line: str, home: Home) -> None:
    """Somebody wrote into the log: the lines around it are told, and no figure breaks."""
    ended(home, 1)
    with open(home.log, "a", encoding="utf-8") as file:
        file.write(line + "\n")
    ended(home, 2)
    with Index(home) as index:
        assert [event["run_id"] for event in index.events(task="nightly")] == ["run1", "run2"]
        assert index.spent(NOW)[0] == 2
        index.durations(0)
        index.last_finished()


def shorter(path: Path) -> None:
    os.truncate(path, os.path.getsize(path) // 2)


def garbage(path: Path) -> None:
    path.write_bytes(os.urandom(os.path.getsize(path)))


def holes(path: Path) -> None:
    """The header is in order, all behind it is not."""
    path.write_bytes(path.read_bytes()[:4096] + os.urandom(os.path.getsize(path) - 4096))


DAMAGES: list[Callable[[Path], object]] = [
    Path.unlink,
    shorter,
    garbage,
    holes,
    lambda path: path.write_bytes(b""),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["gone", "shorter", "garbage", "holes", "empty"])
def test_a_damaged_index_is_built_anew(damage: Callable[[Path], object], home: Home) -> None:
    """Nobody has to know about it."""
    for number in range(300):
        ended(home, number)
    assert len(told(home)) == 300
    damage(database(home))
    with Index(home) as index:
        assert len(index.events()) == 300
        assert len(index.finished(0)) == 300
        assert index.last_finished()["nightly"].run_id == "run299"


def test_another_log_of_the_same_name(home: Home) -> None:
    """Cut off, or written anew: nothing of the old one is left in the answers."""
    for number in range(3):
        ended(home, number)
    assert len(told(home)) == 3
    os.truncate(home.log, 0)
    ended(home, 9)
    assert [event["run_id"] for event in told(home)] == ["run9"]
    text = Path(home.log).read_text()
    Path(home.log).write_text(text.replace("run9", "run8").replace("finished", "finishes") * 2)
    assert [event["run_id"] for event in told(home)] == ["run8", "run8"]


def test_a_home_that_takes_no_file(home: Home) -> None:
    """The index is then built in memory, for this once."""
    ended(home, 1)
    os.rmdir(home.cache)
    Path(home.cache).write_text("in the way")
    assert told(home) == lines(home)


def test_a_log_that_cannot_be_read(home: Home) -> None:
    from clodputer.model.errors import ClodputerError

    os.mkdir(home.log)
    with pytest.raises(ClodputerError, match="the execution log cannot be read"):
        told(home)


def test_opening_it_leaves_the_log_alone(home: Home) -> None:
    """Not a byte of it, and nothing beside it but the cache and a lock."""
    ended(home, 1)
    before = Path(home.log).read_bytes()
    told(home)
    assert Path(home.log).read_bytes() == before
    assert iso(NOW) < lines(home)[0]["timestamp"]
