"""The digest of a night on one screen, for a person: failures first, and at the end what waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung, width
from clodputer.cli.terminal.table import Column, table
from clodputer.cli.text import status_page
from clodputer.model.outcome import SKIPPED
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store.computer import zone
from clodputer.views.overview.digest import Digest, latest_of_each
from clodputer.views.overview.status import Status
from clodputer.views.runs.runs import Entry

TASKS = (
    Column("TASK"),
    Column("RUNS", right=True),
    Column("FAILED", right=True),
    Column("SKIPPED", right=True),
    Column("COST", right=True),
)
LONGEST = 300


def page(digest: Digest, most: int) -> str:
    """The whole screen, with the latest `most` runs of each task."""
    return "\n\n".join(part for part in _parts(digest, most) if part)


def _parts(digest: Digest, most: int) -> Iterator[str]:
    yield _head(digest)
    yield _entries(ink("Failed", "red", "bold"), digest.failed, most)
    # What had nothing to do is counted below, and would hide what did something.
    ran = [entry for entry in digest.others if entry.run.outcome != SKIPPED]
    yield _entries(ink("Ran", "bold"), ran, most)
    rows = [
        (
            printable(total.task),
            str(total.runs),
            _number(total.failed),
            _number(total.skipped),
            _cost(total.cost_usd),
        )
        for total in digest.totals
    ]
    if len(rows) > 1:
        number = len(digest.failed) + len(digest.others)
        skipped = sum(total.skipped for total in digest.totals)
        rows.append(
            ("all", str(number), _number(len(digest.failed)), _number(skipped), _cost(digest.cost_usd))
        )
    yield table(TASKS, rows)
    yield from status_page.wanting(
        _without_shown(digest), "Waits for you", zone.wall(digest.since // 60 * 60)
    )


def _head(digest: Digest) -> str:
    number, failed = len(digest.failed) + len(digest.others), len(digest.failed)
    since = f"Since {zone.wall(digest.since // 60 * 60)}"
    if not number:
        return f"{since} nothing has run."
    parts = [counted(number, "run")]
    parts.append(ink(f"{failed} failed", "red", "bold") if failed else ink("none failed", "green"))
    parts += [_cost(digest.cost_usd)] if digest.cost_usd else []
    return f"{since}: {', '.join(parts)}"


def _entries(title: str, entries: Iterable[Entry], most: int) -> str:
    kept, more = latest_of_each(entries, most)
    lines = [line for entry in kept for line in _lines(entry)]
    lines += [ink(f"  and {number} more of {printable(task)}", "dim") for task, number in more.items()]
    return "\n".join([title, *lines]) if lines else ""


def _lines(entry: Entry) -> Iterator[str]:
    run = entry.run
    parts = [
        ink(printable(run.task), "bold"),
        when.ended(run.outcome, run.reason, suspect=run.suspect),
        f"{datetime.fromtimestamp(run.at).astimezone():%a %H:%M}",
        format_duration(run.duration),
        dollars(run.cost_usd),
        ink(when.run(run.run_id), "dim"),
    ]
    yield hung(f"  {'  '.join(filter(None, parts))}", 4)
    if entry.line:
        yield f"    {one_line(entry.line, min(LONGEST, width(4)))}"


def _without_shown(digest: Digest) -> Status:
    """The state without the failures that are above."""
    status, shown = digest.status, {entry.run.run_id for entry in digest.failed}
    failing = tuple(run for run in status.attention.failing if run.run_id not in shown)
    return status._replace(attention=status.attention._replace(failing=failing, failures=0))


def _number(number: int) -> str:
    return str(number) if number else ""


def _cost(cost: float) -> str:
    return dollars(cost) if cost else ""
