"""Indexing: the lines of the execution log that were not read yet, from byte offsets on, written into the index's tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from json import loads
from sqlite3 import Connection
from typing import Any, NamedTuple, Optional

from clodputer.model.text.jsontext import finite
from clodputer.store.home import Home
from clodputer.store.log import archive

# Raised whenever the tables, or what is put into them, change.
VERSION = 3
TABLES = """
CREATE TABLE sources (id INTEGER PRIMARY KEY, path TEXT, inode INTEGER UNIQUE, head BLOB, offset INTEGER, modified INTEGER);
CREATE TABLE events (id INTEGER PRIMARY KEY, source INTEGER, start INTEGER, length INTEGER, at REAL, event TEXT, task TEXT,
    run_id TEXT);
CREATE TABLE finished (id INTEGER PRIMARY KEY, source INTEGER, run_id TEXT UNIQUE, task TEXT, request_id TEXT, at REAL,
    outcome TEXT, reason TEXT, duration REAL, cost_usd REAL, lane TEXT, model TEXT, estimated INTEGER, subscription INTEGER,
    suspect INTEGER);
CREATE TABLE newest (task TEXT, outcome TEXT, at REAL, run_id TEXT, PRIMARY KEY (task, outcome)) WITHOUT ROWID;
"""
# Made after the first reading, which takes half as long again with them.
INDEXES = """
CREATE INDEX IF NOT EXISTS events_by_task ON events (task);
CREATE INDEX IF NOT EXISTS events_by_kind ON events (event, task);
CREATE INDEX IF NOT EXISTS events_by_time ON events (at);
CREATE INDEX IF NOT EXISTS events_by_run ON events (run_id) WHERE run_id != '';
CREATE INDEX IF NOT EXISTS finished_by_time ON finished (at, outcome, reason, duration, cost_usd, suspect);
CREATE INDEX IF NOT EXISTS finished_by_task ON finished (task, at, outcome, reason, duration, cost_usd,
    suspect);
"""

# By their first bytes (a moment, an event, a task) two files with one inode number are told apart.
HEAD = 96
PART = 8 * 1024 * 1024


class File(NamedTuple):
    """One file of the log as it is now."""

    path: str
    inode: int
    size: int
    modified: int


class Known(NamedTuple):
    """One file of the log as it was when it was read."""

    id: int
    path: str
    inode: int
    head: bytes
    offset: int
    modified: int


def usable(connection: Connection) -> bool:
    """Whether the tables are those of today's program. Raises sqlite3.Error when the file is damaged."""
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] == VERSION)


def update(home: Home, connection: Connection) -> bool:
    """Read what is new; False when a file of the log is not what it was, so that the index has to be rebuilt.

    One transaction for each file: killed in between, it goes on from there. Raises OSError, sqlite3.Error.
    """
    if not usable(connection):
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT")
    files = _files(home)
    known = {row[2]: Known(*row) for row in connection.execute("SELECT * FROM sources ORDER BY id")}
    order = [known[file.inode].id if file.inode in known else None for file in files]
    if order != _in_order(order):
        return False
    gone = [known[inode] for inode in known.keys() - {file.inode for file in files}]
    if gone:
        _forget(connection, gone)
    for file in files:
        before = known.get(file.inode)
        if before and (before.path, before.offset, before.modified) == (file.path, file.size, file.modified):
            continue
        if not _read(connection, file, before):
            return False
    connection.executescript(INDEXES)
    return True


def _in_order(order: list[Optional[int]]) -> list[Optional[int]]:
    """What we know comes first and in the order in which it was read; anything else would mix up the order of events."""
    seen = sorted(number for number in order if number is not None)
    return [*seen, *([None] * (len(order) - len(seen)))]


def _files(home: Home) -> list[File]:
    """The files of the log, oldest first. The one in use is looked at first, to be seen twice, not never."""
    found: dict[int, File] = {}
    current = _file(home.log)
    for path in archive.archives(home):
        file = _file(path)
        if file:
            found[file.inode] = file
    if current:
        found.setdefault(current.inode, current)
    return list(found.values())


def _file(path: str) -> Optional[File]:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return File(path, status.st_ino, status.st_size, status.st_mtime_ns)


def _forget(connection: Connection, gone: list[Known]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for source in gone:
        for table, key in (("events", "source"), ("finished", "source"), ("sources", "id")):
            connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (source.id,))  # noqa: S608
    connection.execute("DELETE FROM newest WHERE run_id NOT IN (SELECT run_id FROM finished)")
    connection.execute("COMMIT")


def _read(connection: Connection, file: File, before: Optional[Known]) -> bool:
    """Read one file from where we left off; False when it is not the file that we knew."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # archived or pruned a moment ago: the next look finds it
    try:
        if os.fstat(descriptor).st_ino != file.inode:
            return True
        head = os.pread(descriptor, HEAD, 0)
        offset = before.offset if before else 0
        if before and (file.size < offset or not head.startswith(before.head)):
            return False
        connection.execute("BEGIN IMMEDIATE")
        if before:
            source = before.id
        else:
            source = _next(connection, "sources")
            connection.execute("INSERT INTO sources (id, inode) VALUES (?, ?)", (source, file.inode))
        for lines in _lines(descriptor, offset):
            _insert(connection, source, lines)
            offset = lines[-1][0] + len(lines[-1][1])
        connection.execute(
            "UPDATE sources SET path = ?, head = ?, offset = ?, modified = ? WHERE id = ?",
            (file.path, head[:offset], offset, file.modified, source),
        )
        connection.execute("COMMIT")
    finally:
        os.close(descriptor)
    return True


def _lines(descriptor: int, offset: int) -> Iterator[list[tuple[int, bytes]]]:
    """The whole lines from an offset on, each with its place; one that is still being written is left for the next time."""
    rest = b""
    while part := os.pread(descriptor, PART, offset + len(rest)):
        whole, newline, rest_after = (rest + part).rpartition(b"\n")
        if not newline:
            rest += part
            continue
        lines = []
        for line in whole.split(b"\n"):
            lines.append((offset, line + b"\n"))
            offset += len(line) + 1
        rest = rest_after
        yield lines


def _insert(connection: Connection, source: int, lines: list[tuple[int, bytes]]) -> None:
    number, run_number = _next(connection, "events"), _next(connection, "finished")
    events: list[tuple[Any, ...]] = []
    runs: list[tuple[Any, ...]] = []
    newest: list[tuple[Any, ...]] = []
    corrected: list[tuple[str, str, str]] = []
    for start, line in lines:
        try:
            value = loads(line)
        except (ValueError, RecursionError):
            continue  # a line that a full disk tore, or that was never ours
        if not isinstance(value, dict):
            continue
        at, event, task = _moment(value.get("timestamp")), _text(value.get("event")), _text(value.get("task"))
        run_id = _text(value.get("run_id"))
        events.append((number + len(events), source, start, len(line), at, event, task, run_id))
        if event == "reclassified" and run_id:
            corrected.append((_text(value.get("outcome")), _text(value.get("reason")), run_id))
        if event == "finished" and run_id:
            outcome = _text(value.get("outcome"))
            runs.append(
                (
                    run_number + len(runs),
                    source,
                    run_id,
                    task,
                    _text(value.get("request_id")),
                    at,
                    outcome,
                    _text(value.get("reason")),
                    finite(value.get("duration_seconds")) or 0.0,
                    finite(value.get("cost_usd")),
                    _text(value.get("lane")),
                    _text(value.get("model")),
                    value.get("cost_estimated") is True,
                    value.get("subscription") is True,
                    bool(value.get("suspect")),
                )
            )
            newest += [(task, "", at, run_id), (task, outcome, at, run_id)]
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", events)
    # A settling that was repeated after a crash logs the same end again.
    connection.executemany(
        "INSERT OR IGNORE INTO finished VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", runs
    )
    connection.executemany(
        "INSERT INTO newest VALUES (?, ?, ?, ?) ON CONFLICT (task, outcome) DO UPDATE"
        " SET at = excluded.at, run_id = excluded.run_id WHERE excluded.at >= at",
        newest,
    )
    for outcome, reason, run_id in corrected:
        connection.execute(
            "UPDATE finished SET outcome = ?, reason = ? WHERE run_id = ?", (outcome, reason, run_id)
        )
        # Which run of its task was the newest with an outcome is found out again.
        connection.execute("DELETE FROM newest WHERE run_id = ? AND outcome != ''", (run_id,))
        connection.execute(
            "INSERT INTO newest SELECT task, outcome, max(at), run_id FROM finished WHERE task ="
            " (SELECT task FROM finished WHERE run_id = ?) GROUP BY outcome"
            " ON CONFLICT (task, outcome) DO UPDATE SET at = excluded.at, run_id = excluded.run_id WHERE excluded.at >= at",
            (run_id,),
        )


def _next(connection: Connection, table: str) -> int:
    return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])  # noqa: S608


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    # Half a surrogate pair is a text to JSON, and none to sqlite.
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _moment(value: Any) -> float:
    try:
        return datetime.fromisoformat(value[:-1] + "+00:00").timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return 0.0
