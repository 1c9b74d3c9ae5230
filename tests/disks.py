"""Small disks of their own for tests, filled to the last page."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clodputer.store.home import Home

PAGE = 4096


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A file system of its own at `place`; only root can, and not in every container."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(place)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def ask_for_no_room(home: Home) -> None:
    """Let runs begin when only a page is left; by default they wait until much more of the disk is free."""
    Path(home.config).write_text("require: {disk_free: 1KB}\n")


def fill(disk: Path, left: int = 0) -> Path:
    """Fill it but for so many pages; the file that does so."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    ballast.write_bytes(b"x" * max(0, free - left * PAGE))
    return ballast
