"""The state of a home on one screen, for a person: what wants attention stands out, what is empty is left out."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.cli.commands.list import broken_lines
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.cli.terminal.table import Column, table
from clodputer.cli.text import budgets, fates, scheduled, waits
from clodputer.isolate import scratch
from clodputer.model.moment import format_duration
from clodputer.model.outcome import SKIPPED
from clodputer.model.plural import counted
from clodputer.model.usage import WORDS
from clodputer.model.waiting import HOLD
from clodputer.runner.worktree import words
from clodputer.store import exposed, zone
from clodputer.store.holds import USAGE_LIMIT
from clodputer.views.status import Running, Status

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
MOST_FAILING = 5
MOST_OVERDUE = 5


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
                when.dollars(one.cost_usd),
                when.run(one.run_id),
            )
            for one in status.past.last
        ],
    )
    today, week = when.dollars(status.past.cost_today), when.dollars(status.past.cost_week)
    yield "\n".join((f"{ink('Spent', 'bold')} today {today}, in 7 days {week}", *_usage(status)))
    yield _lines("Budgets", budgets.lines(status.budgets))
    kept = [one for one in status.coming if not status.scheduled.nothing_starts(one.task)]
    yield table(NEXT, [(one.task, zone.wall(one.slot, one.zone), one.trigger) for one in kept])


def wanting(status: Status, title: str, since: str) -> Iterator[str]:
    """What wants something of a person: holds, all that needs attention, files with mistakes, missed slot times."""
    yield _lines("On hold", _holds(status), "yellow")
    yield _lines(title, _attention(status), "red")
    yield broken_lines(status.broken)
    yield _lines(f"Missed since {since}", _missed(status), "yellow")


def _lines(title: str, lines: Iterator[str], colour: str = "") -> str:
    found = [hung(f"  {line}") for line in lines]
    styles = ("bold", colour) if colour else ("bold",)
    return "\n".join([ink(title, *styles), *found]) if found else ""


def _running(one: Running) -> tuple[str, ...]:
    state = ink("its exec died; the next exec settles it", "red") if one.stale else ""
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
            parts.append("as many as its queue_limit allows, so that its triggers look no further")
        if parts:
            yield f"{printable(lane.name)}: {', '.join(parts)}"
    if status.dropped:
        yield f"{status.dropped} dropped and not taken in yet; the next exec takes them in"
    # What is on hold is shown below.
    yield from waits.lines(one for one in status.waits if one.reason != HOLD)


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


def _attention(status: Status) -> Iterator[str]:
    needs = status.attention
    for problem in needs.problems:
        what = "Its requests wait" if problem.code == exposed.CODE else "Nothing runs"
        yield f"{what} until this is fixed: {one_line(problem.message, 300)} {one_line(problem.hint, 200)}"
    if needs.crash is not None:
        others = needs.crashes - 1
        more = f" ({counted(others, 'more report')} beside it)" if others else ""
        ago = when.ago(needs.crash.at, status.now)
        yield f"Clodputer itself failed {ago}. Please report it: {needs.crash.path}{more}"
    latest = needs.faults.latest
    if latest is not None:
        yield (
            f"{counted(needs.faults.number, 'fault')} of Clodputer contained, last "
            f"{when.ago(latest.at, status.now)} ({latest.step}: {one_line(latest.message, 200)}). "
            "See: clodputer logs --event fault"
        )
    if needs.stuck:
        yield f"{len(needs.stuck)} stuck in spool/new: {one_line(', '.join(needs.stuck), 200)}. See: clodputer doctor"
    mail = needs.undelivered
    if mail.failing or mail.dead:
        waits = (
            f"{counted(mail.failing, 'message')} to you could not be delivered yet" if mail.failing else ""
        )
        dead = (
            f"{counted(mail.dead, 'message')} to you {'was' if mail.dead == 1 else 'were'} given up"
            if mail.dead
            else ""
        )
        why = one_line(mail.last_error, 200)
        yield f"{', '.join(filter(None, (dead, waits)))}: {why}. See: clodputer notify"
    if needs.unfollowed.latest is not None:
        last, number = needs.unfollowed.latest, needs.unfollowed.number
        yield (
            f"{counted(number, 'follow-up')} did not come, last {when.ago(last.at, status.now)}: {printable(last.on)} of "
            f"{printable(last.task)}{f' ({printable(last.target)})' if last.target else ''}: {one_line(last.message, 200)}. "
            "See: clodputer logs --event not_followed"
        )
    for task, disabled in needs.disabled[:MOST_FAILING]:
        ago = when.ago(disabled.at, status.now)
        yield (
            f"{printable(task)} was disabled by itself {ago} {disabled.words}. "
            f"See: clodputer show {disabled.run_id or task}; then: clodputer enable {printable(task)}"
        )
    if len(needs.disabled) > MOST_FAILING:
        yield f"and {len(needs.disabled) - MOST_FAILING} more tasks that were disabled. See: clodputer list"
    yield from budgets.wanting(status.budgets)
    for run in needs.failing[:MOST_FAILING]:
        ended = f"{printable(run.task)} {when.ended(run.outcome, run.reason)} {when.ago(run.at, status.now)}"
        yield f"{ended}, its latest run. See: clodputer show {run.run_id}"
    if len(needs.failing) > MOST_FAILING:
        yield f"and {len(needs.failing) - MOST_FAILING} more tasks whose latest run failed. See: clodputer list"
    for run in needs.suspect[:MOST_FAILING]:
        ended = f"{printable(run.task)} {when.ended(run.outcome, run.reason, suspect=True)} {when.ago(run.at, status.now)}"
        doubt = (
            "there may have been something to do" if run.outcome == SKIPPED else "it may have done nothing"
        )
        yield f"{ended}: {doubt}. See: clodputer show {run.run_id}"
    if len(needs.suspect) > MOST_FAILING:
        yield f"and {len(needs.suspect) - MOST_FAILING} more tasks whose latest run is suspect. See: clodputer list"
    if needs.failures > len(needs.failing):
        yield f"{needs.failures} runs failed since yesterday. See: clodputer stats --since yesterday"
    if status.rejected:
        yield f"{status.rejected} rejected, as they cannot be run. See: clodputer queue --rejected"
    if status.dead:
        yield f"{status.dead} given up. See: clodputer queue --dead; then: clodputer retry REQUEST, or dismiss"
    if status.parked:
        yield f"{status.parked} parked, as no run got it done. See: clodputer queue --parked; then: clodputer unpark REQUEST"
    if status.unrouted:
        number = sum(one.number for one in status.unrouted)
        first = status.unrouted[0]
        most = (
            f"most often {printable(first.type)} from {printable(first.sender)} ({printable(first.reason)})"
        )
        yield f"{counted(number, 'event')} led to no request in 30 days, {most}. See: clodputer route events"
    for name, message in status.plugins[:MOST_FAILING]:
        yield f"plugin {printable(name)} {one_line(message, 300)}. See: clodputer plugins"
    yield from _unpublished(status)
    for tree in needs.trees[:MOST_FAILING]:
        yield (
            f"{printable(tree.task)} has left work in its worktree {when.ago(tree.ended_at, status.now)} that no remote has: "
            f"{one_line(words(tree), 200)}. See: clodputer show {tree.run_id}"
        )
    if len(needs.trees) > MOST_FAILING:
        yield f"and {len(needs.trees) - MOST_FAILING} more worktrees with such work, in {printable(status.home)}/trees"
    if needs.temporary:
        yield f"{one_line(needs.temporary, 300)}. {scratch.REMEDY}"
    for blind in status.watch_problems:
        yield f"{blind.task} cannot see all that it watches: {one_line(blind.message, 300)}"
    if unscheduled := scheduled.sentence(status.scheduled):
        yield unscheduled
    for one in status.overdue[:MOST_OVERDUE]:
        yield f"{one.task} was due at {zone.wall(one.slot)}, and no exec has looked since"
    if len(status.overdue) > MOST_OVERDUE:
        yield f"and {len(status.overdue) - MOST_OVERDUE} more triggers are overdue. See: clodputer why TASK"


def _unpublished(status: Status) -> Iterator[str]:
    found = status.attention.unpublished
    if found.trying:
        number = counted(len(found.trying), "run")
        yield f"What {number} published is not sent yet: {one_line(found.last_error, 200)}. It is tried for a day"
    if found.ended:
        run = found.ended[-1]
        yield (
            f"{counted(len(found.ended), 'run')} of the last week could not publish all they wanted, last "
            f"{printable(run.task)}: {one_line(found.last_error, 200)}. See: clodputer show {run.run_id}"
        )


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
