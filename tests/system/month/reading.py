"""How the checker reads a home: by what docs/spool.md says of its folders and files, with nothing of Clodputer's own."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple


class Found(NamedTuple):
    """A home as it was read: where each request lies, the lines of the log in their order, and the records by run id."""

    places: dict[str, list[str]]
    events: list[dict[str, Any]]
    records: dict[str, dict[str, Any]]
    torn: list[str]


def read(root: Path) -> Found:
    """Read a home in which nothing goes on."""
    events, torn = _log(root)
    records = {}
    for path in root.glob("runs/*/*/record.json"):
        try:
            records[path.parent.name] = json.loads(path.read_text())
        except ValueError:
            torn.append(f"the record {path} is not JSON")
    return Found(_places(root), events, records, torn)


def _places(root: Path) -> dict[str, list[str]]:
    spool = root / "spool"
    found: dict[str, list[str]] = defaultdict(list)
    for path in _files(spool, "new/*"):
        found[path.name.partition(".")[0]].append(str(path))
    for path in _files(spool, "lanes/*/queue/*/*", "lanes/*/delayed/*", "lanes/*/slot-*/*"):
        parts = path.name.split(".", 3)
        if len(parts) == 4 and parts[0].isdecimal():
            found[parts[2]].append(str(path))
        else:
            found["a stranger"].append(str(path))
    for path in _files(spool, "dead/*", "rejected/*", "closed/*", "parked/*"):
        if path.name.endswith(".reason.json"):
            continue
        reason = json.loads(Path(f"{path}.reason.json").read_text())
        found[reason["request_id"] or reason["dropped_as"].partition(".")[0]].append(str(path))
    for path in _files(root, "runs/*/*/dropped.*", "runs/*/*/masked.*"):
        found[request_of(path.parent.name)].append(str(path))
    return found


def _files(folder: Path, *patterns: str) -> Iterator[Path]:
    return (path for pattern in patterns for path in folder.glob(pattern) if not path.name.startswith("."))


def _log(root: Path) -> tuple[list[dict[str, Any]], list[str]]:
    # In the order in which they were written: clocks are not to be trusted.
    files = sorted(root.glob("archive/*.log"), key=lambda path: path.stat().st_mtime_ns)
    events, torn = [], []
    for path in (*files, root / "execution.log"):
        for line in path.read_text().splitlines():
            try:
                event = json.loads(line)
                event["at"] = moment(event["timestamp"])
                events.append(event)
            except (ValueError, KeyError):
                torn.append(f"a line of {path} is torn: {line[:80]}")
    return events, torn


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def request_of(run_id: str) -> str:
    return run_id.partition("-")[2]


def processes(*traces: str) -> list[str]:
    """The command lines of processes, other than this one, in whose command or environment one of these texts stands."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            environ, command = (Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline"))
        except OSError:
            continue
        if int(pid) != os.getpid() and any(trace.encode() in environ + command for trace in traces):
            found.append(f"{pid}: {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found
