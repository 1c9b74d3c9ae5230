"""What a killed writer has left beside a file is removed by the next one: known by its name, its owner and how it begins."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from itertools import islice

# So many names of a folder are looked at: it may be anybody's, with anything in it.
MOST = 100_000
# A process id has no more digits.
_DIGITS = 10


def forget(path: str, beginning: bytes) -> None:
    """Remove the files that `atomic.write` began for `path` in processes that are no more. Never raises.

    beginning: the first bytes of what is written there; a file that begins otherwise is not ours.
    """
    folder, name = os.path.split(path)
    with suppress(OSError), os.scandir(folder) as found:
        for entry in islice(found, MOST):
            number = entry.name[len(name) + 2 :]
            if (
                entry.name == f".{name}.{number}"
                and number.isdecimal()
                and len(number) <= _DIGITS
                and _left(entry.path, int(number), beginning)
            ):
                with suppress(OSError):
                    os.unlink(entry.path)


def _left(path: str, process: int, beginning: bytes) -> bool:
    """Whether this is a file of ours whose writer is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink != 1:
            return False
        return beginning.startswith(os.read(descriptor, len(beginning))) and _gone(process)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
