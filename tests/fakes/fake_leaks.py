"""Processes that the fake claude leaves behind, each as hard to find as a kind seen in the wild."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Callable

# The leaked process says where it is only when it is up, and goes by itself in the end should a test forget it.
CODE = """
import os, signal, sys
if sys.argv[2] == "stubborn":
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
signal.alarm(300)
with open(sys.argv[1] + ".part", "w") as marker:
    marker.write(str(os.getpid()))
os.rename(sys.argv[1] + ".part", sys.argv[1])
while True:
    signal.pause()
"""


def command(marker: str, manner: str = "polite") -> list[str]:
    return [sys.executable, "-S", "-c", CODE, marker, manner]


def _start(marker: str, manner: str = "polite", session: bool = False, clean: bool = False) -> None:
    subprocess.Popen(
        command(marker, manner),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=session,
        env={} if clean else None,
    )


def plain(marker: str) -> None:
    """A child of our process group."""
    _start(marker)


def stubborn(marker: str) -> None:
    """A child of our process group that ignores SIGTERM."""
    _start(marker, "stubborn")


def holding(marker: str) -> None:
    """A child that keeps our stdout and stderr open."""
    subprocess.Popen(command(marker), stdin=subprocess.DEVNULL)


def setsid(marker: str) -> None:
    """A child in a session of its own."""
    _start(marker, session=True)


def cleanenv(marker: str) -> None:
    """A stubborn child in a session of its own and with an empty environment: no marker is left on it."""
    _start(marker, "stubborn", session=True, clean=True)


def nohup(marker: str) -> None:
    """What `nohup cmd &` in a Bash tool leaves: the session of a shell that is gone."""
    shell = ["/bin/sh", "-c", 'nohup "$@" >/dev/null 2>&1 &', "sh", *command(marker)]
    subprocess.run(shell, stdin=subprocess.DEVNULL, start_new_session=True, check=False)


def doublefork(marker: str) -> None:
    """A daemon: forked twice, own session, no parent of ours."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            os.execv(sys.executable, command(marker))  # noqa: S606
        os._exit(0)
    os.wait()


KINDS: dict[str, Callable[[str], None]] = {
    kind.__name__: kind for kind in (plain, stubborn, holding, setsid, cleanenv, nohup, doublefork)
}


def leak(kind: str, marker: str) -> None:
    """Leave a process of this kind behind; it is up, with its pid in `marker`, when we return."""
    KINDS[kind](marker)
    deadline = time.monotonic() + 20
    while not os.path.exists(marker):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the leaked process never came up: {marker}")
        time.sleep(0.005)
