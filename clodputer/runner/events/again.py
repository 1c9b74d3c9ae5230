"""Again: an event that led to no request goes back into `new/`, once there is a route for it."""

from __future__ import annotations

import os

from clodputer.model.errors import ClodputerError
from clodputer.store.context import Context
from clodputer.store.spool import aside


def again(context: Context, name: str) -> str:
    """Move a kept event into `new/`; its name there. Raises ClodputerError when it is not there or its name is taken, OSError.

    The file stays the same, and with it the event's id: a route that has made a request of it makes no second one.
    """
    home = context.home
    path = f"{home.unrouted}/{name}"
    if name not in aside.names(home.unrouted):
        raise ClodputerError(
            "event_unknown", f"no event {name[:80]!r} is kept", "See those that are: clodputer route events"
        )
    dropped = aside.read(home.unrouted, name).dropped_as or name
    target = f"{home.new}/{dropped}"
    if os.path.lexists(target):
        raise ClodputerError(
            "name_taken", f"{target} exists already and was not taken in yet", "Take it in: clodputer exec"
        )
    try:
        os.rename(path, target)
    except FileNotFoundError:
        raise ClodputerError("event_unknown", f"{name} no longer exists") from None
    aside.forget(path)
    return dropped
