"""Tables for people: in a terminal as wide as it is, in a pipe each row in one line, for grep."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from shutil import get_terminal_size
from typing import NamedTuple

from clodputer.cli.terminal.ink import ink, without
from clodputer.cli.terminal.prose import UNBOUNDED, wrapped

# A column that gives way keeps at least this width; with less room, each row is laid out in lines of its own.
LEAST = 18
# A column that is cut keeps at least this width.
LEAST_CUT = 14
GAP = 2


class Column(NamedTuple):
    """A column. right: numbers. When the terminal is narrow: gives_way, its text is broken into several lines; cut, its text
    is shortened, at most one column of a table and none with ink; drops, it is left out, the last one first."""

    title: str
    right: bool = False
    gives_way: bool = False
    cut: bool = False
    drops: bool = False


def width() -> int:
    """How wide what we print may be."""
    return get_terminal_size(fallback=(UNBOUNDED, 24)).columns


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """The rows under their titles. A cell may hold ink, and must be printable; columns without any content are left out."""
    kept = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    columns = [columns[index] for index in kept]
    rows = [[row[index] for index in kept] for row in rows]
    if not rows or not columns:
        return ""
    room = width()
    fewer = _shortened(*_fewer(columns, rows, room), room)
    if room >= UNBOUNDED or room >= _least(*fewer):
        text = _drawn(*fewer, room)
    else:
        text = _in_lines(columns, rows)  # there is room for all of them, one below the other
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _fewer(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int
) -> tuple[Sequence[Column], Sequence[Sequence[str]]]:
    """Without as many of the columns that drop as it takes for each row to be one line."""
    while sum(_widths(columns, rows, cut=LEAST_CUT)) + GAP * (len(columns) - 1) > room:
        droppable = [index for index, column in enumerate(columns) if column.drops]
        if not droppable:
            break
        columns = [*columns[: droppable[-1]], *columns[droppable[-1] + 1 :]]
        rows = [[*row[: droppable[-1]], *row[droppable[-1] + 1 :]] for row in rows]
    return columns, rows


def _shortened(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int
) -> tuple[Sequence[Column], Sequence[Sequence[str]]]:
    """The column that is cut gets what the others leave; when that is less than LEAST_CUT, it is left whole."""
    place = next((index for index, column in enumerate(columns) if column.cut), None)
    if place is None:
        return columns, rows
    left = room - sum(_widths(columns, rows, cut=0)) - GAP * (len(columns) - 1)
    if left < LEAST_CUT:
        return columns, rows
    from rich.cells import cell_len, set_cell_size

    def fitted(cell: str) -> str:
        return cell if cell_len(cell) <= left else set_cell_size(cell, left - 3).rstrip() + "..."

    return columns, [[*row[:place], fitted(row[place]), *row[place + 1 :]] for row in rows]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], cut: int) -> list[int]:
    """How wide each column is by itself; one that is cut is at most `cut`."""
    from rich.cells import cell_len

    found = []
    for index, column in enumerate(columns):
        natural = max(cell_len(column.title), *(cell_len(without(row[index])) for row in rows))
        found.append(min(natural, cut) if column.cut else natural)
    return found


def _least(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    natural = _widths(columns, rows, cut=LEAST_CUT)
    widths = [min(one, LEAST) if column.gives_way else one for column, one in zip(columns, natural)]
    return sum(widths) + GAP * (len(columns) - 1)


def _drawn(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> str:
    # Imported late: it takes longer than all the rest of a command.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="", show_edge=False)
    for column in columns:
        drawn.add_column(
            Text.from_ansi(ink(column.title, "dim")),
            justify="right" if column.right else "left",
            no_wrap=not column.gives_way,
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*(Text.from_ansi(cell) for cell in row))
    page = StringIO()
    # Our own ink and no other: whether any of it is shown is decided when the text is printed (`ink.shown`).
    console = Console(
        file=page,
        width=room,
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},
    )
    console.print(drawn)
    return page.getvalue().rstrip("\n")


def _in_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Each row as a block: its first cell that has a title, and below it the others, each with its own."""
    head = next((index for index, column in enumerate(columns) if column.title), 0)
    rest = range(head + 1, len(columns))
    label = max((len(columns[index].title) for index in rest), default=0)
    lines = [ink(columns[head].title, "dim")]
    for row in rows:
        lines.append(" ".join(filter(None, row[: head + 1])))
        for index in rest:
            if row[index]:
                cell = wrapped(row[index], label + 4).replace("\n", "\n" + " " * (label + 4))
                lines.append(f"  {ink(columns[index].title.ljust(label), 'dim')}  {cell}")
    return "\n".join(lines)
