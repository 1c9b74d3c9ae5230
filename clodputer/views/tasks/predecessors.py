"""Why a follow-up came or did not: what a task waits for under `after`, and how the tasks ended that it follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from clodputer.model.config.settings import DAY
from clodputer.model.follow.join import parents
from clodputer.model.follow.keys import LISTS, RUN
from clodputer.model.follow.plan import lists_after
from clodputer.model.task import Task
from clodputer.runner.follow import joins
from clodputer.store.context import Context
from clodputer.store.index.query import Index
from clodputer.store.records.history import History
from clodputer.tasks import taskfile

# A task that ran longer ago says nothing about today, in seconds.
LONGEST = 60 * DAY


class Before(NamedTuple):
    """A task that comes before another.

    on: the list of that task in which the other one stands, or `after`. came: whether it is as it is waited for.
    """

    task: str
    on: str
    came: bool
    words: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


def before(context: Context, name: str, task: Task | None, now: float) -> tuple[Before, ...]:
    """What comes before a task: those that it names under `after`, and those whose lists name it. Raises OSError."""
    return (*(_waited_for(context, task, now) if task else ()), *_followed(context, name, now))


def _waited_for(context: Context, task: Task, now: float) -> Iterator[Before]:
    wanted = parents(task.follow.after)
    if not wanted:
        return
    found = joins.joined(context, wanted, joins.fired(context.home, task.name), now)
    missing = dict(found.missing)
    if "" in missing:
        yield Before("", "after", came=False, words=missing[""])
    for parent in wanted:
        wrong = missing.get(parent.task, "")
        yield Before(
            parent.task, "after", came=not wrong, words=wrong or "it has run, and the others are waited for"
        )


def _followed(context: Context, name: str, now: float) -> Iterator[Before]:
    history = History(context.home)
    for other in taskfile.mentioning(context.home, context.environ, name):
        for on in LISTS:
            places = [place for place, item in enumerate(other.follow.listed(on)) if item.get(RUN) == name]
            if not places:
                continue
            last = next((run for run in history.of_task(other.name, now - LONGEST) if run.final), None)
            if last is None:
                yield Before(other.name, on, came=False, words="it has not run lately")
            elif on not in lists_after(last.outcome):
                yield Before(other.name, on, came=False, words=f"its last run ended as {last.outcome}")
            else:
                yield _looked_up(context, other.name, on, places, last.run_id)


def _looked_up(context: Context, task: str, on: str, places: list[int], run_id: str) -> Before:
    """What the log says of the follow-up of a run that called for it."""
    with Index(context.home) as index:
        wrong = index.events(event="not_followed", run_id=run_id)
        good = index.events(event="followed", run_id=run_id)
    for event in wrong:
        if event.get("on") == on and event.get("place") in places:
            return Before(task, on, came=False, words=str(event.get("message") or event.get("reason") or ""))
    for event in good:
        if event.get("on") == on and event.get("place") in places:
            return Before(task, on, came=True, words=f"request {event.get('follower')} followed its last run")
    return Before(
        task,
        on,
        came=False,
        words="its last run was started without follow-ups, or before the task file named it",
    )
