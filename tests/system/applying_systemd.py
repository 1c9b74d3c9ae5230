"""Apply pickled units to systemd and be killed right before step N: python applying_systemd.py PICKLE N."""

from __future__ import annotations

import os
import pickle
import signal
import sys

from clodputer.schedulers import systemd
from clodputer.schedulers.unit import changes

STEPS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "subprocess.Popen"}


def main(path: str, last: int) -> None:
    """Print how many steps there were, if we lived to see the end."""
    with open(path, "rb") as file:
        frame, units = pickle.load(file)  # noqa: S301
    steps = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if event in STEPS:
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)

    found = systemd.inspect(frame)
    sys.addaudithook(count)
    systemd.apply(frame, changes(units, found), lambda change: None)
    print(steps)


main(sys.argv[1], int(sys.argv[2]))
