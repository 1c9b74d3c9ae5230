"""Text in the cells of a terminal: cut and put into columns by what it is wide, with ink that takes no room."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable

GAP = 2
_INK = re.compile("(\x1b\\[[0-9;]*m)")
_END = "\x1b[0m"


class Cell(NamedTuple):
    """A harmless text without ink, and the styles that it gets once it was cut and set into its column."""

    text: str = ""
    style: str = ""

    def inked(self, width: int, *, right: bool = False) -> str:
        """The text in so many cells."""
        text = fit(self.text, width)
        space = " " * (width - cell_len(text))
        return (
            f"{space}{ink(text, *self.style.split())}"
            if right
            else f"{ink(text, *self.style.split())}{space}"
        )


class Column(NamedTuple):
    """right: figures. flexible: it gets the room that the others leave. drops: it is left out where there is little room,
    the column with the highest number first. most: its width at most, 0 for no limit."""

    right: bool = False
    flexible: bool = False
    drops: int = 0
    most: int = 0


def fit(text: str, width: int) -> str:
    """The text in at most so many cells, its end cut off with an ellipsis; it may hold ink, which is ended then."""
    if width <= 0:
        return ""
    found, used = [], 0
    for number, part in enumerate(_INK.split(text)):
        if number % 2:
            found.append(part)
            continue
        length = cell_len(part)
        if used + length > width:
            found.append(set_cell_size(part, width - used - 1).rstrip() + "…" if used < width else "")
            return "".join(found) + (_END if len(found) > 1 else "")
        found.append(part)
        used += length
    return "".join(found)


def rows(columns: Sequence[Column], cells: Sequence[Sequence[Cell]], width: int) -> list[str]:
    """The rows set into columns; those without any content are left out."""
    kept = [index for index in range(len(columns)) if any(row[index].text for row in cells)]
    widths = {
        index: min(max(cell_len(row[index].text) for row in cells), columns[index].most or width)
        for index in kept
    }
    flexible = next((index for index in kept if columns[index].flexible), None)
    used, least = 0, 0 if flexible is None else min(widths[flexible], 24)
    while kept:
        used = sum(widths[index] for index in kept if index != flexible) + GAP * (len(kept) - 1)
        droppable = [index for index in kept if columns[index].drops]
        if used + least <= width or not droppable:
            break
        kept.remove(max(droppable, key=lambda index: columns[index].drops))
    if flexible is not None and flexible in kept:
        widths[flexible] = max(1, width - used)
    return [
        fit(
            (" " * GAP).join(row[index].inked(widths[index], right=columns[index].right) for index in kept),
            width,
        )
        for row in cells
    ]


def harmless(text: str) -> list[str]:
    """The lines of what a command printed: its ink stays, all else that a terminal would obey is shown instead."""
    parts = _INK.split(text.replace("\r\n", "\n"))
    safe = "".join(part if number % 2 else printable(part) for number, part in enumerate(parts))
    return [line.expandtabs(4) for line in safe.split("\n")]
