"""The index while its readers are killed and the log grows: none of them ever tells anything wrong."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from clodputer.store.home import Home
from clodputer.store.log import archive
from tests.store.index.indexed import NOW, ended, lines, told
from tests.workshop import ROOT

READER = "import sys\nfrom clodputer.store.home import Home\nfrom clodputer.store.index.query import Index\n"


@pytest.mark.slow
def test_killed_while_it_is_brought_up_to_date(home: Home) -> None:
    """A reader killed before each of its steps: the next one tells the whole log, each line once."""
    program = READER + (
        "import os, signal, sqlite3, datetime\n"
        "from clodputer.store.index import file as indexfile\n"
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
            archive.archive(home, NOW, 0)
        done = subprocess.run(
            [sys.executable, "-c", program, home.root, str(step)],
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        assert told(home) == lines(home)
        if done.returncode == 0:
            assert step > 5, "entering has more steps"
            return
    pytest.fail("it never came to its end")


@pytest.mark.slow
def test_killed_at_any_time_and_many_at_once(home: Home) -> None:
    """Readers killed after arbitrary times while others read and the log grows: none of them ever tells anything wrong."""
    program = (
        READER
        + "with Index(Home(sys.argv[1])) as index: print(len(index.events()), len(index.finished(0)))\n"
    )
    for turn in range(25):
        for number in range(400):
            ended(home, turn * 1000 + number)
        if turn % 4 == 3:
            archive.archive(home, NOW, 0)
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", program, home.root],
                env={"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        try:
            readers[0].wait(timeout=0.02 + turn * 0.012)
        except subprocess.TimeoutExpired:
            readers[0].kill()
        answers = [reader.communicate(timeout=100) for reader in readers]
        for reader, (stdout, stderr) in zip(readers[1:], answers[1:]):
            assert (reader.returncode, stdout.split()) == (0, [str((turn + 1) * 400)] * 2), stderr
    assert told(home) == lines(home)
