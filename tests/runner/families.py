"""Real processes for tests of what is done to processes: innocent ones, and ones that run away."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Optional

import pytest

from clodputer.runner.processes import tree_psutil
from clodputer.runner.processes.leftovers.recorded import Identity
from clodputer.runner.processes.tree import identity, native
from tests.runner.supervising import PATH
from tests.wait import until

LINUX = sys.platform == "linux"
TREES: list[ModuleType] = [tree_psutil]
if LINUX:
    from clodputer.runner.processes import tree_linux

    TREES.append(tree_linux)

EVERY_TREE = pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.__name__.rpartition("_")[2])

# Each leaves one process behind that writes its number to a file named pid.
LEFTOVERS = {
    "background": "sleep 60 & echo $! > pid",
    "nohup": "nohup sleep 60 > /dev/null 2>&1 & echo $! > pid",
    "setsid": "setsid sh -c 'echo $$ > pid; exec sleep 60' &",
    "deaf": "trap '' TERM HUP INT; (sh -c 'echo $$ > pid; sleep 60; sleep 60') &",
    "double fork": "(setsid sh -c '(sh -c \"echo \\$\\$ > pid; exec sleep 60\") & exit 0' &)",
    "stopped": "sh -c 'echo $$ > pid; kill -STOP $$; sleep 60' &",
    "bare": "env -i /usr/bin/setsid /bin/sh -c 'echo $$ > pid; exec /bin/sleep 60' &",
}

# Each leaves processes with MARK among their arguments, and nothing else by which they could be known for long.
ESCAPES = {
    "setsid": "setsid env -i /bin/sleep MARK &",
    "env first": "env -i /usr/bin/setsid /bin/sleep MARK &",
    "double fork": "(setsid sh -c '(env -i /usr/bin/setsid /bin/sleep MARK &) & exit 0' &)",
    "closed streams": "(setsid env -i /bin/sleep MARK < /dev/null > /dev/null 2>&1 &)",
    "deaf daemon": "(setsid env -i /bin/sh -c 'trap \"\" TERM HUP INT; while :; do /bin/sleep MARK; done' "
    "< /dev/null > /dev/null 2>&1 &)",
    "chain": "(setsid env -i /bin/sh chain.sh MARK < /dev/null > /dev/null 2>&1 &)",
}
# One generation after the other, each without an environment, in a session of its own, and gone when the next one is there.
CHAIN = ": > began\n/bin/sleep 0.02\n/usr/bin/env -i /usr/bin/setsid /bin/sh chain.sh $1 &\n"

needs_setsid = pytest.mark.skipif(not shutil.which("setsid"), reason="there is no setsid program here")


def pid_in(path: Path) -> int:
    """The number that a process wrote."""
    return int(until(lambda: path.exists() and path.read_text().strip(), message=f"nothing in {path}"))


def a_mark() -> str:
    """A number of seconds that nobody else sleeps."""
    return f"7{random.randrange(10**6):06d}.{os.getpid()}"


def marked(mark: str) -> list[int]:
    """Everybody with that word among the arguments."""
    tree = native()
    return [p.pid for p in tree.everyone() if not p.ended and mark in tree.command(p.pid).split()]


def sleeps(mark: str) -> bool:
    """Whether an escape has come to its last program; before that it is still a copy of whoever started it."""
    tree = native()
    return any(tree.command(pid).startswith("/bin/sleep ") for pid in marked(mark))


# Put before a script: each process that comes from it has this lock from then on, whatever it sheds.
HOLD = "exec 9> held\nflock 9\n"


def held(folder: Path) -> bool:
    """Whether anybody is alive who comes from a script in that folder that began with HOLD."""
    with open(folder / "held", "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def gone(pid: int) -> bool:
    """Whether nobody, or a zombie only, has this number."""
    found = native().find(pid)
    return found is None or found.ended


class Nursery:
    """Processes of the test's own, killed in the end."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []

    def __call__(self, *argv: str, env: Optional[dict[str, str]] = None) -> Identity:
        """Start one."""
        process = subprocess.Popen(argv, env={"PATH": PATH, **(env or {})}, start_new_session=True)
        self.started.append(process)
        found = until(lambda: identity(process.pid))
        assert found
        return found

    def close(self) -> None:
        """End all."""
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:  # the test has ended it itself
                pass
            process.wait()


def shifted(started: str, seconds: float) -> str:
    """A start so much later, in the same notation."""
    boot, slash, number = started.rpartition("/")
    return (
        f"{boot}/{int(number) + int(seconds * os.sysconf('SC_CLK_TCK'))}"
        if slash
        else str(float(number) + seconds)
    )
