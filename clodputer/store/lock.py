"""The right to do something, held as a flock on a file that is never unlinked."""

# Only `fcntl`, `os` and `time`: filelock is flock underneath, but importing it costs four bare interpreters, and `exec` asks
# for its locks before it knows whether there is anything to do. `tests/store/test_lock.py` shows that the two exclude each
# other. Unlinking a lock file would let two holders lock two different inodes under one name, so nobody does.
from __future__ import annotations

import fcntl
import os
from time import monotonic, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Lock:
    """A lock that is tried once: `with Lock(path) as held: if held: ...`; or waited for as long as somebody has patience.

    The kernel releases it when we die, however we die. Its descriptor is not inherited by what we start: a leaked child
    would otherwise lock a lane forever.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1

    @property
    def descriptor(self) -> int:
        """The open file of a lock that is ours, for a child that is to hold it as well; -1 when it is not."""
        return self._descriptor

    def acquire(self, *, shared: bool = False) -> bool:
        """Try once; True when the lock is ours now. Raises OSError when the file cannot be made.

        shared: others may hold it as well, who also only share it.
        """
        # Never through a link: the lock of a repository lies where runs can write.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError as error:  # such as ENOLCK on a network file system
            os.close(descriptor)
            raise OSError(error.errno, error.strerror, self.path) from None
        self._descriptor = descriptor
        return True

    def wait(
        self, seconds: float, glance: float = 0.01, meanwhile: Callable[[], object] | None = None
    ) -> bool:
        """Try every `glance` seconds, for so many seconds; True when the lock is ours now.

        meanwhile: called between two tries; what it raises ends the waiting. Raises OSError as `acquire` does.
        """
        give_up = monotonic() + seconds
        while not self.acquire():
            if monotonic() > give_up:
                return False
            if meanwhile is not None:
                meanwhile()
            sleep(glance)
        return True

    def share(self) -> None:
        """Let others share a lock that is ours. Raises OSError."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def release(self) -> None:
        """Give it back, if it is ours."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
