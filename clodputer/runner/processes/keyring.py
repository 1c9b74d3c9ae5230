"""The kernel's keyring of the session: what is started in a sandbox gets an empty one in place of the person's."""

from __future__ import annotations

import ctypes
import os

JOIN_SESSION_KEYRING = 1
# The number of keyctl(2), for which the C library has no function.
NUMBERS = {
    "x86_64": 250,
    "aarch64": 219,
    "riscv64": 219,
    "ppc64le": 271,
    "s390x": 280,
    "armv7l": 311,
    "i686": 288,
}


def leave() -> None:
    """Have an empty one from now on, and so all that this process starts; nothing where there are no keyrings."""
    number = NUMBERS.get(os.uname().machine)
    if number is not None:
        ctypes.CDLL(None).syscall(number, JOIN_SESSION_KEYRING, None)
