"""What routes have made of events, `ledger/routes/<route>.json`; and the events that no request was made of, with why."""

from __future__ import annotations

import os
from collections.abc import Iterable
from json import dumps

from clodputer.model.triggers.route import Route, Taken
from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json
from clodputer.store.spool import aside
from clodputer.store.spool.aside import Reason

# Of the events that are kept: so many, and for so long, in seconds; and so many more before the oldest are removed.
MOST_KEPT, KEPT_FOR, SPARE = 1000, 30 * 86400.0, 100


def taken(home: Home, route: Route) -> tuple[Taken, ...]:
    """What a route has taken lately; nothing when that was damaged. Raises OSError."""
    fields = read_json(_path(home, route)) or {}
    try:
        found = [Taken(str(one[0]), str(one[1]), float(one[2])) for one in fields.get("taken", ())]
    except (TypeError, ValueError, IndexError, KeyError):
        return ()
    return tuple(found)


def keep(home: Home, route: Route, after: Iterable[Taken]) -> None:
    """Remember what a route has taken. Raises OSError."""
    path = _path(home, route)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    atomic.write(path, dumps({"taken": [list(one) for one in after]}).encode() + b"\n")


def set_aside(home: Home, path: str, reason: Reason) -> str:
    """Keep an event that no request was made of; where it is now. The oldest make room. Raises OSError."""
    os.makedirs(home.unrouted, mode=0o700, exist_ok=True)
    kept = aside.set_aside(path, home.unrouted, "", reason)
    # Each has a file for its reason beside it. Not at each of a flood: to find the oldest, all are looked at.
    if len(entries(home.unrouted)) > 2 * (MOST_KEPT + SPARE):
        sweep(home, reason.at)
    return kept


def sweep(home: Home, now: float, most: int = MOST_KEPT) -> None:
    """Remove kept events that are too old at `now` (epoch seconds), or more than `most`. Raises OSError."""
    names = aside.names(home.unrouted)
    for number, name in enumerate(names):
        path = f"{home.unrouted}/{name}"
        if number >= most or aside.changed(path) < now - KEPT_FOR:
            atomic.remove(path)
            aside.forget(path)
    for name in entries(home.unrouted):
        # Somebody has taken the event itself away, perhaps to drop it once more.
        if aside.is_reason(name) and not os.path.lexists(
            f"{home.unrouted}/{name[: -len(aside.REASON_SUFFIX)]}"
        ):
            atomic.remove(f"{home.unrouted}/{name}")


def forget_gone(home: Home, known: Iterable[Route]) -> None:
    """Forget what routes have taken that are no longer in config.yaml. Raises OSError."""
    names = {f"{route.key}.json" for route in known}
    folder = f"{home.ledger}/routes"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name not in names:
            atomic.remove(f"{folder}/{name}")


def _path(home: Home, route: Route) -> str:
    return f"{home.ledger}/routes/{route.key}.json"
