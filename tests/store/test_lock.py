"""The lock excludes others, is not inherited, and is the same as filelock's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from clodputer.store.lock import Lock
from tests.wait import until


def test_only_one_holds_it(tmp_path: Path) -> None:
    """A second holder is refused at once, and succeeds after the release."""
    path = str(tmp_path / "lock")
    with Lock(path) as first, Lock(path) as second:
        assert (first, second) == (True, False)
    with Lock(path) as again:
        assert again


def test_it_and_filelock_exclude_each_other(tmp_path: Path) -> None:
    """Whoever waits by filelock sees the lock that `exec` took by flock, and the other way round."""
    path = str(tmp_path / "lock")
    with Lock(path):
        try:
            FileLock(path).acquire(timeout=0)
        except Timeout:
            refused = True
        else:
            refused = False
    assert refused
    with FileLock(path, timeout=0), Lock(path) as held:
        assert not held


def test_the_file_stays(tmp_path: Path) -> None:
    """The file is never unlinked: two holders could otherwise lock two inodes of one name."""
    with Lock(str(tmp_path / "lock")):
        inode = (tmp_path / "lock").stat().st_ino
    assert (tmp_path / "lock").stat().st_ino == inode


def try_it(path: str) -> bool:
    """Whether the lock can be had now."""
    with Lock(path) as held:
        return held


def test_a_leaked_child_does_not_hold_it(tmp_path: Path) -> None:
    """What we start while holding the lock does not hold it after us."""
    path = str(tmp_path / "lock")
    with Lock(path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:
        # The kernel lets us go on a moment before it has closed the child's copies.
        until(lambda: try_it(path))
    finally:
        child.communicate(b"\n")


def test_it_is_waited_for(tmp_path: Path) -> None:
    """Until its holder lets go, or no longer than one has patience."""
    path = str(tmp_path / "lock")
    script = "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, 2); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-S", "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdout.readline()
    lock = Lock(path)
    assert not lock.wait(0.05)
    holder.stdin.close()
    assert lock.wait(100)
    lock.release()
    assert holder.wait(100) == 0
    holder.stdout.close()
