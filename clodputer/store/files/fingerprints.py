"""Fingerprints of files: everything that patterns mean, hashed and perhaps copied, within bounds; no file is written to."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.proof.guards import UNREADABLE, Meant, Seen
from clodputer.model.triggers import pattern as patterns
from clodputer.model.triggers.pattern import Pattern, Reached
from clodputer.store.files import atomic

_CHUNK = 1 << 20
# `**` does not lead into it: git itself writes there all the time.
_GIT = ".git"


class Bounds(NamedTuple):
    """How many files there may be, how much is looked at to find them, and how many bytes are hashed, and copied."""

    files: int = 20_000
    entries: int = 200_000
    hashed: int = 1024 * 1024 * 1024
    copied: int = 64 * 1024 * 1024


BOUNDS = Bounds()


class Taken(NamedTuple):
    """The files by their absolute paths; and which of them were copied, by the names of their copies."""

    files: dict[str, Seen]
    copies: dict[str, str]


class _Way(NamedTuple):
    """A folder on the way. reached: None when everything below is meant."""

    path: str
    pattern: Pattern
    reached: Optional[Reached]


def take(places: Iterable[Meant], copies: str = "", *, strict: bool = True, bounds: Bounds = BOUNDS) -> Taken:
    """The files that are meant now, also those of which only a link is left. copies: the folder for their copies, if wanted.

    strict: raise ClodputerError for what cannot be read; else it is `unreadable`. Raises ClodputerError beyond the bounds,
    and OSError when a copy cannot be written.
    """
    taken = Taken({}, {})
    hashed = copied = 0
    for path in _paths(places, strict, bounds.entries):
        if path in taken.files:
            continue
        if len(taken.files) >= bounds.files:
            raise _too_much(f"more than {bounds.files:,} files match")
        seen = _seen(path, bounds.hashed - hashed, strict)
        taken.files[path] = seen
        hashed += seen.size
        if copies and seen.kind == "file" and copied + seen.size <= bounds.copied:
            name = str(len(taken.copies))
            if _copy(path, f"{copies}/{name}", seen):
                taken.copies[path] = name
                copied += seen.size
    return taken


def to_json(taken: Taken) -> dict[str, Any]:
    """As JSON, for another process."""
    return {"files": {path: list(seen) for path, seen in taken.files.items()}, "copies": taken.copies}


def from_json(fields: dict[str, Any]) -> Taken:
    """What `to_json` wrote. Raises TypeError, KeyError or AttributeError for anything else."""
    return Taken({path: Seen(*seen) for path, seen in fields["files"].items()}, dict(fields["copies"]))


def fingerprint(path: str) -> Optional[Seen]:
    """One file as it is; None when there is none. Raises ClodputerError for one that is too large."""
    return _seen(path, BOUNDS.hashed, strict=False) if os.path.lexists(path) else None


def _too_much(what: str) -> ClodputerError:
    return ClodputerError(
        "not_started",
        f"protect: {what}, and a run is not started when its files cannot all be looked at",
        "Write narrower patterns.",
    )


def _paths(places: Iterable[Meant], strict: bool, most: int) -> Iterator[str]:
    looked = 0
    for root, text in places:
        plain = patterns.read([text])
        # Other than in a shell, a name may begin with a dot: what is to be protected must not be left out for that.
        pattern = tuple(one._replace(hidden=(True,) * len(one.hidden)) for one in plain)
        waiting = [_Way(root, pattern, patterns.begin(pattern))]
        while waiting:
            way = waiting.pop()
            for entry in _entries(way.path, strict):
                looked += 1
                if looked > most:
                    raise _too_much(f"more than {most:,} files and folders have to be looked at")
                further = way.reached
                if further is not None:
                    by = plain if entry.name == _GIT else pattern
                    further = patterns.advance(by, further, entry.name)
                    if not further:
                        continue
                whole = further is None or patterns.whole(pattern, further)
                if entry.is_dir(follow_symlinks=False):
                    if whole or (further and patterns.below(pattern, further)):
                        waiting.append(_Way(entry.path, pattern, None if whole else further))
                elif whole:
                    yield entry.path


def _entries(folder: str, strict: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        if strict:
            raise _unreadable(folder, error) from None
        return []


def _unreadable(path: str, error: OSError) -> ClodputerError:
    return ClodputerError(
        "not_started",
        f"protect: {path} cannot be read ({error.strerror}), so it could not be seen whether a run changes it",
        "Make it readable, or leave it out of the patterns.",
    )


def _seen(path: str, most: int, strict: bool) -> Seen:
    try:
        found = os.lstat(path)
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISREG(found.st_mode):
            digest, size = _hashed(path, most, os.O_NOFOLLOW)
            return Seen("file", mode, digest, "", size)
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(path)
            with suppress(OSError):
                if stat.S_ISREG(os.stat(path).st_mode):
                    digest, size = _hashed(path, most, 0)
                    return Seen("link", 0, digest, target, size)
            return Seen("link", 0, "", target)
        return Seen(f"other {stat.S_IFMT(found.st_mode):o}", mode)
    except OSError as error:
        if strict:
            raise _unreadable(path, error) from None
        return Seen(UNREADABLE)


def _hashed(path: str, most: int, flags: int) -> tuple[str, int]:
    """The hash of a regular file's content, and its size. Raises OSError, ClodputerError."""
    from hashlib import blake2b

    # Without waiting: what was a file a moment ago may be a pipe that nobody writes to.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    try:
        found, size = blake2b(digest_size=16), 0
        while True:
            some = os.read(descriptor, _CHUNK)
            if not some:
                return found.hexdigest(), size
            found.update(some)
            size += len(some)
            if size > most:
                raise _too_much(f"the files that match have more than {BOUNDS.hashed // 1024**2:,} MB in all")
    finally:
        os.close(descriptor)


def _copy(path: str, target: str, seen: Seen) -> bool:
    """Copy a file as it was seen; whether it was still so. Raises OSError when the copy cannot be written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        size = 0
        while size <= seen.size:
            some = os.read(descriptor, _CHUNK)
            if not some:
                break
            atomic.write_all(writer, some)
            size += len(some)
    finally:
        os.close(descriptor)
        os.close(writer)
    same = _hashed(target, BOUNDS.hashed, os.O_NOFOLLOW)[0] == seen.digest
    if not same:
        os.unlink(target)
    return same
