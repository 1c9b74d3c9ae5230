"""One folder put in the place of another in one step, so that at every moment one of the two is there."""

from __future__ import annotations

import ctypes
import errno
import os
import sys

# linux/fcntl.h and sys/stdio.h of macOS.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_RENAME_SWAP = 2
# What file systems and kernels answer that cannot do it.
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


def put_in_place(new: str, place: str, aside: str) -> str:
    """Move the folder `new` to `place`; where the one is now that was there, `aside` unless that cannot be.

    Killed in between, the old one is at `place` or at `new`. Where the file system cannot exchange two folders, there is a
    moment in which `place` is empty and both lie beside it. Raises OSError; then nothing has changed.
    """
    if not os.path.isdir(place) or not os.listdir(place):
        os.rename(new, place)
        _sync(place)
        return ""
    try:
        exchange(new, place)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        os.rename(place, aside)
        try:
            os.rename(new, place)
        except OSError:
            os.rename(aside, place)
            raise
        _sync(place)
        return aside
    try:
        os.rename(new, aside)
    except OSError:
        return new
    _sync(place)
    return aside


def exchange(one: str, other: str) -> None:
    """Exchange two folders. Raises OSError, also where that is not possible."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            status = library.renamex_np(first, second, _RENAME_SWAP)
        else:
            status = library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), one) from None
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), one)


def _sync(place: str) -> None:
    descriptor = os.open(os.path.dirname(place), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
