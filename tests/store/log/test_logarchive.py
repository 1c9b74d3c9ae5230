"""Archiving the log: no line is lost, torn or doubled, whoever writes meanwhile and whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.model.text.mask import Masker
from clodputer.store.home import Home
from clodputer.store.log import archive, events
from clodputer.store.log.tail import Tail
from tests.wait import until
from tests.workshop import ROOT, make_home

NOV, DEC = 1_795_000_000.0, 1_797_000_000.0

WRITER = """
import sys
from clodputer.model.text.mask import Masker
from clodputer.store.log import events as eventlog, archive as logarchive
from clodputer.store.home import Home
home = Home(sys.argv[1])
for number in range(int(sys.argv[3])):
    eventlog.append(home, Masker(), 0.0, "queued", request_id=f"{sys.argv[2]}-{number}", text="x" * (number % 200))
    logarchive.archive(home, 0.0, 2000)
"""
ARCHIVER = """
import os, signal, sys
from clodputer.store.log import archive as logarchive
from clodputer.store.home import Home
left = [int(sys.argv[2])]
def count(event, arguments):
    if event in ("open", "os.rename", "os.mkdir", "os.listdir", "fcntl.flock"):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
logarchive.archive(Home(sys.argv[1]), 0.0, 0)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], env={"PYTHONPATH": str(ROOT)})


def write(home: Home, request_id: str) -> None:
    events.append(home, Masker(), 0.0, "queued", request_id=request_id)


def ids(home: Home) -> list[str]:
    """The request ids of every line of the log and its archive; each of them must be whole."""
    paths = [Path(home.archive, name) for name in os.listdir(home.archive)] + [Path(home.log)]
    return [
        json.loads(line)["request_id"]
        for path in paths
        if path.exists()
        for line in path.read_bytes().splitlines()
    ]


def names(home: Home) -> list[str]:
    return [os.path.basename(path) for path in archive.archives(home)]


def test_names(tmp_path: Path) -> None:
    """By month, then by number, in the order of time even when the clock goes back; foreign files are none of ours."""
    home = make_home(tmp_path)
    assert archive.archive(home, NOV, 0) == ""
    for now in (NOV, NOV, DEC, NOV):
        write(home, "x")
        assert archive.archive(home, now, 10**6) == ""
        assert archive.archive(home, now, 10) in archive.archives(home)
    assert names(home) == ["2026-11.log", "2026-11.2.log", "2026-12.log", "2026-12.2.log"]
    for foreign in ("notes.log", "2026-11.1.log", "2026-11.02.log", "2026-11.log.gz", "2026-11"):
        Path(home.archive, foreign).touch()
    assert len(names(home)) == 4
    for number in range(3, 12):
        write(home, "y")
        assert archive.archive(home, DEC, 0).endswith(f"/2026-12.{number}.log")


def test_an_archive_is_never_overwritten_after_pruning(tmp_path: Path) -> None:
    """Numbers go on from the highest one, not from how many there are."""
    home = make_home(tmp_path)
    for _ in range(3):
        write(home, "x")
        archive.archive(home, NOV, 0)
    os.unlink(f"{home.archive}/2026-11.log")
    write(home, "last")
    assert archive.archive(home, NOV, 0).endswith("2026-11.4.log")
    assert len(ids(home)) == 3


def test_while_somebody_else_archives(tmp_path: Path) -> None:
    """Tried, never waited for."""
    home = make_home(tmp_path)
    write(home, "x")
    from clodputer.store.lock import Lock

    with Lock(f"{home.ledger}/log.lock"):
        assert archive.archive(home, NOV, 0) == ""
    assert archive.archive(home, NOV, 0) != ""


@pytest.mark.parametrize(("writers", "each"), [(4, 300), pytest.param(12, 3000, marks=pytest.mark.slow)])
def test_many_writers_that_archive(writers: int, each: int, tmp_path: Path) -> None:
    """Every process appends and archives at once: each line is there, whole, and once."""
    home = make_home(tmp_path)
    processes = [start(WRITER, home.root, str(writer), str(each)) for writer in range(writers)]
    assert [process.wait(timeout=100) for process in processes] == [0] * writers
    assert len(names(home)) > 10
    assert sorted(ids(home)) == sorted(
        f"{writer}-{number}" for writer in range(writers) for number in range(each)
    )


def test_killed_at_every_step(tmp_path: Path) -> None:
    """Before and after the rename, nothing is missing; the next one goes on."""
    home = make_home(tmp_path)
    for step in range(1, 100):
        write(home, str(step))
        process = start(ARCHIVER, home.root, str(step))
        status = process.wait(timeout=100)
        assert status in (0, -signal.SIGKILL)
        assert sorted(ids(home), key=int) == [str(number) for number in range(1, step + 1)]
        if status == 0:
            break
    assert 3 < step < 99
    assert not os.path.exists(home.log)
    write(home, "1000")
    assert archive.archive(home, 0.0, 0)


def test_a_tail_survives_archiving(tmp_path: Path) -> None:
    """Each new line once, also those that are appended late to a log that was archived, or come between two archivings."""
    home = make_home(tmp_path)
    write(home, "before")
    with Tail(home) as tail:
        assert list(tail.new()) == []
        write(home, "1")
        late = os.open(home.log, os.O_WRONLY | os.O_APPEND)
        archive.archive(home, NOV, 0)
        write(home, "2")
        archive.archive(home, NOV, 0)
        write(home, "3")
        assert [event["request_id"] for event in tail.new()] == ["1", "2", "3"]
        os.write(late, b'{"request_id": "la')
        assert list(tail.new()) == []
        os.write(late, b'te"}\nno JSON\n')
        assert [event["request_id"] for event in tail.new()] == ["late"]
        os.close(late)


def test_a_tail_of_nothing(tmp_path: Path) -> None:
    """The log may come later."""
    home = make_home(tmp_path)
    with Tail(home) as tail:
        assert list(tail.new()) == []
        write(home, "1")
        assert [event["request_id"] for event in tail.new()] == ["1"]


def test_a_tail_while_many_write_and_archive(tmp_path: Path) -> None:
    """Nothing is passed over, nothing is told twice."""
    home = make_home(tmp_path)
    with Tail(home) as tail:
        processes = [start(WRITER, home.root, str(writer), "200") for writer in range(3)]
        seen: list[str] = []

        def all_seen() -> bool:
            seen.extend(event["request_id"] for event in tail.new())
            return len(seen) >= 600

        until(all_seen)
        assert [process.wait(timeout=100) for process in processes] == [0, 0, 0]
        assert list(tail.new()) == []
    assert sorted(seen) == sorted(f"{writer}-{number}" for writer in range(3) for number in range(200))
