"""Several homes in one view, also those of other machines in a folder that is shared: read from files, never written to."""

# Locks and process ids of another machine mean nothing here, and cache and index of a home are its own. So this is not the
# status of each home, but what files alone can say.
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Optional

from clodputer.model.engine.job import standing
from clodputer.model.errors import ClodputerError
from clodputer.model.outcome import BLAMELESS
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.moment import iso
from clodputer.model.text.plural import counted
from clodputer.store import holds, look
from clodputer.store.folder import entries
from clodputer.store.home import FORMAT, Home, exists, format_of, is_newer
from clodputer.store.processes import deadline
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import aside, count, find, idle, layout
from clodputer.store.spool.requests import jobs
from clodputer.store.taskfiles.yamlfile import document
from clodputer.views.runs.past import of_past

# How long one home may take, in seconds: the server of a network mount may be gone.
SECONDS = 10.0
DAY = 86400.0
# A home whose tasks have times is looked after each hour at least (store/look.py). After so many seconds nobody does, or what
# that machine writes does not come here any more.
SILENT = 86400.0
# Of one kind so many are named.
MOST = 3


class Need(NamedTuple):
    """What needs a person there. kind: a word for programs; text: a sentence without its full stop, which may hold text from
    outside."""

    kind: str
    text: str


def together(paths: Sequence[str], now: float, last: int) -> dict[str, Any]:
    """The state of these homes at `now` (epoch seconds), with the last runs of each. Its keys are a promise to programs.

    A home that cannot be read says why in its `error`, and the others are shown all the same.
    """
    return {"homes": [_guarded(os.path.abspath(os.path.expanduser(path)), now, last) for path in paths]}


def _guarded(path: str, now: float, last: int) -> dict[str, Any]:
    try:
        found: dict[str, Any] = deadline.within(SECONDS, lambda: _one(Home(path), now, last))
        return found
    except ClodputerError as error:
        return _unread(path, error.code, error.message)
    except TimeoutError:
        return _unread(path, "timeout", f"{path} was not read within {SECONDS:g} seconds")
    except OSError as error:
        return _unread(path, "unreadable", f"{path} cannot be read: {error.strerror or error}")
    except deadline.WorkFailed as error:
        return _unread(path, "unreadable", f"{path} cannot be read: {error}")


def _unread(path: str, code: str, message: str) -> dict[str, Any]:
    return {
        "home": path,
        "machine": None,
        "error": {"code": code, "message": message},
        "seen_at": None,
        "running": [],
        "waiting": {"dropped": 0, "queued": 0, "delayed": 0},
        "holds": [],
        "rejected": 0,
        "dead": 0,
        "parked": 0,
        "last_runs": [],
        "cost_usd": {"today": 0.0, "last_7_days": 0.0},
        "needs": [Need(code, message)._asdict()],
    }


def _one(home: Home, now: float, last: int) -> dict[str, Any]:
    """One home. Raises ClodputerError, OSError."""
    os.listdir(home.root)
    if is_newer(home):
        text = (
            f"{home.root} was made by a newer Clodputer (format {format_of(home)}; this one knows {FORMAT})"
        )
        raise ClodputerError("home_newer", text)
    if not exists(home):
        raise ClodputerError("no_home", f"{home.root} is not a Clodputer home")
    waiting = [count.in_lane(home, lane) for lane in layout.lanes(home)]
    held, past, seen_at = holds.in_effect(home, now), list(History(home).runs(now - 7 * DAY)), _seen_at(home)
    midnight = datetime.fromtimestamp(now).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    latest = list(islice(past or History(home).runs(), last))
    numbers = {name: len(aside.names(getattr(home, name))) for name in ("rejected", "dead", "parked")}
    needs = [*_holds(held), *_set_aside(numbers), *_failed(past), *_silent(home, seen_at, now)]
    return {
        "home": home.root,
        "machine": _machine(home),
        "error": None,
        "seen_at": None if seen_at is None else iso(seen_at),
        "running": [one for lane in layout.lanes(home) for one in _running(home, lane, now)],
        "waiting": {
            "dropped": idle.count_drops(home),
            "queued": sum(lane.queued for lane in waiting),
            "delayed": sum(lane.delayed for lane in waiting),
        },
        "holds": [placed.to_json() for placed in held],
        **numbers,
        "last_runs": [of_past(run).to_json() for run in latest],
        "cost_usd": {
            "today": round(sum(run.cost_usd or 0.0 for run in past if run.at >= midnight.timestamp()), 6),
            "last_7_days": round(sum(run.cost_usd or 0.0 for run in past), 6),
        },
        "needs": [need._asdict() for need in needs],
    }


def _running(home: Home, lane: str, now: float) -> Iterator[Mapping[str, Any]]:
    """What lies in the slots of a lane: whether anybody is still at it, only that machine knows."""
    for one in find.in_slot(home, lane):
        job = jobs.read(home, one.slot) if one.slot else None
        started_at = None
        with suppress(ValueError):
            started_at = runs.moment_of(one.run_id)
        yield {
            "lane": lane,
            "request_id": one.id,
            "task": one.task or None,
            "run_id": one.run_id or None,
            "started_at": None if started_at is None else iso(started_at),
            "elapsed_seconds": None if started_at is None else max(0.0, now - started_at),
            "job": None if job is None else standing(job.engine, job.job),
        }


def _holds(held: Sequence[holds.Placed]) -> Iterator[Need]:
    for placed in held[:MOST]:
        message = f": {placed.hold.message}" if placed.hold.message else ""
        yield Need("hold", f"{placed.target.words} is on hold ({placed.hold.reason}){message}")
    if len(held) > MOST:
        yield Need("hold", f"{len(held) - MOST} more holds")


def _set_aside(numbers: Mapping[str, int]) -> Iterator[Need]:
    words = {"rejected": "rejected", "dead": "given up", "parked": "parked"}
    for name, number in numbers.items():
        if number:
            yield Need(name, f"{counted(number, 'request')} {words[name]}")


def _failed(past: Sequence[PastRun]) -> Iterator[Need]:
    """The tasks whose latest run of the last week did not end well."""
    latest: dict[str, PastRun] = {}
    for run in past:
        latest.setdefault(run.task, run)
    failed = [run for run in latest.values() if run.outcome not in BLAMELESS]
    for run in failed[:MOST]:
        message = f": {run.message}" if run.message else ""
        yield Need("failed", f"the last run of {run.task} {run.outcome} ({run.reason}){message}")
    if len(failed) > MOST:
        yield Need("failed", f"the last runs of {len(failed) - MOST} more tasks did not end well")


def _silent(home: Home, seen_at: Optional[float], now: float) -> Iterator[Need]:
    timed = any(not name.startswith(look.NEVER) for name in entries(f"{home.ledger}/next"))
    if timed and seen_at is not None and now - seen_at > SILENT:
        text = "nothing has looked after its tasks for more than a day: its machine is off, or its files are not synchronised"
        yield Need("silent", text)


def _seen_at(home: Home) -> Optional[float]:
    """When something was last written there that each exec with something to look at writes; epoch seconds."""
    places = [home.log, *(f"{home.ledger}/next/{name}" for name in entries(f"{home.ledger}/next"))]
    moments = []
    for place in places:
        with suppress(OSError):
            moments.append(os.stat(place).st_mtime)
    return max(moments, default=None)


def _machine(home: Home) -> Optional[str]:
    """What its config.yaml calls its machine."""
    with suppress(ClodputerError, OSError, ValueError):
        value = document(home.config).value
        name = value.get("machine") if isinstance(value, dict) else None
        return name if isinstance(name, str) and name else None
    return None
