"""`clodputer queue`: the requests that wait, in the order in which they will run, and those that were set aside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from time import time
from typing import Optional

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung, prose
from clodputer.cli.terminal.table import Column, table
from clodputer.cli.text.figures import effort
from clodputer.cli.text.set_aside import short
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.gates.waiting import NOT_BEFORE, RETRY
from clodputer.model.queue.estimate import dollars
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.computer import zone
from clodputer.store.spool import layout
from clodputer.store.spool.dropfile import FORMS
from clodputer.views.queue import fields, setaside, waiting
from clodputer.views.queue.setaside import Aside
from clodputer.views.queue.waiting import Row

LIMIT = 20
COLUMNS = (
    Column("", right=True),
    Column("REQUEST"),
    Column("TASK"),
    Column("PRIORITY", right=True),
    Column("AGE", right=True),
    Column("STATE"),
    Column("FROM", gives_way=True),
    Column("USUALLY", right=True, drops=True),
    Column("LANE"),
)
ASIDE = (Column("REQUEST"), Column("FILE"), Column("WHEN"), Column("REASON", gives_way=True))


@click.command()
@click.option("--lane", metavar="LANE", help="Only this lane.", shell_complete=complete.lanes)
@click.option(
    "--limit",
    "-n",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    default=LIMIT,
    help=f"Show at most N; {LIMIT} by default.",
)
@click.option(
    "--dead", "place", flag_value="dead", help="List the requests that were given up, each with its reason."
)
@click.option(
    "--rejected",
    "place",
    flag_value="rejected",
    help="List the files that are not valid requests, each with its reason.",
)
@click.option(
    "--parked", "place", flag_value="parked", help="List the requests about items that no run could finish."
)
@click.option(
    "--closed",
    "place",
    flag_value="closed",
    help="List the requests that were cancelled, denied, dismissed or retried.",
)
@click.option("--why", is_flag=True, help="Say why each request has its place.")
@json_option
@click.pass_obj
def command(as_json: bool, lane: Optional[str], limit: int, place: Optional[str], why: bool) -> Result:
    """List the waiting requests, in the order in which they will run.

    First what is being run, then what is queued, what waits for its time, and what was dropped and not taken in yet. With
    --dead, --rejected, --parked or --closed those that were set aside, the latest first.

    \b
    Examples:
      clodputer queue
      clodputer queue --lane default --limit 100
      clodputer queue --why
      clodputer queue --dead
    """
    if place and lane:
        raise ClodputerError(
            "usage", f"--lane does not go with --{place}", "Leave one of them out.", ExitCode.USAGE
        )
    if place and why:
        raise ClodputerError(
            "usage", f"--why does not go with --{place}", "Leave one of them out.", ExitCode.USAGE
        )
    if place:
        return aside(os.environ, place, limit, time(), as_json=as_json)
    return queue(os.environ, lane or "", limit, time(), as_json=as_json, why=why)


def queue(
    environ: Mapping[str, str], lane: str, limit: int, now: float, *, as_json: bool = False, why: bool = False
) -> Result:
    """What waits, in all lanes or in one. Raises ClodputerError when there is no such lane."""
    context = look(environ)
    known = layout.lanes(context.home)
    if lane and lane not in known:
        message = f"there is no lane {lane[:80]!r}{did_you_mean(lane, known)}"
        raise ClodputerError("lane_unknown", message, f"The lanes are {', '.join(known)}.")
    found = waiting.queue(context, lane, limit, now)
    data = context.masker.data(found.to_json())
    if as_json:
        return Result(data)
    # One lane is the usual case, and then its name says nothing.
    several = len(known) > 1 and not lane
    text = table(COLUMNS, [_line(row, several) for row in found.rows]) or "Nothing waits."
    text = _with_rest(text, found.total - len(found.rows))
    hints = "\n".join(ink(prose(one), "dim") for one in _ends(found.rows))
    through = "\n".join(map(hung, effort.lines(found.expected)))
    reasons = "\n".join(hung(f"  {line}") for line in _reasons(found.rows)) if why else ""
    return Result(data, context.masker.text("\n\n".join(filter(None, (text, through, reasons, hints)))))


def _reasons(rows: Sequence[Row]) -> Iterator[str]:
    """What puts each queued request into its place."""
    yield "In a lane the highest priority goes first, a day of waiting makes up for one step of it, and then the most points."
    for row in rows:
        if row.state == layout.QUEUED:
            words = row.score.words if row.score else "no score; it goes by when it came"
            yield f"{row.position}  {printable(row.request_id)}  priority {row.priority}; {one_line(words, 300)}"


def _ends(rows: Sequence[Row]) -> list[str]:
    """What lets the requests go on that are kept waiting, once for each reason."""
    found: dict[str, str] = {}
    for row in rows:
        if row.waits is not None and row.waits.reason not in (RETRY, NOT_BEFORE) and row.ends:
            found.setdefault(row.waits.reason, row.ends)
    return [f"{reason}: {ends}" for reason, ends in found.items()]


def aside(environ: Mapping[str, str], place: str, limit: int, now: float, *, as_json: bool = False) -> Result:
    """What was set aside: `place` is dead, rejected, parked or closed. Raises ClodputerError when there is no home."""
    context = look(environ)
    found = setaside.in_place(context.home, place, limit)
    data = context.masker.data(found.to_json())
    if as_json:
        return Result(data)
    text = table(ASIDE, _aside_lines(found.files, now)) or f"Nothing is in spool/{place}."
    hints = [FORMS] if any(FORMS in one.reason for one in found.files) else []
    if place == "rejected":
        hints += [
            (
                "To see all of one: clodputer show rejected/FILE. Once it is fixed: clodputer retry rejected/FILE. "
                "Done with it: clodputer dismiss rejected/FILE"
            )
        ]
    elif place == "parked":
        hints += ["To see all of one: clodputer show REQUEST. To let it go on: clodputer unpark REQUEST"]
    else:
        done = " Done with it: clodputer dismiss REQUEST" if place == "dead" else ""
        hints += [f"To run one again: clodputer retry REQUEST.{done}"]
    hint = "\n".join(ink(prose(one), "dim") for one in hints)
    text = _with_rest(text, found.total - len(found.files)) + (f"\n\n{hint}" if found.files else "")
    return Result(data, context.masker.text(text))


def _with_rest(text: str, rest: int) -> str:
    return f"{text}\n{ink(f'and {rest:,} more (--limit N shows more of them)', 'dim')}" if rest > 0 else text


def _line(row: Row, several: bool) -> tuple[str, ...]:
    state = {"running": ink("running", "green"), "dropped": "dropped"}.get(row.state, "")
    if row.state == "delayed" and row.not_before is not None:
        state = f"at {zone.wall(row.not_before)}"
    if row.waits is not None:
        state = one_line(row.waits.message, 60)
        if row.waits.reason == RETRY and row.not_before is not None:
            state = f"at {zone.wall(row.not_before)}: {state}"
    return (
        str(row.position) if row.position else "",
        printable(row.request_id or row.file),
        printable(row.task),
        str(row.priority) if row.priority else "",
        "" if row.age is None else when.span(row.age),
        state,
        one_line(row.unreadable or fields.words(row.origin), 60),
        _usually(row),
        printable(row.lane) if several else "",
    )


def _usually(row: Row) -> str:
    """What half of the runs of its task stay below."""
    if row.estimate.duration is None:
        return ""
    cost = f", {dollars(row.estimate.cost.p50)}" if row.estimate.cost else ""
    return f"{when.span(row.estimate.duration.p50)}{cost}"


def _aside_lines(found: Sequence[Aside], now: float) -> list[tuple[str, ...]]:
    """The rows, those with one reason together: it is shown once, and shortened."""
    groups: dict[str, list[Aside]] = {}
    for one in found:
        groups.setdefault(short(one.reason), []).append(one)
    same = ink("(the same)", "dim")
    return [
        (printable(one.request_id), printable(one.file), when.ago(one.since, now), same if place else reason)
        for reason, group in groups.items()
        for place, one in enumerate(group)
    ]
