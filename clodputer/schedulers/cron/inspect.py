"""Our units that are in the person's crontab."""

from __future__ import annotations

from typing import Callable, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron import block, table
from clodputer.schedulers.unit import FoundUnit, Frame


def inspect(frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
    """The units in the blocks of the crontab, of this home or of all; none where there is no crontab program.

    Raises ClodputerError when that is not known.
    """
    return _units(frame, table.read, everywhere)


def written(frame: Frame) -> list[FoundUnit]:
    """The same of this home, by one call of `crontab`: what is above our blocks does not matter to a look."""
    return _units(frame, table.glance, everywhere=False)


def _units(frame: Frame, read: Callable[[Frame], Optional[bytes]], everywhere: bool) -> list[FoundUnit]:
    found: list[FoundUnit] = []
    try:
        content = read(frame) or b""
    except ClodputerError as error:
        if error.code == "crontab_missing":
            return []
        raise
    for one in block.read(content):
        if everywhere or one.home == frame.home:
            state = "in the crontab" + (", in a block that was edited" if one.edited else "")
            for name, text in one.units.items():
                _, kind, task = block.identity(text)
                found.append(FoundUnit(name, one.home, kind, task, {name: text}, True, not one.edited, state))
    return found
