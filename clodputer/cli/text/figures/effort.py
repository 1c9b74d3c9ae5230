"""When a lane's queue is expected to be through, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clodputer.cli.terminal.printable import printable
from clodputer.model.queue.estimate import Expected, dollars
from clodputer.store.computer import zone


def lines(found: Iterable[Expected]) -> Iterator[str]:
    """One sentence for each lane of whose requests enough is known."""
    for one in found:
        if one.end is None:
            continue
        by, late = zone.wall(one.end.p50 // 60 * 60), zone.wall(one.end.p90 // 60 * 60)
        late = "" if late == by else f", or {late} if all take long"
        money = f", for about {dollars(one.cost.p50)}" if one.cost else ""
        part = "" if one.known == one.requests else f" (known of {one.known} of {one.requests})"
        yield f"{printable(one.lane)}: through by {by}{late}{money}{part}"
