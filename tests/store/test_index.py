"""The index: what it says is what the log says, however it is cut off, damaged, archived or pruned underneath."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from clodputer.model.mask import Masker
from clodputer.model.moment import iso
from clodputer.store import eventlog, logarchive
from clodputer.store.home import Home
from clodputer.store.index import Index
from tests.workshop import ROOT, make_home

NOW = 1_790_000_000.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def log(home: Home, event: str, at: float = NOW, **fields: Any) -> None:
    eventlog.append(home, Masker(), at, event, **fields)


def ended(
    home: Home, number: int, task: str = "nightly", outcome: str = "succeeded", cost: Any = 0.5
) -> None:
    """A line as settle writes it."""
    log(home, "finished", NOW + number, task=task, request_id=f"r{number}", run_id=f"run{number}", outcome=outcome,
        reason="completed", message="", duration_seconds=number, cost_usd=cost)  # fmt: skip


def lines(home: Home) -> list[dict[str, Any]]:
    """The whole log, as anybody reads it."""
    found = []
    for path in [*logarchive.archives(home), home.log]:
        if os.path.exists(path):
            found += [json.loads(line) for line in Path(path).read_text().splitlines()]
    return found


def told(home: Home) -> list[dict[str, Any]]:
    with Index(home) as index:
        return index.events()


def database(home: Home) -> Path:
    (path,) = Path(home.cache).glob("index-*.db")
    return path


def test_an_empty_home(home: Home) -> None:
    """Nothing is an answer too."""
    with Index(home) as index:
        assert (index.events(), index.last_finished(), index.finished(), index.spent(0)) == (
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
        assert [run.run_id for run in index.finished()] == ["run1", "run2", "run3"]
        assert {task: run.run_id for task, run in index.last_finished().items()} == {"a": "run3", "b": "run2"}
        assert {task: run.run_id for task, run in index.last_finished("succeeded").items()} == {"a": "run1"}
        assert index.spent(NOW + 2) == (2, 0.5)
        assert index.spent(0, task="a") == (2, 0.5)
        assert index.finished("b")[0]._asdict() == {
            "run_id": "run2", "task": "b", "request_id": "r2", "at": NOW + 2, "outcome": "failed", "reason": "completed",
            "duration": 2.0, "cost_usd": 0.25,
        }  # fmt: skip
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
            logarchive.archive(home, NOW, 0)
        assert told(home) == lines(home)
    assert len(logarchive.archives(home)) == 3
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
    logarchive.archive(home, NOW, 0)
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
        logarchive.archive(home, NOW, 0)
    assert len(told(home)) == 3
    before = database(home)
    os.unlink(logarchive.archives(home)[0])
    with Index(home) as index:
        assert index.events() == lines(home)
        assert set(index.last_finished()) == {"task2", "task3"}
    assert database(home) == before


FOREIGN = [
    "no JSON", "[]", "7", '"x"', "{}", '{"event": 5, "task": {"a": 1}, "timestamp": []}', "",
    '{"event": "finished", "run_id": "\\ud800", "task": "\\ud800", "timestamp": "never", "duration_seconds": 1e999}',
    '{"event": "finished", "run_id": "x", "duration_seconds": ' + "9" * 400 + ', "cost_usd": true}',
]  # fmt: skip


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
        assert len(index.finished()) == 300
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


READER = "import sys\nfrom clodputer.store.home import Home\nfrom clodputer.store.index import Index\n"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_killed_while_it_is_brought_up_to_date(home: Home) -> None:
    """A reader killed before each of its steps: the next one tells the whole log, each line once."""
    program = READER + (
        "import os, signal, sqlite3, datetime\n"
        "from clodputer.store import indexfile\n"
        "left = [int(sys.argv[2])]\n"
        "def count(event, arguments):\n"
        "    if event in ('open', 'os.remove', 'os.mkdir') or event.startswith('sqlite3'):\n"
        "        left[0] -= 1\n"
        "        if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(count)\n"
        "with Index(Home(sys.argv[1])) as index: print(len(index.events()))\n"
    )
    for step in range(1, 60):
        for number in range(40):
            ended(home, step * 100 + number)
        if step % 5 == 0:
            logarchive.archive(home, NOW, 0)
        done = subprocess.run(
            [sys.executable, "-c", program, home.root, str(step)], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )  # fmt: skip
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        assert told(home) == lines(home)
        if done.returncode == 0:
            assert step > 5, "entering has more steps"
            return
    pytest.fail("it never came to its end")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_killed_at_any_time_and_many_at_once(home: Home) -> None:
    """Readers killed after arbitrary times while others read and the log grows: none of them ever tells anything wrong."""
    program = (
        READER + "with Index(Home(sys.argv[1])) as index: print(len(index.events()), len(index.finished()))\n"
    )
    for turn in range(25):
        for number in range(400):
            ended(home, turn * 1000 + number)
        if turn % 4 == 3:
            logarchive.archive(home, NOW, 0)
        readers = [
            subprocess.Popen([sys.executable, "-c", program, home.root], env={"PYTHONPATH": str(ROOT)},
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]  # fmt: skip
        try:
            readers[0].wait(timeout=0.02 + turn * 0.012)
        except subprocess.TimeoutExpired:
            readers[0].kill()
        answers = [reader.communicate(timeout=60) for reader in readers]
        for reader, (stdout, stderr) in zip(readers[1:], answers[1:]):
            assert (reader.returncode, stdout.split()) == (0, [str((turn + 1) * 400)] * 2), stderr
    assert told(home) == lines(home)
