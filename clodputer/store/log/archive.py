"""The archive of the execution log: a log that has grown large is renamed to `archive/YYYY-MM.log`, never copied."""

# A rename keeps what was written whole: writers open the log by its name for each line, and one that has it open still
# appends to the same file under its new name. So nothing is ever between two places, however a process dies.
from __future__ import annotations

import os

from clodputer.model.text.moment import iso
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.upkeep import chores

_ENDING = ".log"


def archives(home: Home) -> list[str]:
    """The paths of the archived logs, oldest first. Raises OSError."""
    return [f"{home.archive}/{_name(month, number)}" for month, number in _numbered(home)]


def archive(home: Home, now: float, largest: int) -> str:
    """Archive the log if it is larger than that many bytes; where it is now, or an empty string. Raises OSError.

    A second one of a month is `YYYY-MM.2.log`. Only one process does it at a time, as two would take the same name.
    """
    if not chores.archive_due(home, largest):
        return ""
    with Lock(f"{home.ledger}/log.lock") as held:
        # Asked again: somebody may have been here in between, and a new small log is nothing to archive.
        if not held or not chores.archive_due(home, largest):
            return ""
        os.makedirs(home.archive, mode=0o700, exist_ok=True)
        # Never before the last one, whatever the clock says: readers take the names for the order of time.
        last_month, last_number = ([("", 0), *_numbered(home)])[-1]
        month = max(iso(now)[:7], last_month)
        path = f"{home.archive}/{_name(month, last_number + 1 if month == last_month else 1)}"
        os.rename(home.log, path)
    return path


def _name(month: str, number: int) -> str:
    return f"{month}{'' if number == 1 else f'.{number}'}{_ENDING}"


def _numbered(home: Home) -> list[tuple[str, int]]:
    found = []
    for name in entries(home.archive):
        month, _, rest = name[: -len(_ENDING)].partition(".")
        number = int(rest) if rest.isdecimal() and len(rest) < 7 else 1
        if (
            _name(month, number) == name
            and len(month) == 7
            and month[:4].isdecimal()
            and month[5:].isdecimal()
        ):
            found.append((month, number))
    return sorted(found)
