"""Which files are logs, and which are older parts of a log that was rotated."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

MOST_FILES = 500
# Compressed parts of a log that was rotated end so; the others cannot be read, and are no logs themselves.
PACKED = (".gz",)
_UNREADABLE = (".bz2", ".xz", ".zst", ".zip", ".lz4", ".Z", ".lzma", ".br")
# What rotating puts behind a name, or before its ending: `.1`, `-20261128`, `.2026-11-28_03`, `.old`.
_ROTATED = re.compile(r"(?:[._-](?:[0-9][0-9TZ:._+-]*|old|bak|prev|previous|last|save)|~)+")
_NUMBER = re.compile(r"[._-]([0-9]{1,4})")
# Before what rotating has put into a name stands one of these.
_CUT = re.compile(r"[._~-]")


class Part(NamedTuple):
    """An older part of a log, as a look at its folder found it. modified: epoch seconds."""

    path: str
    device: int
    inode: int
    modified: float


def paths(written: Iterable[str], apart: str) -> tuple[list[str], list[str]]:
    """The logs that files, globs and folders (all that ends with `.log` in them) amount to; and what is wrong, in words.

    What lies in the folder `apart`, our own home, is never among them: it would bring itself in. Rotated ones are left out.
    """
    found: dict[str, None] = {}
    real: dict[str, bool] = {}
    troubles = []
    for text in written:
        try:
            names = _names(text)
        except OSError as error:
            troubles.append(f"{text} cannot be read: {error.strerror or error}")
            continue
        if names is None:
            troubles.append(f"{text} does not exist")
            continue
        for name in names:
            if _is_log(name) and not _lies_in(name, apart, real):
                found[name] = None
    # Of `app.log*` the rotated ones are followed as what the log itself was.
    logs = [name for name in found if not any(log in found for log in _whose(name))]
    if len(logs) > MOST_FILES:
        troubles.append(
            f"there are {len(logs):,} logs, and {MOST_FILES} of them are followed, those written to last"
        )
        logs = sorted(logs, key=_modified, reverse=True)[:MOST_FILES]
    return logs, troubles


def older(log: str, current: os.stat_result, inode: int, apart: str) -> list[Part]:
    """The older parts of a log, the oldest first, without the file `current` that bears its name. Raises OSError.

    They are known by their names; the one with that inode, which the log had at the last look, by that alone.
    """
    found: dict[str, tuple[tuple[int, int, str], Part]] = {}
    # Of a link, what it leads to is rotated where that is.
    for place in dict.fromkeys((log, os.path.realpath(log))):
        folder, base = os.path.split(place)
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                if not (entry.inode() == inode or _rest(entry.name, base)):
                    continue
                try:
                    status = entry.stat()
                except OSError:
                    continue
                if not stat.S_ISREG(status.st_mode) or os.path.samestat(status, current):
                    continue
                if entry.name.endswith(_UNREADABLE) or is_in(entry.path, apart):
                    continue
                part = Part(entry.path, status.st_dev, status.st_ino, status.st_mtime)
                found[entry.path] = (_age(entry.name, base, status), part)
    # While one is being compressed, and just after, both forms of it are there.
    whole = {path for path in found if not path.endswith(PACKED)}
    ordered = sorted(
        (age, part) for path, (age, part) in found.items() if path in whole or _bare(path) not in whole
    )
    return [part for _, part in ordered][-MOST_FILES:]


def is_in(path: str, folder: str) -> bool:
    """Whether a path leads into a folder, after all links; never for an empty one."""
    if not folder:
        return False
    real, own = os.path.realpath(path), os.path.realpath(folder)
    return real == own or real.startswith(f"{own}/")


def _lies_in(path: str, apart: str, known: dict[str, bool]) -> bool:
    """The same as `is_in`, for many files of one folder; known: which folders are in it."""
    if os.path.islink(path):
        return is_in(path, apart)
    folder = os.path.dirname(path) or "."
    if folder not in known:
        known[folder] = is_in(folder, apart)
    return known[folder]


def _names(text: str) -> Optional[list[str]]:
    if os.path.isdir(text):
        return sorted(f"{text.rstrip('/')}/{name}" for name in os.listdir(text) if name.endswith(".log"))
    if os.path.lexists(text):
        return [text]
    return sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else None


def _is_log(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and not path.endswith(PACKED + _UNREADABLE)
    except OSError:
        return False


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _whose(path: str) -> Iterator[str]:
    """The logs, in the same folder, of which a path may be an older part by its name."""
    whole = os.path.basename(path)
    head, name = path[: len(path) - len(whole)], _bare(whole)
    ending = os.path.splitext(name)[1]
    for cut in _CUT.finditer(name):
        for base in (name[: cut.start()], name[: cut.start()] + ending):
            if base != name and _rest(name, base):
                yield head + base


def _rest(name: str, base: str) -> str:
    """What rotating has added to the name of a log: `.1`, `-20261128`, `-2026-11-28`; empty for any other name."""
    name = _bare(name)
    stem, ending = os.path.splitext(base)
    rest = name[len(base) :] if name.startswith(base) else ""
    if not rest and ending and name.startswith(stem) and name.endswith(ending) and name != base:
        rest = name[len(stem) : len(name) - len(ending)]
    # A number, a date or such a word; `app-worker.log` is another log.
    return rest if _ROTATED.fullmatch(rest) else ""


def _bare(name: str) -> str:
    for ending in PACKED:
        name = name.removesuffix(ending)
    return name


def _age(name: str, base: str, status: os.stat_result) -> tuple[int, int, str]:
    """What orders parts, the oldest first: compressing keeps the time of the last write, and `.2` is older than `.1`."""
    number = _NUMBER.fullmatch(_rest(name, base))
    return status.st_mtime_ns, -int(number[1]) if number else 0, name
