"""Root without its right to go past permissions, for tests of what is closed: build machines often run as root."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# capabilities(7), capset(2), prctl(2).
VERSION_3 = 0x20080522
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
PR_GET_SECUREBITS, PR_SET_SECUREBITS = 27, 28
NOROOT, NO_SETUID_FIXUP = 0x01, 0x04


@contextmanager
def mortal() -> Iterator[bool]:
    """Whether permissions count meanwhile, for this thread and for whatever it starts: always, but for some containers."""
    if os.geteuid() != 0:
        yield True
        return
    if sys.platform != "linux":
        yield False
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", VERSION_3, 0)
    kept = ctypes.create_string_buffer(24)  # effective, permitted, inheritable; twice, for 64 bits
    before = libc.prctl(PR_GET_SECUREBITS, 0, 0, 0, 0)
    # Programs that we start would get it all back for being root, and so would access(2).
    if (
        libc.capget(header, kept) != 0
        or libc.prctl(PR_SET_SECUREBITS, before | NOROOT | NO_SETUID_FIXUP, 0, 0, 0) != 0
    ):
        yield False
        return
    words = list(struct.unpack("6I", kept.raw))
    words[0] &= ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH)
    try:
        yield libc.capset(header, struct.pack("6I", *words)) == 0
    finally:
        libc.capset(header, kept)
        libc.prctl(PR_SET_SECUREBITS, before, 0, 0, 0)
