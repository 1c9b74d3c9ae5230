"""Budgets in words: a line for each limit, and those that are spent or nearly spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.when import dollars
from clodputer.store import zone
from clodputer.views.budgets import Standing

COLOURS = {"spent": "red", "near": "yellow"}
# More lines nobody reads; --json has all of them.
MOST = 12


def lines(found: Sequence[Standing]) -> Iterator[str]:
    """Each limit: what is spent and reserved of it, from when to when."""
    for one in found[:MOST]:
        colour = COLOURS.get(one.state)
        spent = ink(_figures(one), colour) if colour else _figures(one)
        yield f"{_whose(one)}: {spent} ({one.use.key}, {_span(one)})"
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more (all of them: --json)"


def wanting(found: Sequence[Standing]) -> Iterator[str]:
    """Those that a person should know of."""
    for one in [one for one in found if one.state != "open"][:MOST]:
        until = zone.wall(one.use.over // 60 * 60)
        if one.state == "spent":
            yield f"{_whose(one)}: the budget is spent, {_figures(one)} ({one.use.key}); what it is for waits until {until}"
        else:
            yield f"{_whose(one)}: the budget is nearly spent, {_figures(one)} ({one.use.key}), until {until}"


def _whose(one: Standing) -> str:
    return "all tasks" if one.scope == "all" else f"{one.scope} {printable(one.name)}"


def _figures(one: Standing) -> str:
    use = one.use
    if one.of_runs:
        in_hand = f", {use.reserved:.0f} in hand" if use.reserved else ""
        return f"{use.used:.0f} of {use.limit:.0f} runs{in_hand}"
    reserved = f", {dollars(min(use.reserved, use.limit))} reserved" if use.reserved else ""
    return f"{dollars(use.used)} of {dollars(use.limit)}{reserved}"


def _span(one: Standing) -> str:
    since, until = (zone.wall(moment // 60 * 60) for moment in (one.use.since, one.use.over))
    return f"since {since}, until {until}"
