"""What routes have made of events: `ledger/routes/<route>.json`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from json import dumps

from clodputer.model.triggers.route import Route, Taken
from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.store.records.runs import read_json


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


def forget_gone(home: Home, known: Iterable[Route]) -> None:
    """Forget what routes have taken that are no longer in config.yaml. Raises OSError."""
    names = {f"{route.key}.json" for route in known}
    folder = f"{home.ledger}/routes"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name not in names:
            atomic.remove(f"{folder}/{name}")


def _path(home: Home, route: Route) -> str:
    return f"{home.ledger}/routes/{route.key}.json"
