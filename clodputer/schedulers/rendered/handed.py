"""What was written down for the clock of a cluster, and where: only that cluster knows whether it is in place."""

from __future__ import annotations

from contextlib import suppress
from json import dumps
from typing import NamedTuple, Optional

from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso
from clodputer.store.files import atomic, plainfile
from clodputer.store.home import Home

_LARGEST = 65536


class Handed(NamedTuple):
    """scheduler: one of `rendered.NAMES`. out: the folder of the files. at: when they were written, in ISO 8601."""

    scheduler: str
    out: str
    at: str

    @property
    def words(self) -> str:
        """What there is to say of it, without the full stop."""
        text = f"the alarms were written for {self.scheduler} into {self.out} at {self.at}"
        return f"{text}; only {self.scheduler} knows whether they are in place"


def read(home: Home) -> Optional[Handed]:
    """What was written last; None when nothing was, or it was taken back."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        fields = loads(plainfile.read(_path(home), _LARGEST).content.decode())
        return Handed(str(fields["scheduler"]), str(fields["out"]), str(fields["at"]))
    return None


def note(home: Home, scheduler: str, out: str, now: float) -> None:
    """Remember it, for `list`, `why` and `doctor`. Raises OSError."""
    atomic.write(_path(home), dumps(Handed(scheduler, out, iso(now))._asdict()).encode() + b"\n")


def forget(home: Home) -> None:
    """Somebody else starts the tasks from now on, or nobody. Raises OSError."""
    atomic.remove(_path(home))


def _path(home: Home) -> str:
    return f"{home.ledger}/handed.json"
