"""The units of ours that are in the person's crontab."""

from __future__ import annotations

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.cron import block, table
from clodputer.schedulers.unit import FoundUnit, Frame


def inspect(frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
    """The units in the blocks of the crontab, of this home or of all; none where there is no crontab program.

    Raises ClodputerError when that is not known.
    """
    found: list[FoundUnit] = []
    try:
        content = table.read(frame) or b""
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
