"""What an exec that runs something loads: ourselves and the standard library."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from clodputer.store.home import Home
from tests.house_imports import HEAVY, LEFT_OUT
from tests.workshop import clodputer, command_task, drop, environment, execute, outcomes

# Of the standard library: milliseconds and megabytes that a run can do without. What needs one of them once in a while imports
# it there, and says why.
SLOW_STANDARD = frozenset(
    (
        "_strptime",
        "dataclasses",
        "hashlib",
        "inspect",
        "pickle",
        "platform",
        "shutil",
        "subprocess",
        "traceback",
        "uuid",
    )
)


def test_it_runs_without_site_packages_when_the_task_is_known(home: Home) -> None:
    """With a warm cache a `command` run imports nothing but ourselves and the standard library, and of ourselves not all."""
    command_task(home, "plain", "/bin/true")
    drop(home, "plain")
    execute(home)
    path = Path(home.tasks, "plain.yaml")
    os.utime(
        path, (time.time() - 60, time.time() - 60)
    )  # older than the cache's doubt about a file just written
    clodputer(home, "validate")
    execute(home)
    drop(home, "plain")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from clodputer.__main__ import main; main(['exec'])\n"
        f"print({set(HEAVY | LEFT_OUT | SLOW_STANDARD)!r} & set(sys.modules))"
    )
    root = str(Path(__file__).parent.parent.parent)
    argv = [sys.executable, "-I", "-S", "-c", code, root]
    done = subprocess.run(argv, env=environment(home), check=True, capture_output=True, text=True)
    if sys.platform == "linux":
        assert done.stdout == "set()\n"
    assert outcomes(home, "plain") == ["succeeded", "succeeded"]
