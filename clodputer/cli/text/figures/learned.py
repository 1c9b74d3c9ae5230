"""What past runs teach, in words: rates with how far off they may be, durations, costs, changes, failures that come again."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.model.learning.changes import COST, SUCCESS, Change
from clodputer.model.learning.durations import Costs, Durations
from clodputer.model.learning.patterns import Pattern, Remedy
from clodputer.model.learning.rates import Rate
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store.computer.zone import wall
from clodputer.views.figures.learning import Learned, OfTask

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
    yield "\n".join(filter(None, (_took(one.durations), _cost(one.costs))))
    for name, title in _CONDITIONS.items():
        rates = one.by[name]
        # One value alone says what the first line says.
        if len(rates) > 1:
            columns = (Column(title), *_TASKS[2:])
            yield table(columns, [(one_line(rate.value or "unknown", 60), *_cells(rate)) for rate in rates])
    if one.changes:
        lines = [f"  {hung(line, 4)}" for change in one.changes for line in _change(change)]
        yield "\n".join((ink("WHAT CHANGED", "dim"), *lines))
    if one.patterns:
        lines = [hung(f"  {line}", 4) for pattern in one.patterns for line in _pattern(pattern)]
        yield "\n".join((ink("FAILURES THAT COME AGAIN", "dim"), *lines))


def words(rate: Rate) -> str:
    """The rate in a sentence."""
    low, high = rate.interval
    return (
        f"{rate.good:,} of {counted(rate.runs, 'run')} did their work: {_percent(rate.share or 0.0)}, "
        f"likely between {_percent(low)} and {_percent(high)}"
    )


def _took(found: Durations) -> str:
    if not found.runs:
        return ""
    p50 = format_duration(found.p50) if found.p50 is not None else "longer than is known"
    p90 = format_duration(found.p90) if found.p90 is not None else "longer than is known"
    stopped = f", {found.stopped:,} of them stopped before their end" if found.stopped else ""
    return (
        f"It takes {p50} (half of the runs), {p90} (nine of ten), by {counted(found.runs, 'run')}{stopped}."
    )


def _cost(found: Costs) -> str:
    if not found.runs:
        return ""
    known = counted(found.runs, "run")
    return (
        f"It costs {dollars(found.p50)} (half of the runs), {dollars(found.p90)} (nine of ten), by {known}."
    )


def _change(change: Change) -> Iterator[str]:
    before, after = (_level(change.what, value) for value in (change.before, change.after))
    what = {COST: "Costs", SUCCESS: "Success"}.get(change.what, "Durations")
    since = f"since {wall(change.at // 60 * 60)} (run {change.run_id})"
    runs = f"{change.runs_before} runs before, {change.runs_after} since"
    yield f"{what} went from {before} to {after} {since}; {runs}"
    for suspect in change.suspects:
        values = f"{one_line(suspect.before or 'unknown', 60)} to {one_line(suspect.after or 'unknown', 60)}"
        yield f"  at the same time: {suspect.condition} from {values}"


def _level(what: str, value: float) -> str:
    if what == SUCCESS:
        return _percent(value)
    return dollars(value) if what == COST else format_duration(value)


def _pattern(pattern: Pattern) -> Iterator[str]:
    message = f": {one_line(pattern.message, 160)}" if pattern.message else ""
    yield f"{pattern.runs} times {pattern.reason}{message} (last: {pattern.run_ids[0]})"
    for remedy in pattern.remedies:
        yield f"  {_WORKED[remedy.kind]}: {_helped(remedy)}"


_WORKED = {
    "retry": "tried again",
    "later": "the next run, with nothing changed",
    "prompt": "the next run, with another prompt",
    "model": "the next run, with another model",
    "version": "the next run, with another version of the agent",
}


def _helped(remedy: Remedy) -> str:
    return f"{remedy.good} of {remedy.uses} went well, likely {_percent(remedy.confidence)} or more"


def _cells(rate: Rate) -> tuple[str, str, str]:
    if rate.share is None:
        return "-", "-", "-"
    low, high = rate.interval
    return f"{rate.good:,} of {rate.runs:,}", _percent(rate.share), f"{_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
