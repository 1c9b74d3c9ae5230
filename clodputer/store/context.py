"""What every step of a drain needs to know of its surroundings, looked up once for each `exec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.text.mask import Masker
from clodputer.store import homes, secrets, settings
from clodputer.store.home import Home
from clodputer.store.log import events


class Context(NamedTuple):
    """The home, the environment of `exec`, and what config.yaml and secrets.env say.

    problems: why one of these could not be read; only where somebody looks on or stops something, never where work is done.
    looked_up: the names of secrets by reference that were looked up for the run at hand (runner/place/withsecrets.py).
    job: the name of the job that this is, where an engine runs requests elsewhere; empty at home.
    seen: called with each event that is logged, for a person who watches; it must neither raise nor take long.
    """

    home: Home
    environ: Mapping[str, str]
    settings: Settings
    secrets: Mapping[str, str]
    masker: Masker
    problems: tuple[ClodputerError, ...] = ()
    seen: Optional[Callable[[str, Mapping[str, Any]], None]] = None
    looked_up: tuple[str, ...] = ()
    job: str = ""

    def knowing(self, found: Mapping[str, str]) -> Context:
        """The context with secrets that were looked up, and a masker that hides them as well."""
        if not found:
            return self
        known = {**self.secrets, **found}
        masker = secrets.masker_for(known, self.environ)
        return self._replace(secrets=known, masker=masker, looked_up=(*self.looked_up, *found))

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
    known, held = secrets.load(home), settings.load(home, environ)
    secrets.refuse_double(home, known, held.secrets)
    return Context(home, environ, held, known, secrets.masker_for(known, environ))


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
        secrets.refuse_double(home, known, held.secrets)
    except ClodputerError as error:
        known = secrets.salvage(home)
        problems.append(error)
    return Context(home, environ, held, known, secrets.masker_for(known, environ), tuple(problems))
