"""What the doctor looks at of the spool: what waits, what is stuck, and what nobody will ever look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from clodputer.model.errors import ClodputerError
from clodputer.model.task import ASK
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store import holds as holding
from clodputer.store.folder import entries
from clodputer.store.program import crashes as crashed
from clodputer.store.spool import aside as set_aside
from clodputer.store.spool import dropfile, find, layout, slot, stuck
from clodputer.store.spool.find import Found
from clodputer.store.spool.requests import scores
from clodputer.store.spool.slot import Slot
from clodputer.tasks import taskfile
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok, problem
from clodputer.views.doctor.fix import SETTLE, UNLINK, Fix
from clodputer.views.overview import faults as contained

NOBODY = "No exec comes. Have a scheduler start it: clodputer install. By hand: clodputer exec"

# Every exec empties `new/`, and drops wake a scheduler at once; in seconds.
UNSEEN = 60.0
# A request that may run and whose lane is free is run by the next sweep at the latest; in seconds.
PATIENCE = 1800.0
DAY = 86400.0
# A request that was claimed so many seconds ago and is still without the mark of a run was left by an exec that died.
UNMARKED = 3.0
# Enough to tell; a queue of 100,000 is not read as a whole.
MOST = 500
# Left by programs that look at folders; nobody drops these.
STRAY = frozenset((".DS_Store", ".localized"))


def new(facts: Facts) -> list[Finding]:
    """Drops that nobody takes in."""
    arrivals = find.arrivals(facts.home)
    old = [name for moment, name in arrivals if facts.now - moment > UNSEEN and name not in STRAY]
    if old:
        return problem(
            "new",
            f"{counted(len(old), 'file')} in {facts.home.new} for more than a minute: {named(old)}",
            NOBODY,
        )
    return ok("new", "nothing waits to be taken in")


def tmp(facts: Facts) -> list[Finding]:
    """What writers have left behind."""
    there = [f"{facts.home.tmp}/{name}" for name in sorted(entries(facts.home.tmp)) if name not in STRAY]
    old = [path for path in there if 0 < set_aside.changed(path) < facts.now - DAY]
    names = [os.path.basename(path) for path in old]
    files = tuple(path for path in old if not os.path.isdir(path) or os.path.islink(path))
    if old:
        remove = Fix(
            f"remove {counted(len(files), 'file')} older than a day from {facts.home.tmp}", UNLINK, files
        )
        return note(
            "tmp",
            f"{counted(len(old), 'leftover')} in {facts.home.tmp}, older than a day: {named(names)}",
            "They were never dropped: move into spool/new what should run, remove the rest.",
            remove if files else None,
        )
    return ok("tmp", "no leftovers")


def queue(facts: Facts) -> list[Finding]:
    """What lies in the lanes: things that are no requests, requests of tasks that are gone, and requests that nobody runs."""
    found: list[Finding] = []
    waiting = later = 0
    known = {*taskfile.names(facts.home), ASK}
    for lane in layout.lanes(facts.home):
        gone = []
        later += sum(1 for _ in islice(find.not_due(facts.home, lane, facts.now), MOST))
        oldest, ahead = facts.now, scores.ahead(facts.home, lane)
        for request in islice(find.runnable(facts.home, lane, facts.now), MOST):
            waiting += 1
            if request.place:
                came = request.place.microseconds + ahead.get(request.id, 0)
                oldest = min(oldest, came / 1_000_000)
            task = dropfile.task_inside(request.path, request.name)
            if task and task not in known:
                gone.append(f"{os.path.basename(request.path)} (task {task})")
        unknown = list(islice(find.strays(facts.home, lane), MOST))
        if unknown:
            found += problem(
                "queue",
                f"{named(unknown)} will never run: only files that Clodputer has put into a lane are run",
                f"Move requests into {facts.home.new}, where they are taken in; remove the rest.",
            )
        if gone:
            found += note(
                "queue",
                f"{counted(len(gone), 'request')} in lane {lane} for tasks that are gone: {named(gone)}",
                "The next exec moves them into dead/, unless the task is brought back before.",
            )
        age = facts.now - oldest
        if age > PATIENCE and not _held(facts, lane) and not _all_occupied(facts, lane):
            found += problem(
                "queue", f"a request in lane {lane} could have run for {format_duration(age)}", NOBODY
            )
    more = " or more" if waiting >= MOST else ""
    delayed = f", {later}{' or more' if later >= MOST else ''} for a time to come" if later else ""
    return found or ok("queue", f"{counted(waiting, 'request')}{more} waiting{delayed}")


def slots(facts: Facts) -> list[Finding]:
    """Runs whose exec died: something lies in the slot, and the process that its mark names is no more.

    The lock is not tried: an exec that we turned away, for a moment, would leave its request behind.
    """
    found: list[Finding] = []
    for each in slot.everywhere(facts.home):
        content = slot.content(facts.home, each)
        if (content.place or content.run_id) and not _at_work(facts, each, content):
            what = (
                f"run {content.run_id} of task {content.task}"
                if content.run_id
                else f"request {content.place}"
            )
            found += problem(
                "slots",
                f"{what} in lane {each.lane}: its exec died, and no other exec has settled it since",
                "The next exec settles it: clodputer exec",
                SETTLE,
            )
    return found or ok("slots", "no run was left behind")


def aside(facts: Facts) -> list[Finding]:
    """Requests that were turned away or given up."""
    found: list[Finding] = []
    for name, reason in sorted(stuck.load(facts.home).items()):
        if os.path.lexists(f"{facts.home.new}/{name}"):
            found += problem(
                "aside",
                f"{facts.home.new}/{name} cannot be taken in: {reason}",
                "Move it away yourself, as its owner.",
            )
    for place, what in ((find.REJECTED, "rejected"), (find.DEAD, "given up")):
        folder = find.folder(facts.home, place)
        names = set_aside.names(folder)
        if names:
            found += note(
                "aside",
                f"{counted(len(names), 'request')} {what}, in {folder}: {named(sorted(names))}",
                f"Why, and what fixes it: clodputer queue --{place}; then: clodputer retry, or clodputer dismiss.",
            )
    names = set_aside.names(facts.home.parked)
    if names:
        found += note(
            "aside",
            f"{counted(len(names), 'request')} parked, in {facts.home.parked}: {named(sorted(names))}",
            "What was tried: clodputer queue --parked, clodputer show REQUEST; then: clodputer unpark REQUEST.",
        )
    return found or ok("aside", "nothing rejected, given up or parked")


def crashes(facts: Facts) -> list[Finding]:
    """Faults of Clodputer that were met lately."""
    recent = crashed.latest(facts.home, facts.now - 7 * DAY)
    if not recent:
        return ok("crashes", "Clodputer has not failed in the last seven days")
    remedy = f"Report it with this file, then remove it: {recent[0].path}"
    return problem(
        "crashes", f"Clodputer itself failed in {counted(len(recent), 'way')} in the last seven days", remedy
    )


def faults(facts: Facts) -> list[Finding]:
    """Faults of Clodputer that were contained lately."""
    try:
        found = contained.faults(facts.home, facts.now - DAY)
    except ClodputerError as error:
        return ok("faults", f"{error.message}, which the doctor reports separately")
    if found.latest is None:
        return ok("faults", "no fault had to be contained in the last day")
    message = f"{counted(found.number, 'fault')} of Clodputer contained in the last day; the latest at {found.latest.step}"
    return note(
        "faults", f"{message}: {found.latest.message}", "See: clodputer logs --event fault. Please report it."
    )


def holds(facts: Facts) -> list[Finding]:
    """What stands still until somebody lets it go on, and files that hold nothing although somebody put them there."""
    found: list[Finding] = []
    for target, hold, _ in holding.in_effect(facts.home, facts.now):
        remedy = f"To let it go on: clodputer resume {target.option}"
        if hold.reason == holding.DAMAGED:
            found += problem("holds", f"{target.words} is on hold because {hold.message}", remedy)
            continue
        if hold.until is not None:
            continue
        behind = sum(1 for _ in islice(_behind(facts, target), MOST))
        why = f": {hold.message}" if hold.message else ""
        message = f"{target.words} is on hold without end ({hold.reason}{why})"
        found += (
            problem("holds", f"{message}, and {counted(behind, 'request')} wait behind it", remedy)
            if behind
            else note("holds", message, remedy)
        )
    strays = holding.strays(facts.home)
    if strays:
        found += problem(
            "holds",
            f"{named(strays)} in {facts.home.holds}: a file of that name holds nothing",
            "Name it all.json, lane.LANE.json, task.TASK.json or account.NAME.json, or remove it.",
        )
    return found or ok("holds", "nothing is on hold without end")


def _behind(facts: Facts, target: holding.Target) -> Iterator[Found]:
    """The requests that a hold keeps waiting."""
    for lane in layout.lanes(facts.home) if target.scope != holding.LANE else [target.name]:
        for request in find.runnable(facts.home, lane, facts.now):
            if target.scope != holding.TASK or (
                dropfile.task_inside(request.path, request.name) == target.name
            ):
                yield request


def _at_work(facts: Facts, which: Slot, content: slot.Content) -> bool:
    """Whether the exec that has claimed what lies in a slot is still there."""
    if content.run_id:
        holder = recorded.read(slot.holder(facts.home, which, content.task, content.run_id))
        return holder is not None and tree.alive(holder)
    # It is marked within milliseconds of being claimed.
    return (
        content.place is None
        or facts.now - set_aside.changed(slot.path(facts.home, which, content.place)) < UNMARKED
    )


def _held(facts: Facts, lane: str) -> bool:
    return holding.current(facts.home, holding.targets(lane), facts.now) is not None


def _all_occupied(facts: Facts, lane: str) -> bool:
    return all(layout.occupied(slot.folder(facts.home, each)) for each in slot.of_lane(facts.home, lane))
