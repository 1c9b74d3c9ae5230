"""Slot times and what became of them, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, Optional

from clodputer.model.decision import Fate
from clodputer.model.due import MISSED, MOST, REASONS
from clodputer.store.zone import wall

# Of what became of slot times, the latest are told.
MOST_TOLD = 5


def written(moment: float, zone: Optional[tzinfo] = None) -> str:
    """A moment as programs read it: ISO 8601 with the offset of the zone."""
    return datetime.fromtimestamp(moment, zone).astimezone(zone).isoformat(timespec="seconds")


def fates(found: Iterable[Fate]) -> list[str]:
    """What became of the latest slot times that were not run, newest first, a line each."""
    newest = sorted(found, key=lambda fate: (fate.noticed_at, fate.last), reverse=True)
    return [fate_line(fate) for fate in newest[:MOST_TOLD]]


def fate_line(fate: Fate) -> str:
    """One of them."""
    verb = "missed" if fate.fate == MISSED else "coalesced"
    when = (
        wall(fate.first)
        if fate.number == 1
        else f"{fate.number}{' or more' if fate.number >= MOST else ''} from {wall(fate.first)} to {wall(fate.last)}"
    )
    return f"{verb} {when}: {REASONS.get(fate.reason, fate.reason)}"


def fate_data(fate: Fate) -> dict[str, Any]:
    """The same for programs."""
    return {
        "fate": fate.fate,
        "reason": fate.reason,
        "slot_time": written(fate.first),
        "last_slot_time": written(fate.last),
        "count": fate.number,
        "noticed_at": written(fate.noticed_at),
    }
