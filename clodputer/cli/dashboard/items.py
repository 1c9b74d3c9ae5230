"""What is in the panes of the dashboard: a line for each thing, and the commands that its keys stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from clodputer.cli.dashboard.cells import Cell, Column
from clodputer.model.gates.waiting import APPROVAL
from clodputer.store.records import runs
from clodputer.views.overview.needs import PUBLICATION, Need

# Commands that only look: what needs a person names one of them, and Enter shows what it prints.
LOOKING = frozenset(
    (
        "costs",
        "doctor",
        "explain",
        "inbox",
        "list",
        "logs",
        "notify",
        "outcomes",
        "plugins",
        "queue",
        "route",
        "runs",
        "show",
        "stats",
        "status",
        "trees",
        "webhooks",
        "why",
    )
)
Arguments = tuple[str, ...]


class Item(NamedTuple):
    """One line. key: by which it is known again after things have moved. cells: what is seen, by the columns of its pane.

    task: what it is about. opens: the command whose answer Enter shows. The others are what a key does; each
    is empty where it does nothing. cancels, approves, denies, retries: of a request or a run. held: what pause and resume
    name. follows: a live run. span: a line over all columns, in place of cells.
    """

    key: str
    cells: tuple[Cell, ...]
    task: str = ""
    opens: Arguments = ()
    follows: Arguments = ()
    cancels: Arguments = ()
    retries: Arguments = ()
    approves: Arguments = ()
    denies: Arguments = ()
    enables: Arguments = ()
    held: Arguments = ()
    span: tuple[Cell, ...] = ()


class Pane(NamedTuple):
    """Some lines under a title. more: how many lines there are besides. empty: what is said instead of no lines.

    least: how many lines it has even where room is scarce.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    items: tuple[Item, ...]
    empty: str
    more: int = 0
    least: int = 2
    urgent: bool = False


def of_need(need: Need) -> Item:
    """What needs a person; its commands are those that are in it."""
    words = tuple(need.command.split())[1:] if need.command.startswith("clodputer ") else ()
    known = words if not any(word.isupper() for word in words) else ()
    item = Item(f"{need.kind} {need.task} {need.id} {need.text[:60]}", (), need.task, held=_held(need.task))
    if known[:1] == ("approve",) and need.kind == APPROVAL:
        asks = ("approve", need.id)
        return item._replace(
            opens=("inbox",), approves=asks, denies=("deny", need.id), cancels=("cancel", need.id)
        )
    if known[:1] == ("approve",) and need.kind == PUBLICATION:
        return item._replace(opens=("show", need.id), approves=("approve", need.id), denies=("deny", need.id))
    if known[:1] == ("enable",):
        opens = ("show", need.id or need.task)
        return item._replace(opens=opens, enables=known, retries=_retry(need.id))
    if known[:1] and known[0] in LOOKING:
        retried = _retry(need.id) if need.kind in ("failing", "suspect") else ()
        return item._replace(opens=known, retries=retried)
    return item._replace(opens=("doctor",) if not known else ())


def _retry(run_id: str) -> Arguments:
    return ("retry", run_id) if runs.is_id(run_id) else ()


def _held(task: str) -> Arguments:
    return (task,) if task else ()


def found(items: Sequence[Item], key: str) -> Optional[int]:
    """Where the item with that key is."""
    return next((place for place, item in enumerate(items) if item.key == key), None)


def distinct(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items, each with a key of its own: of two with the same one the second could never be chosen."""
    times: dict[str, int] = {}
    kept = []
    for item in items:
        times[item.key] = number = times.get(item.key, 0) + 1
        kept.append(item if number == 1 else item._replace(key=f"{item.key} #{number}"))
    return tuple(kept)
