"""What keeps requests waiting, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.gates.waiting import NOT_BEFORE
from clodputer.store.computer import zone
from clodputer.views.queue.waits import Waits

MOST_SHOWN = 5


def line(one: Waits) -> str:
    """Why they wait, until when, and what lets them go."""
    number = "" if one.requests == 1 else f"{one.requests} requests: "
    return f"{number}{sentences(one.message, one.until, one.ends)}"


def sentences(message: str, until: Optional[float], ends: str) -> str:
    """The same of any reason to wait; until: epoch seconds, None when nobody knows."""
    message = one_line(message, 300)
    end = "" if message.endswith((".", "!", "?")) or not message else "."
    moment = "" if until is None else f" Until {zone.wall(until // 60 * 60)}."
    return f"{message}{end}{moment} {ends}".rstrip()


def lines(found: Iterable[Waits]) -> list[str]:
    """Each with its task; only the first few."""
    kept = [one for one in found if one.reason != NOT_BEFORE]
    shown = [f"{printable(one.task) or 'a request'} waits: {line(one)}" for one in kept[:MOST_SHOWN]]
    more = len(kept) - MOST_SHOWN
    return [*shown, f"and {more} more. See: clodputer queue"] if more > 0 else shown


def note(found: Iterable[Waits]) -> str:
    """All of it below a title; empty when nothing is kept waiting."""
    told = lines(found)
    return (
        "\n".join((ink("Kept waiting", "bold", "yellow"), *(hung(f"  {one}", 4) for one in told)))
        if told
        else ""
    )
