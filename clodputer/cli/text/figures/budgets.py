"""Budgets in words: a line for each limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.store.computer import zone
from clodputer.views.figures.budgets import Standing

COLOURS = {"spent": "red", "near": "yellow"}
# More lines nobody reads; --json has all of them.
MOST = 12


def lines(found: Sequence[Standing]) -> Iterator[str]:
    """Each limit: what is spent and reserved of it, from when to when."""
    for one in found[:MOST]:
        colour = COLOURS.get(one.state)
        spent = ink(one.figures, colour) if colour else one.figures
        yield f"{printable(one.whose)}: {spent} ({one.use.key}, {_span(one)})"
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more (all of them: --json)"


def _span(one: Standing) -> str:
    since, until = (zone.wall(moment // 60 * 60) for moment in (one.use.since, one.use.over))
    return f"since {since}, until {until}"
