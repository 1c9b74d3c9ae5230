"""Seals: a file for each day in which the hash of every record that is written is chained to the one before it."""

# One lock for all of them, held for as long as one line takes: runs end in several slots at once. Whoever does not get it in
# time leaves its record without a seal, which `verify-records` says; a run never waits for this.
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import gmtime, strftime, time

from clodputer.model.upkeep import chain
from clodputer.model.upkeep.chain import Seal
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.lock import Lock

# In seconds. Others hold the lock for less than a millisecond.
PATIENCE, GLANCE = 5.0, 0.002
# So much of the end of a file is looked at, in bytes: lines of runs are short, and one of what was pruned has at most 50 names.
TAIL = 32 * 1024
LARGEST = 64 * 1024 * 1024
ENDING = ".chain"
_HEADS = "heads"


def folder(home: Home) -> str:
    """Where they are."""
    return f"{home.ledger}/seals"


def seal(home: Home, task: str, run_id: str, content: bytes, patience: float = PATIENCE) -> bool:
    """Seal a record whose file has this content; whether that was done within so many seconds.

    Never raises. A repetition adds nothing.
    """
    return _append(home, Seal(0, "", f"{task}/{run_id}", chain.digest(content)), patience)


def gone(home: Home, names: Iterable[str]) -> bool:
    """Seal that these runs, `task/run id`, are pruned; whether that was done. Never raises."""
    listed = tuple(names)
    return _append(home, Seal(0, "", gone=listed), PATIENCE) if listed else True


def days(home: Home) -> list[str]:
    """The days that have a file, oldest first."""
    return sorted(name[: -len(ENDING)] for name in entries(folder(home)) if name.endswith(ENDING))


def content(home: Home, day: str) -> bytes:
    """The file of a day. Raises OSError, ValueError for what is no file."""
    return plainfile.read(f"{folder(home)}/{day}{ENDING}", LARGEST).content


def heads(home: Home) -> list[tuple[str, str]]:
    """The heads of days whose files were tidied away, oldest first."""
    try:
        text = plainfile.read(f"{folder(home)}/{_HEADS}", LARGEST).content.decode("ascii", "replace")
    except (OSError, ValueError):
        return []
    words = (line.split() for line in text.split("\n"))
    return sorted((found[0], found[1]) for found in words if len(found) >= 2)


def tidy(home: Home, kept: Iterable[str], today: str) -> int:
    """Keep of each earlier day, none of whose runs is there any more, only its head; how many went. Raises OSError.

    kept: the runs that are there, `task/run id`. Killed at any point, the next one goes on.
    """
    there = set(kept)
    known = dict(heads(home))
    done = 0
    for day in days(home):
        if day >= today:
            continue
        try:
            read = chain.read(content(home, day))
        except ValueError:
            continue
        if not read.head or any(one.run in there for _, one in read.seals):
            continue
        with alone(home) as held:
            if not held:
                return done
            known[day] = f"{read.head}"
            lines = "".join(f"{each} {head}\n" for each, head in sorted(known.items()))
            atomic.write(f"{folder(home)}/{_HEADS}", lines.encode())
            atomic.remove(f"{folder(home)}/{day}{ENDING}")
        done += 1
    return done


@contextmanager
def alone(home: Home, patience: float = PATIENCE) -> Iterator[bool]:
    """Hold the lock of all writers; whether that was had within so many seconds. Raises OSError."""
    os.makedirs(folder(home), mode=0o700, exist_ok=True)
    lock = Lock(f"{folder(home)}/.lock")
    try:
        yield lock.wait(patience, GLANCE)
    finally:
        lock.release()


def _append(home: Home, new: Seal, patience: float) -> bool:
    try:
        with alone(home, patience) as held:
            return held and _written(home, new)
    except OSError:
        return False  # a full disk, say: the record is there, and what is missing here is found later


def _written(home: Home, new: Seal) -> bool:
    today = strftime("%Y-%m-%d", gmtime(time()))
    path = f"{folder(home)}/{today}{ENDING}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, TAIL, max(0, size - TAIL))
        before, number = chain.last(tail)
        if not before:
            before = _head(home, today)
        line = chain.line(new._replace(before=before, number=number + 1))
        if new.run and any(
            one is not None and (one.run, one.record) == (new.run, new.record)
            for one in map(chain.parse, tail.split(b"\n"))
        ):
            return True
        # What a power cut has left of a line stays, as a line of its own.
        line = line if not tail or tail.endswith(b"\n") else b"\n" + line
        if os.write(descriptor, line) < len(line):
            os.ftruncate(descriptor, size)
            return False
        return True
    finally:
        os.close(descriptor)


def _head(home: Home, today: str) -> str:
    """The hash of the last line before today."""
    for day in reversed([day for day in days(home) if day < today]):
        path = f"{folder(home)}/{day}{ENDING}"
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            before, _ = chain.last(os.pread(descriptor, TAIL, max(0, size - TAIL)))
        finally:
            os.close(descriptor)
        if before:
            return before
    known = [head for day, head in heads(home) if day < today]
    return known[-1] if known else chain.NOTHING
