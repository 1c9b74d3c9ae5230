"""What keeps requests waiting, in words for a person."""

from __future__ import annotations

from collections.abc import Iterable

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
    until = "" if one.until is None else f" Until {zone.wall(one.until // 60 * 60)}."
    message = one_line(one.message, 300)
    end = "" if message.endswith((".", "!", "?")) or not message else "."
    return f"{number}{message}{end}{until} {one.ends}".rstrip()


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
