"""A folder on a mount whose server is gone: every look at it hangs, as on a network drive, until it is taken down."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_DETACH = 2  # MNT_DETACH of umount2(2)


@contextmanager
def hung(folder: Path) -> Iterator[Path]:
    """Mount a file system at a folder whose server, which is us, never answers; skips the test where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        pytest.skip(f"no file system can be served here: {error}")
    try:
        options = f"fd={server},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
        where = os.fsencode(folder)
        if not hasattr(libc, "umount2") or libc.mount(b"hung", where, b"fuse", 0, options.encode()):
            pytest.skip(f"nothing can be mounted here: {os.strerror(ctypes.get_errno())}")
        yield folder
    finally:
        # Without its server all who wait get an error.
        os.close(server)
        if hasattr(libc, "umount2"):
            libc.umount2(os.fsencode(folder), _DETACH)
