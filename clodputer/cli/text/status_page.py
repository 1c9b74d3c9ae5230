"""The state of a home on one screen, for a person: what wants attention stands out, what is empty is left out."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.cli.commands.list import broken_lines
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.cli.text import waits
from clodputer.cli.text.figures import budgets, effort
from clodputer.cli.text.setup import fates
from clodputer.model.engine.job import standing
from clodputer.model.gates.usage import WORDS
from clodputer.model.gates.waiting import APPROVAL, HOLD
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.store.computer import zone
from clodputer.store.holds import USAGE_LIMIT
from clodputer.views.overview.needs import needs
from clodputer.views.overview.status import Running, Status

RUNNING = (
    Column("RUNNING"),
    Column("LANE"),
    Column("FOR", right=True),
    Column("RUN"),
    Column("PID"),
    Column(""),
)
LAST = (
    Column("LAST RUNS"),
    Column("ENDED", gives_way=True),
    Column("WHEN"),
    Column("TOOK", right=True, drops=True),
    Column("COST", right=True, drops=True),
    Column("RUN"),
)
NEXT = (Column("NEXT"), Column("AT"), Column("TRIGGER"))
MOST_MISSED = 5


def page(status: Status) -> str:
    """The whole screen."""
    return "\n\n".join(part for part in _parts(status) if part)


def _parts(status: Status) -> Iterator[str]:
    yield table(RUNNING, [_running(one) for one in status.running]) or ink("Nothing is being run.", "dim")
    yield _lines("Waiting", _waiting(status))
    yield from wanting(status, "Needs attention", "yesterday")
    yield table(
        LAST,
        [
            (
                printable(one.task),
                when.ended(one.outcome, one.reason, suspect=one.suspect),
                when.ago(one.at, status.now),
                format_duration(one.duration),
                dollars(one.cost_usd),
                when.run(one.run_id),
            )
            for one in status.past.last
        ],
    )
    today, week = dollars(status.past.cost_today), dollars(status.past.cost_week)
    yield "\n".join((f"{ink('Spent', 'bold')} today {today}, in 7 days {week}", *_usage(status)))
    yield _lines("Budgets", budgets.lines(status.budgets))
    kept = [one for one in status.coming if not status.scheduled.nothing_starts(one.task)]
    yield table(NEXT, [(one.task, zone.wall(one.slot, one.zone), one.trigger) for one in kept])


def wanting(status: Status, title: str, since: str) -> Iterator[str]:
    """What wants something of a person: holds, all that needs attention, files with mistakes, missed slot times."""
    yield _lines("On hold", _holds(status), "yellow")
    yield _lines(title, _needs(status), "red")
    yield broken_lines(status.broken)
    yield _lines(f"Missed since {since}", _missed(status), "yellow")


def _lines(title: str, lines: Iterator[str], colour: str = "") -> str:
    found = [hung(f"  {line}") for line in lines]
    styles = ("bold", colour) if colour else ("bold",)
    return "\n".join([ink(title, *styles), *found]) if found else ""


def _running(one: Running) -> tuple[str, ...]:
    state = ink("its exec died; the next exec settles it", "red") if one.stale else ""
    if one.job is not None:
        state = printable(standing(one.job.engine, one.job.job))
    elapsed = "" if one.elapsed is None else when.span(one.elapsed)
    name = ink(one.task, "bold") if one.task else f"request {one.request_id}"
    return name, one.lane, elapsed, when.run(one.run_id), "" if one.pid is None else str(one.pid), state


def _waiting(status: Status) -> Iterator[str]:
    for lane in status.lanes:
        parts = [f"{lane.queued} queued"] if lane.queued else []
        parts += [f"{lane.delayed} delayed"] if lane.delayed else []
        if lane.oldest is not None:
            parts.append(f"the oldest for {when.span(status.now - lane.oldest)}")
        if lane.full:
            parts.append(
                "as many as its queue_limit allows, so its triggers stop looking, and plugins "
                "whose events lead there are not polled"
            )
        if parts:
            yield f"{printable(lane.name)}: {', '.join(parts)}"
    if status.dropped:
        yield f"{status.dropped} dropped and not taken in yet; the next exec takes them in"
    yield from effort.lines(status.expected)
    # What is on hold, and what asks, is shown below.
    yield from waits.lines(one for one in status.waits if one.reason not in (HOLD, APPROVAL))


def _holds(status: Status) -> Iterator[str]:
    for placed in status.holds:
        until, reason = zone.until(placed.hold.until), printable(placed.hold.reason)
        # A usage limit ends by itself; a run before that would only meet it again.
        again = (
            f". Let it go on: clodputer resume {printable(placed.target.option)}"
            if reason != USAGE_LIMIT
            else ""
        )
        message = one_line(placed.hold.message, 200).rstrip(".")
        yield f"{printable(placed.target.words)} {until} ({reason}){f': {message}' if message else ''}{again}"


def _needs(status: Status) -> Iterator[str]:
    for one in needs(status):
        ago = "" if one.at is None else f" ({when.ago(one.at, status.now)})"
        yield f"{printable(one.text)}{ago}{f'. See: {one.command}' if one.command else ''}"


def _usage(status: Status) -> Iterator[str]:
    for one in status.usage:
        if one.problem:
            yield f"{ink('Used', 'bold')} of account {one.account}: {one_line(one.problem, 200)}"
            continue
        windows = ", ".join(
            f"{found.used:.0f}% of its {WORDS[kind]} window (reset {zone.wall(found.resets_at // 60 * 60)})"
            for kind, found in one.readings.items()
        )
        yield hung(f"{ink('Used', 'bold')} of account {one.account}: {windows}", 2)


def _missed(status: Status) -> Iterator[str]:
    for one in status.missed[:MOST_MISSED]:
        yield f"{one.task}: {fates.line(one.fate)}"
    more = len(status.missed) - MOST_MISSED
    if more > 0:
        yield f"and {more} more: clodputer why TASK"
