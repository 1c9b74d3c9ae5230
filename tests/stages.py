"""A folder that is set up once for the many steps of a test, and put back as it was before each of them."""

# To set up a home costs as much as to run an exec in it, mostly for the first check of its task file.
from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from shutil import rmtree
from typing import Callable, NamedTuple, TypeVar, Union

Made = TypeVar("Made")


class Kept(NamedTuple):
    """A regular file as it was. same: what changes when it is written again, or is another file."""

    content: bytes
    mode: int
    modified: int
    same: tuple[int, int, int]


# By its path: a file, the target of a link, or the mode of a folder.
Snapshot = dict[str, Union[Kept, str, int]]


def at_each(steps: Iterable[int], folder: Path, set_up: Callable[[Path], Made]) -> Iterator[tuple[int, Made]]:
    """Each step with what `set_up` made of the folder, for which it is called once.

    Only for steps that leave no process behind which could write into the folder later.
    """
    made = set_up(folder)
    before = taken(folder)
    for step in steps:
        yield step, made
        put_back(folder, before)


def taken(folder: Path) -> Snapshot:
    """What is below a folder, the folders before what they hold."""
    found: Snapshot = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = f"{place}/{name}"
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found[path] = os.readlink(path)
            elif stat.S_ISDIR(status.st_mode):
                found[path] = stat.S_IMODE(status.st_mode)
            else:
                found[path] = Kept(
                    Path(path).read_bytes(),
                    stat.S_IMODE(status.st_mode),
                    status.st_mtime_ns,
                    _same(status),
                )
    return found


def put_back(folder: Path, before: Snapshot) -> None:
    """Make the folder what it was: files that are still the same stay in their place, so that caches of them hold."""
    for place, folders, files in os.walk(folder):
        for name in list(folders):
            path = f"{place}/{name}"
            if path not in before:
                folders.remove(name)
                os.unlink(path) if os.path.islink(path) else rmtree(path)
        for name in files:
            if f"{place}/{name}" not in before:
                os.unlink(f"{place}/{name}")
    for path, kept in before.items():
        if isinstance(kept, int):
            os.makedirs(path, exist_ok=True)
            os.chmod(path, kept)
        elif isinstance(kept, str):
            if not os.path.islink(path):
                os.symlink(kept, path)
        elif not os.path.exists(path) or _same(os.stat(path)) != kept.same:
            Path(path).write_bytes(kept.content)
            os.chmod(path, kept.mode)
            os.utime(path, ns=(kept.modified, kept.modified))


def _same(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size
