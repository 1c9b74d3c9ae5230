"""All changes of our units as one writing of the person's crontab; and a line of a minute, for a look at what cron starts."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import Callable, Optional

from clodputer import __version__
from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron.block import read, write
from clodputer.schedulers.cron.render import EVERY_MINUTE, command
from clodputer.schedulers.cron.table import change as change_table
from clodputer.schedulers.unit import ADD, REPLACE, Change, Frame, SchedulerProblem, unit_stem

PROBE = "probe"


def apply(frame: Frame, changes: Sequence[Change], done: Callable[[Change], None]) -> list[SchedulerProblem]:
    """Perform all changes in one writing of the crontab, then call `done` with each."""
    if not changes:
        return []

    def edit(table: Optional[bytes]) -> Optional[bytes]:
        for home in sorted({_home(frame, change) for change in changes}):
            units = _units(table, home)
            for change in changes:
                if _home(frame, change) != home:
                    continue
                if change.unit is not None:
                    units[change.name] = change.unit.files[change.name]
                else:
                    units.pop(change.name, None)
            table = write(table, home, units, __version__)
        return table

    try:
        change_table(frame, edit)
    except ClodputerError as error:
        return [SchedulerProblem(error.code, error.message, error.hint)]
    except OSError as error:
        return [_no_backup(frame, error)]
    for change in changes:
        done(change)
    return []


def start(frame: Frame) -> None:
    """Nothing: the next minute is soon enough."""


def probe(frame: Frame, arguments: Sequence[str]) -> Callable[[], None]:
    """Have cron start the shim with these arguments, in the next minute and until the probe is taken away.

    Returns what takes it away. Raises ClodputerError.
    """
    # Of several at once none takes the others' away.
    name = f"{unit_stem(frame.home, frame.account, PROBE)}-{token_hex(4)}"
    line = f"{EVERY_MINUTE} {command([frame.shim, *arguments])}"
    text = f"# clodputer {name}: {PROBE}\n{line}\n"

    def put(lines: str) -> None:
        def edit(table: Optional[bytes]) -> Optional[bytes]:
            units = {**_units(table, frame.home), name: lines}
            return write(table, frame.home, {key: units[key] for key in units if units[key]}, __version__)

        try:
            change_table(frame, edit)
        except OSError as error:
            problem = _no_backup(frame, error)
            raise ClodputerError(problem.code, problem.message, problem.hint) from None

    put(text)
    return lambda: put("")


def _home(frame: Frame, change: Change) -> str:
    """Whose block a change is for: what is taken away may be another home's."""
    return frame.home if change.found is None or change.verb in (ADD, REPLACE) else change.found.home


def _units(table: Optional[bytes], home: str) -> dict[str, str]:
    return next((dict(block.units) for block in read(table or b"") if block.home == home), {})


def _no_backup(frame: Frame, error: OSError) -> SchedulerProblem:
    return SchedulerProblem(
        "crontab_backup",
        f"your crontab was not changed, because no copy of it could be written to {frame.home}/backup: {error.strerror}",
        "Make room or give yourself the right to write there, then run `clodputer install` again.",
    )
