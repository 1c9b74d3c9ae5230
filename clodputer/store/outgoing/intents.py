"""The intents of a run: files in a folder of its own temporary one, which are taken from there when its processes are gone."""

# The folder lies where every sandbox lets the run write. Whatever lies there is the run's word, and is read with distrust.
from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from json import dumps
from shlex import quote
from time import time_ns
from typing import Any, NamedTuple, Optional

import clodputer
from clodputer.model.publish.intent import LARGEST, MOST, Bounds
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic
from clodputer.store.outgoing.intentplace import KEPT, path, programs
from clodputer.store.records import runs

RULES = "rules.json"
# In the run's folder: the remote as it was before the agent came.
REMOTE = "remote.json"
_END = ".json"


class Left(NamedTuple):
    """What a run has left: the JSON values of its files in the order of their names, and what could not be read, in words."""

    values: tuple[Any, ...] = ()
    problems: tuple[str, ...] = ()


def lay_out(temporary: str, bounds: Bounds) -> None:
    """Make the folder, with what the task allows, and with a `clodputer` to call. Raises OSError."""
    folder = path(temporary)
    os.mkdir(folder, 0o700)
    with open(f"{folder}/{RULES}", "x", encoding="utf-8") as file:
        file.write(dumps(bounds._asdict()))
    os.mkdir(programs(folder), 0o700)
    root = os.path.dirname(os.path.dirname(os.path.abspath(clodputer.__file__)))
    script = f"{programs(folder)}/clodputer"
    descriptor = os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f'#!/bin/sh\nPYTHONPATH={quote(root)} exec {quote(sys.executable)} -m clodputer "$@"\n')


def bounds(folder: str) -> Optional[Bounds]:
    """What the task allows, as the run was told; None where that cannot be read."""
    try:
        with open(f"{folder}/{RULES}", encoding="utf-8") as file:
            fields: dict[str, Any] = loads(file.read(LARGEST))
        for name in ("kinds", "labels"):
            fields[name] = tuple(map(str, fields[name]))
        return Bounds(**fields)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def names(folder: str) -> list[str]:
    """The names of the intents that were left so far, in their order. Raises OSError."""
    return sorted(
        name
        for name in os.listdir(folder)
        if name.endswith(_END) and name != RULES and not name.startswith(".")
    )


def leave(folder: str, fields: Mapping[str, Any]) -> str:
    """Write one down, whole or not at all; its path. Raises OSError."""
    target = f"{folder}/{time_ns():020d}-{os.getpid()}{_END}"
    atomic.create(target, dumps(fields, ensure_ascii=False).encode("utf-8", "replace") + b"\n", durable=False)
    return target


def take_back(temporary: str) -> Left:
    """All that the run has left, through no link, whatever it has put in the place of a file or of the folder."""
    try:
        opened = os.open(path(temporary), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return Left(problems=(f"the folder of its intents cannot be read: {error.strerror}",))
    values: list[Any] = []
    problems: list[str] = []
    try:
        found = sorted(
            name for name in os.listdir(opened) if name.endswith(_END) and not name.startswith(".")
        )
        found = [name for name in found if name != RULES]
        if len(found) > MOST:
            problems.append(f"it asked for {len(found)} publications, of which {MOST} are read")
        for name in found[:MOST]:
            try:
                values.append(_value(name, opened))
            except (OSError, ValueError) as error:
                problems.append(f"{name[:80]!r}: {getattr(error, 'strerror', None) or error}")
    except OSError as error:
        problems.append(f"the folder of its intents cannot be read: {error.strerror}")
    finally:
        os.close(opened)
    return Left(tuple(values), tuple(problems))


def keep(folder: str, left: Left) -> None:
    """Keep what was taken back in the run's folder, where it outlives the temporary one. Raises OSError."""
    if left != Left():
        runs.write_json(f"{folder}/{KEPT}", left._asdict(), durable=True)


def kept(folder: str) -> Left:
    """What was kept so; nothing when that cannot be read."""
    fields = runs.read_json(f"{folder}/{KEPT}") or {}
    values, problems = fields.get("values"), fields.get("problems")
    if not isinstance(values, list) or not isinstance(problems, list):
        return Left()
    return Left(tuple(values), tuple(map(str, problems)))


def _value(name: str, folder: int) -> Any:
    """What a file holds. Raises OSError, ValueError."""
    # O_NONBLOCK: of a pipe nobody is waited for.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise ValueError("it is a link, or not a regular file")
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return loads(data.decode())
