"""Who gets how much of the screen, decided purely: each pane its share of the lines, side by side where that is wide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from clodputer.cli.dashboard.items import Pane

# From this width on, two panes stand side by side.
WIDE = 110
# Between them, in cells.
GUTTER = 2
# Side by side: what runs beside what comes, what waits beside what has run.
PAIRS = (("needs",), ("running", "coming"), ("queue", "recent"), ("log",))
# Where there is no room for all, these are left out first.
LEAVE = ("coming", "log", "recent", "queue", "running", "needs")
# A pane is not worth its title with fewer lines.
LEAST = 1


class Box(NamedTuple):
    """The place of a pane, with its title in its first line. top, left: from 0."""

    pane: Pane
    top: int
    left: int
    height: int
    width: int


def boxes(panes: Sequence[Pane], focus: str, width: int, height: int, *, whole: bool) -> list[Box]:
    """The place of every pane that has one, in so many lines."""
    named = {pane.name: pane for pane in panes}
    if whole or height < 4:
        return [Box(named[focus], 0, 0, height, width)] if height > 0 else []
    wanted = list(PAIRS) if width >= WIDE else [(pane.name,) for pane in panes]
    groups = _kept(wanted, named, focus, height)
    heights = share([_want(group, named) for group in groups], height)
    found, top = [], 0
    for group, lines in zip(groups, heights):
        left = 0
        for name in group:
            share_of = width if len(group) == 1 else _width(len(group), left, width)
            found.append(Box(named[name], top, left, lines, share_of))
            left += share_of + GUTTER
        top += lines
    return found


def share(wants: Sequence[tuple[int, int]], height: int) -> list[int]:
    """How many of the lines each gets that wants at least and at most so many; the last one gets what is left over."""
    given = [min(least, most) for least, most in wants]
    left = height - sum(given)
    while left > 0:
        hungry = [place for place, (_, most) in enumerate(wants) if given[place] < most]
        if not hungry:
            break
        for place in hungry[:left]:
            given[place] += 1
        left -= min(left, len(hungry))
    if given:
        given[-1] += max(0, left)
    while sum(given) > height:
        given[given.index(max(given))] -= 1
    return given


def _want(group: Sequence[str], named: dict[str, Pane]) -> tuple[int, int]:
    panes = [named[name] for name in group]
    least = max(1 + min(pane.least, _lines(pane)) for pane in panes)
    return least, max(1 + _lines(pane) for pane in panes)


def _lines(pane: Pane) -> int:
    return max(1, len(pane.items))


def _kept(
    groups: Sequence[tuple[str, ...]], named: dict[str, Pane], focus: str, height: int
) -> list[tuple[str, ...]]:
    """As many as have room for a title and a line each; the pane with the cursor always."""
    kept = list(groups)
    for name in LEAVE:
        if sum(1 + LEAST for _ in kept) <= height:
            break
        group = next((group for group in kept if name in group), None)
        if group is not None and focus not in group and len(kept) > 1:
            kept.remove(group)
    return [tuple(name for name in group if name in named) for group in kept]


def _width(number: int, left: int, width: int) -> int:
    """The first of two gets the larger half."""
    first = (width - GUTTER) * 11 // 20
    return first if left == 0 else width - GUTTER - first if number > 1 else width
