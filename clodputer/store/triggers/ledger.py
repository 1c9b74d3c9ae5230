"""The slot ledger: up to which moment the slot times of each trigger are accounted for, and what became of them."""

from __future__ import annotations

import os
from typing import Any, Optional

from clodputer.model.schedules.due import Entry
from clodputer.model.text.jsontext import in_lines
from clodputer.model.text.moment import iso, parse_moment
from clodputer.model.triggers.decision import Drop, Fate
from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json


def read(home: Home, task: str, index: int) -> Optional[Entry]:
    """The entry of a task's trigger, if there is one; a damaged one is none. Raises OSError."""
    fields = read_json(path(home, task, index))
    try:
        return None if fields is None else _entry(fields)
    except (KeyError, TypeError, ValueError):
        return None


def write(home: Home, task: str, index: int, entry: Entry, *, durable: bool = True) -> None:
    """Let an entry hold from now on. Raises OSError."""
    os.makedirs(f"{home.ledger}/slots", mode=0o700, exist_ok=True)
    fields = {
        "fingerprint": entry.fingerprint,
        "accounted": iso(entry.accounted),
        "spans": [[iso(begin), iso(end)] for begin, end in entry.spans],
        "dropping": [_moments(drop._asdict(), "slot", "not_before") for drop in entry.dropping],
        "last": list(entry.last),
        "fates": [_moments(fate._asdict(), "first", "last", "noticed_at") for fate in entry.fates],
        "boot": entry.boot,
    }
    atomic.make_way(path(home, task, index))
    atomic.write(path(home, task, index), in_lines(fields).encode(), durable=durable)


def remove(home: Home, task: str, index: int) -> None:
    """Forget a trigger that is gone: if it comes back, it starts again. Raises OSError."""
    atomic.remove(path(home, task, index))


def path(home: Home, task: str, index: int) -> str:
    """Where the entry of a task's trigger lies; the first trigger is 0."""
    return f"{home.ledger}/slots/{task}.{index}.json"


def tasks(home: Home) -> set[str]:
    """The tasks that have entries. Raises OSError."""
    try:
        return {
            name.rsplit(".", 2)[0] for name in os.listdir(f"{home.ledger}/slots") if name.endswith(".json")
        }
    except FileNotFoundError:
        return set()


def entries(home: Home, task: str) -> dict[int, Entry]:
    """All entries of a task by the index of the trigger. Raises OSError."""
    try:
        names = os.listdir(f"{home.ledger}/slots")
    except FileNotFoundError:
        return {}
    begin, end = f"{task}.", ".json"
    middles = (
        name[len(begin) : -len(end)] for name in names if name.startswith(begin) and name.endswith(end)
    )
    found = {int(middle): read(home, task, int(middle)) for middle in middles if middle.isdecimal()}
    return {index: entry for index, entry in sorted(found.items()) if entry is not None}


def _moments(fields: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: iso(value) if key in keys and value is not None else value for key, value in fields.items()}


def _entry(fields: dict[str, Any]) -> Entry:
    return Entry(
        str(fields["fingerprint"]),
        _moment(fields["accounted"]),
        tuple((_moment(begin), _moment(end)) for begin, end in fields["spans"]),
        tuple(_drop(drop) for drop in fields["dropping"]),
        tuple(str(mark) for mark in fields["last"]),
        tuple(_fate(fate) for fate in fields["fates"]),
        str(fields["boot"]),
    )


def _moment(text: Any) -> float:
    if not isinstance(text, str):
        raise ValueError("no moment")
    return parse_moment(text, 0.0)


def _drop(fields: dict[str, Any]) -> Drop:
    slot, not_before = fields["slot"], fields["not_before"]
    return Drop(
        str(fields["mark"]),
        None if slot is None else int(_moment(slot)),
        None if not_before is None else _moment(not_before),
    )


def _fate(fields: dict[str, Any]) -> Fate:
    return Fate(
        str(fields["fate"]),
        str(fields["reason"]),
        int(_moment(fields["first"])),
        int(_moment(fields["last"])),
        int(fields["number"]),
        _moment(fields["noticed_at"]),
    )
