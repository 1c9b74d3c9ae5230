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

# All of ours that an exec with nothing to do needs to find that out, among a home's many files and features.
IDLE = frozenset(
    f"clodputer{name}"
    for name in (
        "",
        ".__main__",
        ".cli",
        ".cli.door",
        ".store",
        ".store.due",
        ".store.due.nextround",
        ".store.due.sweeps",
        ".store.folder",
        ".store.home",
        ".store.look",
        ".store.spool",
        ".store.spool.idle",
        ".store.spool.layout",
    )
)
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
    loaded = _loaded_by_exec(home)
    if sys.platform == "linux":
        assert not (HEAVY | LEFT_OUT | SLOW_STANDARD) & loaded
    assert outcomes(home, "plain") == ["succeeded", "succeeded"]


def test_with_nothing_to_do_it_loads_only_what_finds_that_out(home: Home) -> None:
    """Each file that is loaded for nothing at every alarm costs a fiftieth of a bare interpreter."""
    command_task(home, "plain", "/bin/true")
    path = Path(home.tasks, "plain.yaml")
    os.utime(path, (time.time() - 60, time.time() - 60))
    drop(home, "plain")
    execute(home)
    execute(home)
    loaded = _loaded_by_exec(home)
    assert {name for name in loaded if name.partition(".")[0] == "clodputer"} == IDLE
    assert not {"__future__", "fcntl", "json", "re", "typing"} & loaded


def _loaded_by_exec(home: Home) -> set[str]:
    """The modules that an exec has loaded at its end, in a process without site-packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from clodputer.__main__ import main; main(['exec'])\n"
        "print(*sys.modules)"
    )
    root = str(Path(__file__).parent.parent.parent)
    argv = [sys.executable, "-I", "-S", "-c", code, root]
    done = subprocess.run(argv, env=environment(home), check=True, capture_output=True, text=True)
    return set(done.stdout.split())
