"""The file of an account's usage: written whole by many at once, and nothing is lost of what they say."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from clodputer.model.gates.usage import FIVE_HOUR, SEVEN_DAY, STATUS_LINE, Share
from clodputer.store import usage
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from tests.wait import until
from tests.workshop import make_home

NOW = 1_800_000_000.0
WRITERS = 12


def test_many_writers_leave_the_highest(tmp_path: Path) -> None:
    """Each status line is a process of its own; half of them speak of one window and half of the other."""
    home = make_home(tmp_path)
    children = []
    for number in range(WRITERS):
        pid = os.fork()
        if pid == 0:
            try:
                shares = {(FIVE_HOUR, SEVEN_DAY)[number % 2]: Share(number, NOW + 3600)}
                until(lambda: usage.keep(home, "claude", shares, STATUS_LINE, NOW))  # noqa: B023 (it is called at once)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0] * WRITERS
    found = usage.read(home, "claude").readings
    assert {kind: one.used for kind, one in found.items()} == {FIVE_HOUR: WRITERS - 2, SEVEN_DAY: WRITERS - 1}
    assert usage.accounts(home) == ["claude"]
    assert sorted(os.listdir(f"{home.ledger}/usage")) == [".lock", "claude.json"]


def test_a_writer_that_is_stopped_in_its_turn_is_not_waited_for(tmp_path: Path) -> None:
    """And one that was killed leaves nothing in the way."""
    home = make_home(tmp_path)
    shares = {FIVE_HOUR: Share(5, NOW + 3600)}
    assert usage.keep(home, "claude", shares, STATUS_LINE, NOW)
    pid = _holder(home)
    assert not usage.keep(home, "claude", {FIVE_HOUR: Share(9, NOW + 3600)}, STATUS_LINE, NOW)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert usage.keep(home, "claude", {FIVE_HOUR: Share(9, NOW + 3600)}, STATUS_LINE, NOW)
    assert usage.read(home, "claude").readings[FIVE_HOUR].used == 9


def _holder(home: Home) -> int:
    """A process that has the turn, and keeps it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        lock = Lock(f"{home.ledger}/usage/.lock")
        os.write(writing, b"1" if lock.acquire() else b"0")
        signal.pause()
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    os.close(writing)
    return pid
