"""Files that were read and checked once, kept as JSON until the file or the program changes."""

# Little is imported: this is what spares every run the import of yaml and pydantic.
from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from json import dumps
from typing import Any

from clodputer.model.text.jsontext import loads
from clodputer.store.files import plainfile
from clodputer.store.home import Home

# Two writes within one tick of the kernel's clock (at most 10 ms) have the same mtime. A file as young
# as that may still change without a trace, so it is read again next time. Some file systems count seconds.
YOUNG_NS = 15_000_000
YOUNG_IN_SECONDS_NS = 2_000_000_000
# A task file has at most 1 MiB, and its entry not much more.
LARGEST = 16 * 1024 * 1024


def get(home: Home, path: str, version: str, load: Callable[[], tuple[Any, bool]]) -> Any:
    """The JSON value kept for `path`, or else what `load` returns: the value, and whether it may be kept.

    An entry that is missing, damaged, foreign or older than the file or the program is a miss, never an error.
    Whatever `load` raises is passed on.
    """
    before = _key(path, version)
    kept = _read(home, path, before)
    if kept is not None:
        return kept[0]
    entry = _entry(home, path)
    temporary = f"{entry}.{os.getpid()}.tmp"
    clock = _touch(temporary)
    try:
        value, keep = load()
        if keep and before is not None and clock is not None and _old(before[1], clock):
            # Edited while it was being read: what was read may be half of each.
            if _key(path, version) == before:
                _write(temporary, entry, [*before, value])
        return value
    finally:
        _remove(temporary)


def find(home: Home, path: str, version: str) -> Any:
    """The JSON value kept for `path`, or None."""
    kept = _read(home, path, _key(path, version))
    return None if kept is None else kept[0]


@lru_cache(maxsize=8)
def program(*files: str) -> str:
    """A version for the rules in these files of the package: it changes whenever one of them does.

    A folder, whose name ends with `/`, stands for the modules in it and below it. Looked up once in each process: what that has
    imported stays what it was.
    """
    package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    try:
        found = [status for file in files for status in _stats(f"{package}/{file}")]
    except OSError:
        # Inside an archive; such a program is replaced as a whole, and its cache with it.
        return "archive"
    return " ".join(f"{status.st_mtime_ns}/{status.st_size}" for status in found)


def _stats(path: str) -> list[os.stat_result]:
    if not path.endswith("/"):
        return [os.stat(path)]
    modules = [
        f"{folder}/{name}" for folder, _, names in os.walk(path) for name in names if name.endswith(".py")
    ]
    return [os.stat(module) for module in sorted(modules)]


def _key(path: str, version: str) -> list[Any] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return [path, status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns, version]


def _entry(home: Home, path: str) -> str:
    """Where the value is kept; unlike paths may share a place, since the entry holds the path as well."""
    name = os.path.relpath(path, home.root).replace("/", "%")
    return f"{home.cache}/{name}.json"


def _read(home: Home, path: str, key: list[Any] | None) -> list[Any] | None:
    if key is None:
        return None
    try:
        entry = loads(plainfile.read(_entry(home, path), LARGEST).content.decode())
    except (OSError, ValueError, RecursionError):
        return None
    if isinstance(entry, list) and len(entry) == len(key) + 1 and entry[:-1] == key:
        return entry[-1:]
    return None


def _touch(temporary: str) -> int | None:
    """Make the new entry's file, and tell the time by it: the clock that stamps the files is the one that counts."""
    try:
        os.makedirs(os.path.dirname(temporary), mode=0o700, exist_ok=True)
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            return os.fstat(file).st_mtime_ns
        finally:
            os.close(file)
    except (OSError, ValueError):
        return None


def _old(modified: int, now: int) -> bool:
    return now - modified > (YOUNG_NS if modified % 1_000_000_000 else YOUNG_IN_SECONDS_NS)


def _write(temporary: str, entry: str, content: list[Any]) -> None:
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(dumps(content))
        os.replace(temporary, entry)
    except (OSError, ValueError):
        pass  # It is only a cache.


def _remove(temporary: str) -> None:
    try:
        os.unlink(temporary)
    except (OSError, ValueError):
        pass
