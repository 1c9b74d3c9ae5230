"""Which boot of the computer this is: a name that changes with every start."""

from __future__ import annotations

import os

BOOT_ID = "/proc/sys/kernel/random/boot_id"


def quick() -> str:
    """The name, found with `os` alone; empty where that cannot be done (macOS)."""
    try:
        descriptor = os.open(BOOT_ID, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 64).decode("ascii", "replace").strip()
    finally:
        os.close(descriptor)


def identity() -> str:
    """The name, asked of the system by a program where it must be; empty when it is not known."""
    return quick() or _of_sysctl()


def _of_sysctl() -> str:
    from subprocess import DEVNULL, PIPE, run

    try:
        answer = run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"],
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=DEVNULL,
            timeout=10,
            check=False,
        )
    except (OSError, ValueError):
        return ""
    return answer.stdout.decode("ascii", "replace").strip().lower()
