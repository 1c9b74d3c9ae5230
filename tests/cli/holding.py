"""Another exec that holds a lane's slot for as long as a test wants."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import command_task, start


@contextmanager
def another_exec(home: Home, folder: Path) -> Iterator[Path]:
    """It runs a task `slow` until the file that is given here is there, or the block ends; it has to end well."""
    running, go = folder / "running", folder / "go"
    wait = f"import os, time\nopen({str(running)!r}, 'w')\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
    command_task(home, "slow", sys.executable, "-c", wait)
    first = start(home, "exec", "--task", "slow")
    try:
        until(running.exists)
        yield go
    finally:
        go.touch()
        _, stderr = first.communicate(timeout=100)
    assert first.returncode == 0, stderr
