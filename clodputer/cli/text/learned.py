"""What past runs teach, in words: rates of success with how far off they may be."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.model.learning.rates import Rate
from clodputer.model.plural import counted
from clodputer.views.learning import Learned, OfTask

_TASKS = (
    Column("TASK"),
    Column("RUNS", right=True),
    Column("GOOD", right=True),
    Column("RATE", right=True),
    Column("LIKELY", right=True),
)
_CONDITIONS = {
    "model": "MODEL",
    "prompt": "PROMPT",
    "version": "VERSION",
    "hour": "HOUR",
    "item": "ABOUT",
}


def overview(found: Learned) -> str:
    """A row for each task."""
    return table(
        _TASKS,
        [(ink(printable(one.task), "bold"), str(one.runs), *_cells(one.rate)) for one in found.tasks],
    )


def of_task(one: OfTask) -> Iterator[str]:
    """The parts of what one task's runs teach."""
    if not one.runs:
        yield f"No run of {printable(one.task)} has ended in the last 90 days."
        return
    nothing = f"none of its {counted(one.runs, 'run')} says whether it does its work"
    yield f"{ink(printable(one.task), 'bold')}: {words(one.rate) if one.rate.runs else nothing}"
    for name, title in _CONDITIONS.items():
        rates = one.by[name]
        # One value alone says what the first line says.
        if len(rates) > 1:
            columns = (Column(title), *_TASKS[2:])
            yield table(columns, [(one_line(rate.value or "unknown", 60), *_cells(rate)) for rate in rates])


def words(rate: Rate) -> str:
    """The rate in a sentence."""
    low, high = rate.interval
    return (
        f"{rate.good:,} of {counted(rate.runs, 'run')} did their work: {_percent(rate.share or 0.0)}, "
        f"likely between {_percent(low)} and {_percent(high)}"
    )


def _cells(rate: Rate) -> tuple[str, str, str]:
    if rate.share is None:
        return "-", "-", "-"
    low, high = rate.interval
    return f"{rate.good:,} of {rate.runs:,}", _percent(rate.share), f"{_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
