"""Slot times that led to no run of their own, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable

from clodputer.model.schedules.due import MISSED, MOST, REASONS
from clodputer.model.triggers.decision import Fate
from clodputer.store.computer.zone import wall

# So many of what became of slot times are shown, the latest.
MOST_SHOWN = 5


def lines(found: Iterable[Fate]) -> list[str]:
    """What became of the latest slot times that were not run, newest first, a line each."""
    newest = sorted(found, key=lambda fate: (fate.noticed_at, fate.last), reverse=True)
    return [line(fate) for fate in newest[:MOST_SHOWN]]


def line(fate: Fate) -> str:
    """One of them."""
    verb = "missed" if fate.fate == MISSED else "coalesced"
    when = (
        wall(fate.first)
        if fate.number == 1
        else f"{fate.number}{' or more' if fate.number >= MOST else ''} from {wall(fate.first)} to {wall(fate.last)}"
    )
    return f"{verb} {when}: {REASONS.get(fate.reason, fate.reason)}"
