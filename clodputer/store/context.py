"""What every step of a drain needs to know of its surroundings, looked up once for each `exec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.mask import Masker
from clodputer.model.settings import Settings
from clodputer.store import home as homes
from clodputer.store import secrets, settings
from clodputer.store.home import Home
from clodputer.store.log import events


class Context(NamedTuple):
    """The home, the environment of `exec`, and what config.yaml and secrets.env say.

    problems: why one of these could not be read; only where somebody looks on or stops something, never where work is done.
    seen: called with each event that is logged, for a person who watches; it must neither raise nor take long.
    """

    home: Home
    environ: Mapping[str, str]
    settings: Settings
    secrets: Mapping[str, str]
    masker: Masker
    problems: tuple[ClodputerError, ...] = ()
    seen: Optional[Callable[[str, Mapping[str, Any]], None]] = None

    def log(self, now: float, event: str, **fields: Any) -> None:
        """Append an event to the execution log, secrets masked."""
        events.append(self.home, self.masker, now, event, **fields)
        if self.seen is not None:
            self.seen(event, fields)

    def make_log_durable(self) -> None:
        """Make what was logged survive a power cut. Raises OSError."""
        events.make_durable(self.home)


def look(environ: Mapping[str, str]) -> Context:
    """Read config.yaml and secrets.env. Raises ClodputerError when there is no home or one of them is broken."""
    home = homes.existing(environ)
    known = secrets.load(home)
    return Context(home, environ, settings.load(home, environ), known, secrets.masker_for(known, environ))


def look_on(environ: Mapping[str, str]) -> Context:
    """The same for looking and stopping, which must work when config.yaml or secrets.env is broken: that is a problem beside.

    Without config.yaml the defaults hold. Of a secrets.env that cannot be accepted, everything that may be a value is masked.
    Raises ClodputerError when there is no home.
    """
    home = homes.existing(environ)
    problems: list[ClodputerError] = []
    try:
        held = settings.load(home, environ)
    except ClodputerError as error:
        held = Settings()
        problems.append(error)
    try:
        known = secrets.load(home)
    except ClodputerError as error:
        known = secrets.salvage(home)
        problems.append(error)
    return Context(home, environ, held, known, secrets.masker_for(known, environ), tuple(problems))
