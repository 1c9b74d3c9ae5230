"""What systemd leaves out when clocks are changed: the moments, known for decades ahead, that a timer must name.

A timer skips a time that the clock skips, where cron runs it right afterwards (systemd/systemd#5595), and passes over all
of an hour that the clock shows for the second time (systemd/systemd#8647). Both are named to it as moments in UTC, on each
date on which such a change may fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

from clodputer.model.cron import Cron
from clodputer.model.errors import ClodputerError
from clodputer.store.zone import load

# After 28 years dates and weekdays come together again. The years are fixed: what is rendered must not change by itself.
_FIRST, _LAST = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2054, 1, 1, tzinfo=timezone.utc)
_EPOCH = date(1970, 1, 1)


class _Changed(NamedTuple):
    """A zone's clock is changed: the moment, and the seconds east of Greenwich before and after it."""

    moment: int
    before: int
    after: int


def around_changes(parsed: Cron, zone: str, late: int) -> Iterator[int]:
    """Moments at which an expression, `late` seconds later, may be due and a timer would not come in time."""
    for change in _changes(zone):
        first = _date(change.moment + min(change.before, change.after) - late)
        last = _date(change.moment + max(change.before, change.after))
        while first <= last:
            if parsed.on(first):
                midnight = (first - _EPOCH).days * 86400
                for hour in parsed.hours:
                    for minute in parsed.minutes:
                        wall = midnight + hour * 3600 + minute * 60
                        yield from (
                            moment + late for moment in _missed(change, wall, late, parsed.follows_clock)
                        )
            first += timedelta(days=1)


def _missed(change: _Changed, wall: int, late: int, follows_clock: bool) -> Iterator[int]:
    """The moments of one time on the wall that are skipped, shown twice, or followed by a change before its delay is over."""
    low, high = sorted((change.moment + change.before, change.moment + change.after))
    if low <= wall < high:
        if change.after < change.before:
            yield from (wall - change.before, wall - change.after)
        elif not follows_clock:
            yield change.moment
    elif change.moment - late <= wall - change.before < change.moment:
        yield wall - change.before


@lru_cache(maxsize=64)
def _changes(zone: str) -> tuple[_Changed, ...]:
    """The changes of a zone's clock; none of a zone that is not known here, or is UTC."""
    if not zone:
        return ()
    try:
        clock = load(zone, {})
    except ClodputerError:
        return ()
    found = []
    # No clock is changed twice within a week, so that it is enough to look that often.
    here, week = int(_FIRST.timestamp()), 7 * 86400
    while here < _LAST.timestamp():
        before, after = _offset(clock, here), _offset(clock, here + week)
        if before != after:
            found.append(_Changed(_first_with(clock, here, here + week, after), before, after))
        here += week
    return tuple(found)


def _first_with(clock: tzinfo, low: int, high: int, offset: int) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(clock, middle) == offset else (middle, high)
    return high


def _offset(clock: tzinfo, moment: int) -> int:
    offset = datetime.fromtimestamp(moment, clock).utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _date(moment: int) -> date:
    return _EPOCH + timedelta(days=moment // 86400)
