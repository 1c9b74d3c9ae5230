"""A probe sent by the scheduler of this home, for a command that wants nothing but its answer."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping, Sequence
from tempfile import mkdtemp
from time import time
from typing import Any, Optional

from clodputer.cli.commands.doctor_canary import leave, undisturbed, wait
from clodputer.model.errors import ClodputerError
from clodputer.schedulers import load
from clodputer.views import doctor
from clodputer.views.doctor.schedule import canary


def send(
    environ: Mapping[str, str], arguments: Sequence[str], seconds: float, until_seen: float, *, tick: bool
) -> Optional[dict[str, Any]]:
    """What a probe with these arguments wrote, started by the scheduler; None when it came back with nothing.

    seconds: for its start. until_seen: for its end, from then on. Raises ClodputerError.
    """
    facts = doctor.gather(environ, time())
    refused = canary.refused(facts)
    if refused is not None or facts.installed is None:
        message = refused.message if refused else "no scheduler is set up for this home"
        raise ClodputerError(
            "no_scheduler", message, "Run: clodputer install. Or try it from here: clodputer try TASK --here"
        )
    name = facts.installed.names[0]
    folder = mkdtemp(suffix="-probe", dir=facts.home.cache)
    path = f"{folder}/seen.json"
    take_away = None
    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with undisturbed():
            take_away = load(name).probe(facts.installed.frame, ["exec", "--probe", path, *arguments])
        waited = wait(path, name, seconds, until_seen, tick)
    finally:
        with undisturbed():
            try:
                if take_away is not None:
                    take_away()
            finally:
                # A probe that comes late finds nobody, and goes.
                shutil.rmtree(folder, ignore_errors=True)
                for number, handler in before.items():
                    signal.signal(number, handler)
    if not waited.begun and waited.seen is None:
        raise ClodputerError(
            "not_tried",
            f"{name} was asked to start it, and did not within {seconds:.0f} seconds",
            "To see what is wrong: clodputer doctor --canary",
        )
    return dict(waited.seen) if waited.seen is not None else None
