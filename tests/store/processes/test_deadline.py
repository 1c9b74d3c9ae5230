"""Work that hangs is killed, or left behind where a lock keeps a second try away; limits end what runs away."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.lock import Lock
from clodputer.store.processes import deadline
from tests.wait import at_some_pace, until


def test_what_was_seen_comes_back(tmp_path: Path) -> None:
    """Also more than a pipe holds, and names that are no text."""
    seen: Any = {"a": [1, None, "\udce9"], "b": "x" * 3_000_000}
    assert deadline.within(10, lambda: seen, str(tmp_path / "lock")) == seen
    assert deadline.within(10, os.getpid, str(tmp_path / "lock")) != os.getpid()


def test_errors_come_back(tmp_path: Path) -> None:
    lock = str(tmp_path / "lock")
    with pytest.raises(FileNotFoundError) as missing:
        deadline.within(10, lambda: os.listdir(tmp_path / "gone"), lock)
    assert missing.value.filename == str(tmp_path / "gone")
    with pytest.raises(deadline.WorkFailed, match="an internal error: ZeroDivisionError"):
        deadline.within(10, lambda: 1 / 0, lock)
    with pytest.raises(deadline.WorkFailed, match="was killed"):
        deadline.within(10, lambda: os.kill(os.getpid(), 9), lock)


def test_one_that_hangs_is_left_behind(tmp_path: Path) -> None:
    """It holds nothing of ours but its own lock, which is free again as soon as it comes back."""
    lock = str(tmp_path / "lock")
    ours = Lock(str(tmp_path / "ours"))
    assert ours.acquire()
    reader, writer = os.pipe()
    before = deadline.left_behind()
    try:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            deadline.within(0.2, lambda: _until_told(lock), lock)
        assert time.monotonic() - began < 50
        with pytest.raises(deadline.StillWorking):
            deadline.within(10, lambda: None, lock)
        (child,) = deadline.left_behind() - before
        ours.release()
        with Lock(str(tmp_path / "ours")) as held:
            assert held, "the child has no copy of a lock that its parent held"
        Path(f"{lock}.go").touch()
        until(lambda: _free(lock))
        os.waitpid(child, 0)
        assert deadline.within(10, lambda: "again", lock) == "again"
    finally:
        os.close(reader)
        os.close(writer)


def test_one_without_a_lock_is_killed(tmp_path: Path) -> None:
    """At once, and reaped: nothing of it is left."""
    before = deadline.left_behind()

    def holds(unit: float) -> None:
        pid = tmp_path / f"pid-{unit:g}"

        def hang() -> None:
            pid.write_text(str(os.getpid()))
            signal.pause()

        with pytest.raises(TimeoutError):
            deadline.within(unit, hang)
        assert deadline.left_behind() == before
        assert pid.exists()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    at_some_pace(holds)


def test_limits() -> None:
    """Of processor time, of memory, and of the size of an answer."""
    limits = deadline.Limits(processor=1, memory=256 * 1024 * 1024, answer=1000)
    begun = time.monotonic()
    with pytest.raises(deadline.WorkKilled) as killed:
        deadline.within(60, _loop, limits=limits)
    assert killed.value.signal == signal.SIGXCPU
    assert time.monotonic() - begun < 60
    if sys.platform == "linux":
        with pytest.raises(deadline.WorkFailed, match="MemoryError"):
            deadline.within(60, lambda: len(bytearray(1024**3)), limits=limits)
    with pytest.raises(OverflowError):
        deadline.within(60, lambda: "x" * 10_000, limits=limits)
    assert deadline.within(60, lambda: "x" * 100, limits=limits) == "x" * 100


def _loop() -> None:
    while True:
        pass


def _until_told(lock: str) -> None:
    until(lambda: os.path.exists(f"{lock}.go"))


def _free(lock: str) -> bool:
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
