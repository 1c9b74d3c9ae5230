"""What needs a person, one thing after the other, each with the one command to type: what every view shows first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Optional

from clodputer.isolate import scratch
from clodputer.model.engine.job import is_stuck, standing
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.outcome import SKIPPED
from clodputer.model.text.moment import iso
from clodputer.model.text.plural import counted
from clodputer.runner.place.worktree import words
from clodputer.schedulers.scheduled import sentence
from clodputer.store.computer import zone
from clodputer.store.files import exposed
from clodputer.store.index.query import Finished
from clodputer.views.figures.budgets import Standing
from clodputer.views.incoming.routing import made_room_words
from clodputer.views.overview.attention import Attention
from clodputer.views.overview.status import Status

# The kind of what a run would publish, and a person decides about.
PUBLICATION = "publication"
# Of one kind so many are named, and the others counted.
MOST = 5
# So much of a message of somebody else's is shown, in characters.
LONGEST = 300


class Need(NamedTuple):
    """One thing. kind: a word for programs. text: a sentence, without its full stop; it may hold text from outside.

    command: what to type next; empty when the text says what to do. at: since when, or when it happened (epoch seconds); None
    when that is not known or no matter. task, id: what it is about, the id being that of a run or a request; both may be empty.
    """

    kind: str
    text: str
    command: str = ""
    at: Optional[float] = None
    task: str = ""
    id: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "kind": self.kind,
            "text": self.text,
            "command": self.command or None,
            "at": None if self.at is None else iso(self.at),
            "task": self.task or None,
            "id": self.id or None,
        }


def needs(status: Status) -> list[Need]:
    """Everything in the order in which a person should look at it: what stops all runs comes first."""
    found = status.attention
    return [
        *_stopping(found),
        *_asking(status),
        *_wishes(found),
        *_jobs(status),
        *_undelivered(found),
        *_disabled(found),
        *_budgets(status.budgets),
        *_runs(found),
        *_set_aside(status),
        *_elsewhere(status),
        *_late(status),
    ]


def status_json(status: Status) -> dict[str, Any]:
    """A status with what needs a person. Its keys are a promise to programs."""
    return {
        "home": status.home,
        "needs": [need.to_json() for need in needs(status)],
        **status.to_json(),
    }


def _stopping(found: Attention) -> Iterator[Need]:
    for problem in found.problems:
        what = "Its requests wait" if problem.code == exposed.CODE else "Nothing runs"
        yield Need(
            "problem",
            f"{what} until this is fixed: {_cut(problem.message)}. {_cut(problem.hint)}".rstrip(" ."),
        )
    if found.crash is not None:
        others = found.crashes - 1
        more = f" ({counted(others, 'more report')} beside it)" if others else ""
        text = f"Clodputer itself failed. Please report it: {found.crash.path}{more}"
        yield Need("crash", text, at=found.crash.at)
    latest = found.faults.latest
    if latest is not None:
        faults = counted(found.faults.number, "fault")
        text = f"{faults} of Clodputer contained, the last in {latest.step}: {_cut(latest.message)}"
        yield Need("fault", text, "clodputer logs --event fault", latest.at)
    if found.stuck:
        yield Need(
            "stuck",
            f"{len(found.stuck)} stuck in spool/new: {_cut(', '.join(found.stuck))}",
            "clodputer doctor",
        )


def _asking(status: Status) -> Iterator[Need]:
    for one in status.waits:
        if one.reason != APPROVAL:
            continue
        name = one.task or "a request"
        if one.requests > 1:
            text, command = f"{one.requests} requests of {name} wait for your approval", "clodputer inbox"
        else:
            text, command = f"{name}: {_cut(one.message)}", f"clodputer approve {one.request_id}"
        yield Need("approval", text, command, one.since, one.task, one.request_id)


def _wishes(found: Attention) -> Iterator[Need]:
    """What runs would publish, each by itself: a person decides about one at a time."""
    for one in found.wishes[:MOST]:
        parcel = one.parcel
        text = f"{parcel.task} would publish {_cut(one.what)}"
        yield Need(PUBLICATION, text, one.approve, parcel.created_at, parcel.task, parcel.run_id)
    yield from _more(PUBLICATION, found.wishes, "runs that would publish something", "clodputer inbox")


def _jobs(status: Status) -> Iterator[Need]:
    stuck = [
        (one, one.job)
        for one in status.running
        if one.job is not None and is_stuck(one.job.job, status.now - one.job.at)
    ]
    for one, submitted in stuck[:MOST]:
        said = standing(submitted.engine, submitted.job)
        text = f"request {one.request_id} is {_cut(said)} and may need you there"
        yield Need("job", text, f"clodputer cancel {one.request_id}", submitted.at, one.task, one.request_id)
    yield from _more("job", tuple(stuck), "jobs that may need you", "clodputer status")


def _undelivered(found: Attention) -> Iterator[Need]:
    mail = found.undelivered
    if mail.failing or mail.dead:
        were = "was" if mail.dead == 1 else "were"
        parts = [f"{counted(mail.dead, 'message')} to you {were} given up"] if mail.dead else []
        parts += (
            [f"{counted(mail.failing, 'message')} to you could not be delivered yet"] if mail.failing else []
        )
        yield Need("undelivered", f"{', '.join(parts)}: {_cut(mail.last_error)}", "clodputer notify")
    last, number = found.unfollowed.latest, found.unfollowed.number
    if last is not None:
        target = f" ({last.target})" if last.target else ""
        text = f"{counted(number, 'follow-up')} did not come, the last {last.on} of {last.task}{target}: {_cut(last.message)}"
        yield Need("not_followed", text, "clodputer logs --event not_followed", last.at, last.task)


def _disabled(found: Attention) -> Iterator[Need]:
    for task, one in found.disabled[:MOST]:
        text = f"{task} was disabled automatically {one.words}; see clodputer show {one.run_id or task}"
        yield Need("disabled", text, f"clodputer enable {task}", one.at, task, one.run_id)
    yield from _more("disabled", found.disabled, "tasks that were disabled", "clodputer list")


def _budgets(found: Iterable[Standing]) -> Iterator[Need]:
    for one in [one for one in found if one.state != "open"]:
        until = zone.wall(one.use.over // 60 * 60)
        if one.state == "spent":
            text = f"the budget is spent, {one.figures} ({one.use.key}); what it is for waits until {until}"
        else:
            text = f"the budget is nearly spent, {one.figures} ({one.use.key}), until {until}"
        task = one.name if one.scope == "task" else ""
        yield Need(f"budget_{one.state}", f"{one.whose}: {text}", "clodputer costs", task=task)


def _runs(found: Attention) -> Iterator[Need]:
    for run in found.failing[:MOST]:
        yield _run("failing", run, f"{run.task} {_ended(run)}, its latest run")
    yield from _more("failing", found.failing, "tasks whose latest run failed", "clodputer list")
    for run in found.suspect[:MOST]:
        doubt = (
            "there may have been something to do" if run.outcome == SKIPPED else "it may have done nothing"
        )
        yield _run("suspect", run, f"{run.task} {run.outcome} (suspect): {doubt}")
    yield from _more("suspect", found.suspect, "tasks whose latest run is suspect", "clodputer list")
    if found.failures > len(found.failing):
        yield Need(
            "failures",
            f"{counted(found.failures, 'run')} failed since {found.since}",
            f"clodputer stats --since {found.since}",
        )


def _run(kind: str, run: Finished, text: str) -> Need:
    return Need(kind, text, f"clodputer show {run.run_id}", run.at, run.task, run.run_id)


def _ended(run: Finished) -> str:
    said = run.outcome.replace("_", " ")
    return said if run.reason in ("completed", run.outcome, "") else f"{said} ({run.reason})"


def _set_aside(status: Status) -> Iterator[Need]:
    if status.rejected:
        text = f"{status.rejected} rejected: no run can be made of what was dropped"
        yield Need("rejected", text, "clodputer queue --rejected")
    if status.dead:
        text = f"{status.dead} given up; `retry` runs one again, `dismiss` takes it away"
        yield Need("dead", text, "clodputer queue --dead")
    if status.parked:
        text = f"{status.parked} parked, as no run got it done; `unpark` lets one go on"
        yield Need("parked", text, "clodputer queue --parked")
    if status.unrouted:
        number, first = sum(one.number for one in status.unrouted), status.unrouted[0]
        most = f"most often {first.type} from {first.sender} ({first.reason})"
        text = f"{counted(number, 'event')} led to no request in 30 days, {most}{made_room_words(status.unrouted_removed)}"
        yield Need("unrouted", text, "clodputer route events")


def _elsewhere(status: Status) -> Iterator[Need]:
    """What is outside the spool: plugins, worktrees, folders."""
    found = status.attention
    for name, message in status.plugins[:MOST]:
        yield Need("plugin", f"plugin {name} {_cut(message)}", "clodputer plugins", id=name)
    for name, message in status.topics[:MOST]:
        yield Need(
            "topic",
            f"the topic of webhook {name} cannot be read: {_cut(message)}",
            "clodputer webhooks",
            id=name,
        )
    yield from _unpublished(found)
    for tree in found.trees[:MOST]:
        text = f"{tree.task} has left work in its worktree that no remote has: {_cut(words(tree))}"
        yield Need("tree", text, f"clodputer show {tree.run_id}", tree.ended_at, tree.task, tree.run_id)
    yield from _more("tree", found.trees, "worktrees with such work", "clodputer trees")
    if found.temporary:
        yield Need("temporary", f"{_cut(found.temporary)}. {scratch.REMEDY}".rstrip("."))
    for blind in status.watch_problems:
        yield Need(
            "blind",
            f"{blind.task} cannot see everything that it watches: {_cut(blind.message)}",
            task=blind.task,
        )


def _unpublished(found: Attention) -> Iterator[Need]:
    what = found.unpublished
    if what.trying:
        number = counted(len(what.trying), "run")
        text = f"What {number} published is not sent yet: {_cut(what.last_error)}. It is tried for a day"
        yield Need("publishing", text, f"clodputer show {what.trying[-1].run_id}")
    if what.ended:
        run = what.ended[-1]
        number = counted(len(what.ended), "run")
        text = f"{number} of the last week could not publish everything, the last of {run.task}: {_cut(what.last_error)}"
        yield Need("unpublished", text, f"clodputer show {run.run_id}", task=run.task, id=run.run_id)


def _late(status: Status) -> Iterator[Need]:
    if said := sentence(status.scheduled):
        yield Need("scheduler", said.rstrip("."))
    for one in status.overdue[:MOST]:
        text = f"{one.task} was due at {zone.wall(one.slot)}, and no exec has looked since"
        yield Need("overdue", text, f"clodputer why {one.task}", task=one.task)
    yield from _more("overdue", status.overdue, "triggers that are overdue", "clodputer why TASK")


def _more(kind: str, found: tuple[Any, ...], what: str, command: str) -> Iterator[Need]:
    if len(found) > MOST:
        yield Need(kind, f"and {len(found) - MOST} more {what}", command)


def _cut(text: str) -> str:
    """What others say, in one line of a bounded length."""
    line = " ".join(text[: 8 * LONGEST].split())
    return (line if len(line) <= LONGEST else line[: LONGEST - 3].rstrip() + "...").rstrip(".")
