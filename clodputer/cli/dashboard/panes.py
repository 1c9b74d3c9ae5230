"""The six panes of the dashboard, made from what was read: what needs you, runs, waits, comes, was run, was logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from clodputer.cli.dashboard.cells import Cell, Column
from clodputer.cli.dashboard.items import Item, Pane, distinct, of_need
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import without
from clodputer.cli.terminal.live_line import clock
from clodputer.cli.terminal.printable import one_line
from clodputer.cli.text.runs.log_event import facts, local_time
from clodputer.model.gates.waiting import APPROVAL, RETRY
from clodputer.model.outcome import BLAMELESS
from clodputer.model.text.moment import format_duration
from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted
from clodputer.store.computer import zone
from clodputer.views.dashboard.board import Board, Live
from clodputer.views.overview.needs import needs
from clodputer.views.overview.status import Status
from clodputer.views.queue.waiting import Lane, Row
from clodputer.views.schedule.coming import Coming

LONGEST, NAME = 300, 40
BAR = 12


def panes(board: Board, log: Optional[Pane] = None) -> list[Pane]:
    """All of them, in the order of the key Tab. log: that pane, if it is known already."""
    found = (_needs, _running, _queue, _coming, _recent, *(() if log else (_log,)))
    made = [pane._replace(items=distinct(pane.items)) for pane in (make(board) for make in found)]
    return [*made, log] if log else made


def _needs(board: Board) -> Pane:
    columns = (Column(), Column(flexible=True), Column(right=True, drops=1))
    items = list(_wanting(board))
    number = sum(1 for item in items if item.cells[0].text == "!")
    return Pane(
        "needs",
        f"Needs you {number or ''}".strip(),
        columns,
        tuple(items),
        "Nothing needs you.",
        least=3,
        urgent=number > 0,
    )


def _wanting(board: Board) -> Iterator[Item]:
    if board.problem:
        fix = f"  Fix: {board.fix}" if board.fix else ""
        text = one_line(f"{board.problem.rstrip('.')}.{fix}", LONGEST)
        yield Item("problem", (Cell("!", "bold red"), Cell(text, "bold"), Cell()), opens=("doctor",))
    status = board.status
    if status is None:
        return
    for need in needs(status):
        cells = (
            Cell("!", "bold red"),
            Cell(one_line(need.text, LONGEST)),
            Cell("" if need.at is None else when.ago(need.at, board.now), "dim"),
        )
        yield of_need(need)._replace(cells=cells)
    for placed in status.holds:
        until, reason = zone.until(placed.hold.until), placed.hold.reason
        said = f": {placed.hold.message}" if placed.hold.message else ""
        text = one_line(f"{placed.target.words} is on hold {until} ({reason}){said}", LONGEST)
        option = tuple(placed.target.option.split(" ", 1))
        cells = (Cell("=", "bold yellow"), Cell(text), Cell())
        yield Item(f"hold {placed.target}", cells, held=option, opens=("queue",))


def _running(board: Board) -> Pane:
    columns = (
        Column(most=24),
        Column(flexible=True),
        Column(right=True, drops=2),
        Column(right=True, drops=1),
        Column(right=True),
        Column(drops=3),
    )
    items = tuple(_lanes(board))
    return Pane(
        "running", f"Running {len(board.live) or ''}".strip(), columns, items, "Nothing runs.", least=3
    )


def _lanes(board: Board) -> Iterator[Item]:
    status = board.status
    if status is None:
        return
    lanes = {lane.name: lane for lane in status.lanes}
    busy = [lane for lane in status.lanes if lane.queued or lane.delayed or _live(board, lane.name)]
    for lane in busy or list(lanes.values())[:1]:
        live = _live(board, lane.name)
        yield _lane(lane, live, status, several=len(lanes) > 1)
        yield from map(_run, live)


def _live(board: Board, lane: str) -> list[Live]:
    return [one for one in board.live if one.run.lane == lane]


def _lane(lane: Lane, live: list[Live], status: Status, *, several: bool) -> Item:
    slots = live[0].slots if live else 0
    parts = [f"{len(live)} of {counted(slots, 'slot')}" if live else "free"]
    parts += [f"{lane.queued:,} queued"] if lane.queued else []
    parts += [f"{lane.delayed:,} delayed"] if lane.delayed else []
    if lane.oldest is not None:
        parts.append(f"oldest {when.span(status.now - lane.oldest)}")
    expected = next((one for one in status.expected if one.lane == lane.name and one.end), None)
    if expected is not None and expected.end is not None:
        parts.append(f"through in about {when.span(expected.end.p50 - status.now)}")
    name, words = f"lane {one_line(lane.name, NAME)}", ", ".join(parts)
    held = ("--lane", lane.name) if several else ("--all",)
    span = (Cell(name, "bold"), Cell(words, "dim"))
    return Item(f"lane {lane.name}", (), held=held, opens=("queue", "--lane", lane.name), span=span)


def _run(live: Live) -> Item:
    run, seen = live.run, live.seen
    name = f"  {one_line(run.task or run.request_id, NAME)}"
    elapsed = run.elapsed or 0.0
    usual = f" of {clock(live.usual)}" if live.usual else ""
    doing = "its exec died; the next exec settles it" if run.stale else one_line(seen.doing, LONGEST)
    cells = (
        Cell(name, "bold green" if not run.stale else "bold red"),
        Cell(doing or ("starts" if run.run_id else "is claimed"), "red" if run.stale else ""),
        Cell(counted(seen.turns, "turn") if seen.turns else ""),
        Cell("" if seen.cost is None else dollars(seen.cost)),
        Cell("" if run.elapsed is None else f"{clock(elapsed)}{usual}"),
        _bar(elapsed, live.usual),
    )
    names = run.run_id or run.request_id
    item = Item(
        f"run {names}", cells, run.task, cancels=("cancel", run.request_id or names), held=(run.task,)
    )
    if not run.run_id:
        return item._replace(opens=("queue",), held=())
    return item._replace(opens=("show", run.run_id), follows=("show", run.run_id, "--follow"))


def _bar(elapsed: float, usual: object) -> Cell:
    """How far a run is, by what such runs usually take; full and yellow where it takes longer."""
    if not isinstance(usual, float) or usual <= 0:
        return Cell()
    part = elapsed / usual
    if part > 1:
        return Cell("█" * BAR, "yellow")
    full = int(part * BAR)
    return Cell("█" * full + "░" * (BAR - full), "green")


def _queue(board: Board) -> Pane:
    columns = (
        Column(right=True),
        Column(flexible=True),
        Column(most=40, drops=1),
        Column(right=True),
        Column(drops=3, most=16),
        Column(drops=2),
    )
    if board.queue is None:
        return Pane("queue", "Queue", columns, (), "Unknown.")
    rows = [row for row in board.queue.rows if row.state != "running"]
    more = board.queue.total - len(board.queue.rows)
    number = more + len(rows)
    several = board.status is not None and len(board.status.lanes) > 1
    items = tuple(_waiting(row, several) for row in rows)
    return Pane(
        "queue", f"Queue {f'{number:,}' if number else ''}".strip(), columns, items, "Nothing waits.", more
    )


def _waiting(row: Row, several: bool) -> Item:
    state = {"delayed": "delayed", "dropped": "dropped"}.get(row.state, "")
    if row.state == "delayed" and row.not_before is not None:
        state = f"at {zone.wall(row.not_before)}"
    if row.waits is not None:
        state = one_line(row.waits.message, 60) if row.waits.reason != RETRY else f"{state}, once more"
    cells = (
        Cell(str(row.position) if row.position else "", "dim"),
        Cell(one_line(row.task or row.file, NAME), "" if row.task else "dim"),
        Cell(one_line(row.unreadable or state, 60), "red" if row.unreadable else "yellow"),
        Cell("" if row.age is None else when.span(row.age)),
        Cell(one_line(row.lane, NAME) if several else "", "dim"),
        Cell(one_line(row.request_id or row.file, 24), "dim"),
    )
    if not row.request_id:
        # Until it is taken in it goes by its name, which may look like an option.
        cancels = ("cancel", *(("--",) if row.file.startswith("-") else ()), row.file)
        return Item(f"file {row.file}", cells, row.task, opens=("queue",), cancels=cancels)
    item = Item(f"request {row.request_id}", cells, row.task, cancels=("cancel", row.request_id))
    item = item._replace(
        opens=("why", row.task) if row.task else ("queue", "--why"), held=(row.task,) if row.task else ()
    )
    if row.waits is not None and row.waits.reason == APPROVAL:
        asks = row.request_id
        return item._replace(opens=("inbox",), approves=("approve", asks), denies=("deny", asks))
    return item


def _coming(board: Board) -> Pane:
    columns = (Column(flexible=True), Column(right=True), Column(), Column(drops=1))
    status = board.status
    items = []
    for one in status.coming if status else ():
        ahead = when.span(one.slot - board.now) if one.slot > board.now else "now"
        cells = (
            Cell(one_line(one.task, NAME)),
            Cell(f"in {ahead}" if ahead != "now" else "due"),
            Cell(_soon(one, board.now), "dim"),
            Cell(one.trigger, "dim"),
        )
        items.append(
            Item(f"slot {one.task} {one.trigger}", cells, one.task, opens=("why", one.task), held=(one.task,))
        )
    return Pane("coming", "Coming", columns, tuple(items), "No task has a slot time.")


def _soon(one: Coming, now: float) -> str:
    """When a slot time is; within six days the day of the week says which day is meant."""
    said = zone.wall(one.slot, one.zone)
    day, _, *rest = said.split(" ")
    return " ".join((day, *rest)) if 0 <= one.slot - now < 6 * 86400 else said


def _recent(board: Board) -> Pane:
    columns = (
        Column(flexible=True),
        Column(most=34),
        Column(right=True, drops=2),
        Column(right=True, drops=1),
        Column(right=True),
        Column(drops=3),
    )
    status = board.status
    items = []
    for run in status.past.last if status else ():
        good = run.outcome in BLAMELESS and not run.suspect
        style = "green" if good and run.outcome == "succeeded" else "yellow" if good or run.suspect else "red"
        cells = (
            Cell(one_line(run.task, NAME)),
            Cell(without(when.ended(run.outcome, run.reason, suspect=run.suspect)), style),
            Cell(format_duration(run.duration)),
            Cell(dollars(run.cost_usd)),
            Cell(when.ago(run.at, board.now), "dim"),
            Cell(when.run(run.run_id), "dim"),
        )
        items.append(
            Item(
                f"ended {run.run_id}",
                cells,
                run.task,
                opens=("show", run.run_id),
                retries=("retry", run.run_id),
                held=(run.task,),
            )
        )
    return Pane("recent", "Recent runs", columns, tuple(items), "Nothing has run yet.", least=3)


def _log(board: Board) -> Pane:
    columns = (Column(), Column(most=14), Column(most=24), Column(flexible=True))
    items = []
    for event in reversed(board.log):
        kind, task = (
            one_line(str(event.get("event") or "?"), 20),
            one_line(str(event.get("task") or ""), NAME),
        )
        failed = event.get("event") == "finished" and event.get("outcome") not in BLAMELESS
        words = without(facts(event))
        cells = (
            Cell(local_time(event, "%H:%M:%S"), "dim"),
            Cell(kind),
            Cell(task),
            Cell(words, "red" if failed else ""),
        )
        run = event.get("run_id")
        opens = ("show", run) if isinstance(run, str) and run else ("logs",)
        key = f"{event.get('timestamp')} {kind} {run} {event.get('request_id')}"
        items.append(Item(key, cells, str(event.get("task") or ""), opens=opens))
    return Pane("log", "Log", columns, tuple(items), "Nothing was logged yet.")
