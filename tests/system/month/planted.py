"""Faults that are planted in what a month has left on disk, each with words of what the checker must say of it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, NamedTuple

from tests.system.month import reading, story
from tests.system.month.facts import Facts
from tests.system.month.simulate import Month


class Lived(NamedTuple):
    """A month that is over."""

    root: Path
    facts: Facts
    month: Month
    left: list[str]


def _record(lived: Lived, wanted: Callable[[dict[str, Any]], bool]) -> Path:
    return next(
        path
        for path in sorted(lived.root.glob("runs/*/*/record.json"))
        if wanted(json.loads(path.read_text()))
    )


def _succeeded(record: dict[str, Any]) -> bool:
    return bool(record["reason"] == "completed" and record["trigger"] == "spool")


def _changed(
    lived: Lived, wanted: Callable[[dict[str, Any]], bool] = _succeeded, **keys: Any
) -> Callable[[], None]:
    """A record with other values; undone by what is returned."""
    path = _record(lived, wanted)
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), **keys}))
    return lambda: void(path.write_text(before))


def void(_: object) -> None:
    """Drop a value."""


def _gone(lived: Lived, pattern: str) -> Callable[[], None]:
    path = min(lived.root.glob(pattern))
    before = path.read_bytes()
    path.unlink()
    return lambda: void(path.write_bytes(before))


def _put(path: Path, text: str = "{}") -> Callable[[], None]:
    path.write_text(text)
    return path.unlink


def _finished_request(lived: Lived) -> str:
    return _record(lived, _succeeded).parent.name.partition("-")[2]


def _logged(lived: Lived, **keys: Any) -> Callable[[], None]:
    """A line more in the log."""
    path = lived.root / "execution.log"
    before = path.read_bytes()
    last = json.loads(before.splitlines()[-1])
    line = {"timestamp": last["timestamp"], "task": None, "request_id": None, "run_id": None, **keys}
    path.write_bytes(before + json.dumps(line).encode() + b"\n")
    return lambda: void(path.write_bytes(before))


def _started(lived: Lived, task: str, number: int = 1) -> Callable[[], None]:
    undo = [
        _logged(
            lived,
            event="started",
            task=task,
            lane=story.TASKS[task].lane,
            request_id=f"extra-{one}",
            run_id=f"r-extra-{one}",
        )
        for one in range(number)
    ]
    return undo[0]


def _torn(lived: Lived) -> Callable[[], None]:
    path = lived.root / "execution.log"
    before = path.read_bytes()
    path.write_bytes(before[:-9])
    return lambda: void(path.write_bytes(before))


def _passed_breaker(lived: Lived) -> Callable[[], None]:
    """Three requests of a task fail one after the other, and a minute later a fourth is started."""
    undo = [
        _logged(
            lived,
            event="finished",
            task="mail",
            run_id=f"r-bad-{one}",
            outcome="failed",
            reason="exit_status",
        )
        for one in range(3)
    ]
    later = (
        reading.moment(json.loads((lived.root / "execution.log").read_bytes().splitlines()[-1])["timestamp"])
        + 60
    )
    at = datetime.fromtimestamp(later, timezone.utc).isoformat()
    request = next(one.id for one in lived.month.drops if "origin" not in one.fields)
    _logged(
        lived,
        event="started",
        task="mail",
        lane="reports",
        run_id="r-bad-3",
        request_id=request,
        timestamp=at,
    )
    return undo[0]


def _parked_before(lived: Lived) -> Callable[[], None]:
    """The first run about an item that had several is said to have parked it."""
    found = reading.read(lived.root)
    order = [event["run_id"] for event in found.events if event["event"] == "started"]
    about: dict[str, list[str]] = {}
    for run in order:
        if found.records.get(run, {}).get("item"):
            about.setdefault(f"{found.records[run]['task']} {found.records[run]['item']}", []).append(run)
    first = found.records[next(runs[0] for runs in about.values() if len(runs) > 1)]
    effects = [{"effect": "park", "item": first["item"]}]
    return _changed(lived, lambda record: bool(record["run_id"] == first["run_id"]), effects=effects)


PLANTED: dict[str, tuple[Callable[[Lived], Callable[[], None]], str]] = {
    "a request is lost": (lambda lived: _gone(lived, "runs/write/*/dropped.json"), "is in 0 places"),
    "a request is doubled": (
        lambda lived: _put(lived.root / "spool/new" / f"{_finished_request(lived)}.json"),
        "is in 2 places",
    ),
    "a request that nobody made": (
        lambda lived: _put(lived.root / "spool/new/alien.json"),
        "nobody asked for alien",
    ),
    "a record is lost": (lambda lived: _gone(lived, "runs/write/*/record.json"), "there is no record"),
    "a line of the log is torn": (_torn, "is torn"),
    "a failure is called a success": (
        lambda lived: _changed(lived, lambda record: record["reason"] == "exit_status", reason="completed"),
        "its agent played exit_status",
    ),
    "a run that never was": (
        lambda lived: _logged(
            lived, event="finished", task="write", run_id="x-ghost", outcome="failed", reason="timeout"
        ),
        "the log says that it ended",
    ),
    "a wrong cost": (lambda lived: _changed(lived, cost_usd=0.01), "its record says 0.01"),
    "an attempt too many": (lambda lived: _changed(lived, attempt=9), "attempt 9 of at most"),
    "an attempt left out": (
        lambda lived: _changed(lived, lambda record: record["attempt"] == 2, attempt=3),
        "attempt 3 after 1",
    ),
    "a chain that is broken": (
        lambda lived: _changed(lived, lambda record: bool(record["retry_of"]), retry_of="nothing"),
        "names nothing before it",
    ),
    "a budget of a day": (
        lambda lived: _changed(
            lived, lambda record: record["task"] == "careful" and _succeeded(record), cost_usd=4.0
        ),
        "budget of task careful",
    ),
    "a breaker that is passed": (_passed_breaker, "60 s after the breaker of mail had opened"),
    "a parked item that is tried": (_parked_before, "which was parked"),
    "two in one slot": (lambda lived: _started(lived, "write", 2), "lane default had 2 runs"),
    "a run without an end": (lambda lived: _started(lived, "mail"), "nothing tells of its end"),
    "a slot that is not left": (
        lambda lived: _put(
            lived.root / "spool/lanes/default/slot-0" / f"1.3.{_finished_request(lived)}.x.json"
        ),
        "is left in a slot",
    ),
    "a mark that is left": (
        lambda lived: _put(lived.root / "spool/lanes/default/slot-0/write@x.run"),
        "nobody asked for a stranger",
    ),
}
