"""The outbox: letters that wait to be sent, under names that say when; those given up lie in `dead/`."""

# A name is `<due, in epoch milliseconds>.<id>.json`, so that an `exec` with nothing to send reads only names. The name
# `<when>.<log>.look` says when to look for something to tell although nothing happens, and how far the log was read then
# (store/spool/idle.py reads both).
from __future__ import annotations

import os
from collections.abc import Iterator
from json import dumps
from typing import NamedTuple

from clodputer.model.notify.letter import Letter, from_json, to_json
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries, touch
from clodputer.store.home import Home
from clodputer.store.spool.idle import LOOK, NEVER, is_due, letters

LARGEST = 256 * 1024
# Of more dead letters the oldest are removed.
MOST_DEAD = 1000
_ENDING = ".json"


class Waiting(NamedTuple):
    """A letter that waits, under its name."""

    name: str
    letter: Letter


def put(home: Home, letter: Letter) -> None:
    """Put a letter into the outbox, for good; one that exists already stays as it is. Raises OSError."""
    os.makedirs(home.outbox, mode=0o700, exist_ok=True)
    path = f"{home.outbox}/{_name(letter)}"
    if not os.path.lexists(path):
        atomic.write(path, _bytes(letter))


def name_of(letter: Letter) -> str:
    """The name of a letter's file, which says when it is due."""
    return _name(letter)


def move_in(home: Home, path: str, name: str) -> None:
    """Move a letter that was written elsewhere on the same file system into the outbox. Raises OSError."""
    os.makedirs(home.outbox, mode=0o700, exist_ok=True)
    os.rename(path, f"{home.outbox}/{name}")


def replace_waiting(home: Home, letter: Letter) -> None:
    """Put a letter, and take away those that wait under the same id: they say what is no longer so. Raises OSError."""
    put(home, letter)
    for name in names(home):
        if _id(name) == letter.id and name != _name(letter):
            atomic.remove(f"{home.outbox}/{name}")


def withdraw(home: Home, letter_id: str) -> None:
    """Take away what waits under that id. Raises OSError."""
    for name in names(home):
        if _id(name) == letter_id:
            atomic.remove(f"{home.outbox}/{name}")


def names(home: Home) -> list[str]:
    """The names of all letters that wait, the one that is due first before the others."""
    return sorted(name for name in letters(home) if name.endswith(_ENDING) and _due(name) >= 0)


def due_names(home: Home, now: float) -> list[str]:
    """Those that are due at `now` (epoch seconds)."""
    return [name for name in names(home) if is_due(home, name, now)]


def read(home: Home, name: str) -> Letter | None:
    """The letter of that name; None when it is gone, or is no letter."""
    return _read(f"{home.outbox}/{name}")


def waiting(home: Home) -> Iterator[Waiting]:
    """Every letter that waits, the one that is due first before the others."""
    for name in names(home):
        letter = read(home, name)
        if letter is not None:
            yield Waiting(name, letter)


def sent(home: Home, name: str) -> None:
    """Take away a letter that was delivered. Raises OSError."""
    atomic.remove(f"{home.outbox}/{name}")


def postpone(home: Home, name: str, letter: Letter) -> None:
    """Keep a letter for another try at `letter.due`, with what it says of the last one. Raises OSError.

    One that was taken away while it was being sent stays away: a newer ping stands for it.
    """
    _rewrite(f"{home.outbox}/{name}", f"{home.outbox}/{_name(letter)}", letter)


def give_up(home: Home, name: str, letter: Letter) -> None:
    """Move a letter to `dead/`, with its last error as the reason. Raises OSError."""
    os.makedirs(home.dead_letters, mode=0o700, exist_ok=True)
    _rewrite(f"{home.outbox}/{name}", f"{home.dead_letters}/{name}", letter)
    there = _dead_names(home)
    for old in there[: max(0, len(there) - MOST_DEAD)]:
        atomic.remove(f"{home.dead_letters}/{old}")


def give_up_foreign(home: Home, name: str) -> None:
    """Move a file that is no letter to `dead/` as it is. Raises OSError."""
    os.makedirs(home.dead_letters, mode=0o700, exist_ok=True)
    os.rename(f"{home.outbox}/{name}", f"{home.dead_letters}/{name}")


def dead(home: Home, since: float = 0.0) -> list[Letter]:
    """The letters that were given up, due after `since` (epoch seconds), the latest last."""
    found = (_read(f"{home.dead_letters}/{name}") for name in _dead_names(home) if _due(name) > since * 1000)
    return [letter for letter in found if letter is not None]


def dead_number(home: Home) -> int:
    """How many letters were given up and are kept."""
    return len(_dead_names(home))


def forget_dead(home: Home) -> int:
    """Remove the letters that were given up; how many. Raises OSError."""
    there = _dead_names(home)
    for name in there:
        atomic.remove(f"{home.dead_letters}/{name}")
    return len(there)


def note_look(home: Home, at: float | None, stamp: str) -> None:
    """Note when to look again (epoch seconds; None: when something happens), and how far the log was read. Raises OSError."""
    os.makedirs(home.outbox, mode=0o700, exist_ok=True)
    when = NEVER if at is None else f"{int(at * 1000) + 1:013d}"
    wanted = f"{when}.{stamp}{LOOK}"
    before = looks(home)
    touch(f"{home.outbox}/{wanted}")  # it may be there already, from before the clock was put back
    for name in before:
        if name != wanted:
            atomic.remove(f"{home.outbox}/{name}")


def forget_look(home: Home) -> None:
    """Look for nothing any more: nobody is to be notified. Raises OSError."""
    for name in looks(home):
        atomic.remove(f"{home.outbox}/{name}")


def looks(home: Home) -> list[str]:
    """The names that say when to look."""
    return [name for name in letters(home) if name.endswith(LOOK)]


def _rewrite(path: str, target: str, letter: Letter) -> None:
    try:
        os.rename(path, target)
    except FileNotFoundError:
        return
    atomic.write(target, _bytes(letter), durable=False)


def _dead_names(home: Home) -> list[str]:
    return sorted(name for name in entries(home.dead_letters) if name.endswith(_ENDING) and _due(name) >= 0)


def _name(letter: Letter) -> str:
    return f"{int(letter.due * 1000):013d}.{letter.id}{_ENDING}"


def _id(name: str) -> str:
    return name[: -len(_ENDING)].partition(".")[2]


def _due(name: str) -> int:
    when = name.partition(".")[0]
    return int(when) if when.isdecimal() and len(when) < 16 else -1


def _bytes(letter: Letter) -> bytes:
    return dumps(to_json(letter)).encode() + b"\n"


def _read(path: str) -> Letter | None:
    try:
        return from_json(loads(plainfile.read(path, LARGEST).content.decode()))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
