"""A watched folder as it is now: its regular files that a pattern means; nothing is opened, no link is followed."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from clodputer.model.triggers import pattern as patterns
from clodputer.model.triggers.pattern import Pattern, Reached
from clodputer.model.triggers.watch import Version

# A look at so many takes seconds, and is made at every alarm.
MOST = 200_000


class Unwatchable(Exception):
    """The folder cannot be looked at now; the message says why and what to do."""


class Listing(NamedTuple):
    """The files by their relative paths, the folder's own (device, inode), and the folders in it that cannot be read.

    single: what is watched is one file; `files` has it under its name, and `root` is of the folder that it is in.
    """

    files: dict[str, Version]
    root: tuple[int, int]
    unreadable: tuple[str, ...] = ()
    single: bool = False


def look(root: str, pattern: Pattern, apart: str, most: int = MOST) -> Listing:
    """List the files below `root`, without what lies in the folder `apart`, our own home. Raises Unwatchable."""
    try:
        found = os.stat(root)
        if stat.S_ISREG(found.st_mode):
            return _single(root, found, pattern)
        own = _identity(apart)
        listing = Listing({}, (found.st_dev, found.st_ino))
        unreadable: list[str] = []
        waiting: list[tuple[str, Reached]] = [("", patterns.begin(pattern))]
        seen = 0
        while waiting:
            folder, reached = waiting.pop()
            try:
                with os.scandir(f"{root}/{folder}") as entries:
                    for entry in entries:
                        seen += 1
                        if seen > most:
                            raise Unwatchable(
                                f"{root} has more than {most:,} files and folders to look at; "
                                "watch a smaller folder, or write a narrower pattern"
                            )
                        further = patterns.advance(pattern, reached, entry.name)
                        if further:
                            _take(entry, f"{folder}{entry.name}", pattern, further, own, listing, waiting)
            except (FileNotFoundError, NotADirectoryError):
                if not folder:
                    raise
                # It went away since the folder above it was listed.
            except OSError:
                if not folder:
                    raise
                unreadable.append(folder[:-1])
    except FileNotFoundError:
        raise Unwatchable(f"{root} does not exist; make the folder, or change path") from None
    except OSError as error:
        raise Unwatchable(f"{root} cannot be read: {error.strerror}") from None
    return listing._replace(unreadable=tuple(unreadable))


def _single(path: str, found: os.stat_result, pattern: Pattern) -> Listing:
    """One file, in place of a folder's."""
    folder, name = os.path.split(path)
    if pattern != patterns.read(["*"]):
        raise Unwatchable(f"{path} is a file, not a folder; leave pattern out to watch this file")
    return Listing({name: _version(found)}, _identity(folder), single=True)


def _version(found: os.stat_result) -> Version:
    return Version(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def _take(
    entry: os.DirEntry[str],
    path: str,
    pattern: Pattern,
    reached: Reached,
    own: tuple[int, int],
    listing: Listing,
    waiting: list[tuple[str, Reached]],
) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            if patterns.below(pattern, reached) and not _is(entry, own):
                waiting.append((f"{path}/", reached))
        elif entry.is_file(follow_symlinks=False) and patterns.whole(pattern, reached):
            listing.files[path] = _version(entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        pass  # it went away since the folder was listed


def _identity(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _is(entry: os.DirEntry[str], own: tuple[int, int]) -> bool:
    # The listing tells the inode for nothing; two file systems may number alike, so what looks the same is asked.
    return entry.inode() == own[1] and _identity(entry.path) == own
