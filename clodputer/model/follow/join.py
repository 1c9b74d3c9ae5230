"""Joins: whether all runs that a task waits for have ended as it wants, and which set of runs that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.config.settings import DAY
from clodputer.model.follow.keys import ALWAYS, FAILURE, SUCCESS, TODAY, Item
from clodputer.model.follow.plan import lists_after
from clodputer.model.numbers.digest import digest
from clodputer.model.outcome import CANCELLED, SKIPPED

# The trigger in the origin of a request that a join has dropped, and the list that its events name.
TRIGGER = "after"


class Parent(NamedTuple):
    """A task that is waited for. max_age: in seconds, None for what `age` says."""

    task: str
    when: str = SUCCESS
    max_age: Optional[float] = None
    all_of: str = ""

    @property
    def age(self) -> Optional[float]:
        """How old a run may be that counts, in seconds: a day, unless something else is said."""
        return DAY if self.max_age is None and not self.all_of else self.max_age


class Ended(NamedTuple):
    """The last run of a request of a task; at: epoch seconds."""

    task: str
    run_id: str
    outcome: str
    at: float


class Fired(NamedTuple):
    """When a join came last: the runs that it was made of, each by its task, and the day; `day` as YYYY-MM-DD."""

    runs: Mapping[str, Ended] = {}
    day: str = ""


class Join(NamedTuple):
    """The runs that are joined; or, for each task that has none, why not. The task is empty for the join as a whole."""

    runs: tuple[Ended, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


def parents(items: Iterable[Item]) -> tuple[Parent, ...]:
    """The value of `after`."""
    return tuple(Parent(**item) for item in items)


def join(
    wanted: Sequence[Parent],
    ended: Mapping[str, Sequence[Ended]],
    fired: Fired,
    now: float,
    day_of: Callable[[float], str],
) -> Join:
    """What is joined at `now` (epoch seconds). ended: the latest runs of each task, in any order. day_of: the day of a moment.

    Of each task its newest run counts, and each run at most once. A run that found nothing to do, or was cancelled, counts only
    for those who want runs however they end.
    """
    found: list[Ended] = []
    missing: list[tuple[str, str]] = []
    if fired.day == day_of(now) and any(parent.all_of == TODAY for parent in wanted):
        missing.append(("", "it came today already"))
    for parent in wanted:
        runs = [run for run in ended.get(parent.task, ()) if _counts(parent, run)]
        newest = max(runs, key=lambda run: (run.at, run.run_id), default=None)
        wrong = _wrong(parent, newest, fired.runs.get(parent.task), now, day_of)
        if newest is None or wrong:
            missing.append((parent.task, wrong))
        else:
            found.append(newest)
    return Join((), tuple(missing)) if missing else Join(tuple(found))


def _counts(parent: Parent, run: Ended) -> bool:
    return parent.when == ALWAYS or run.outcome not in (SKIPPED, CANCELLED)


def _wrong(
    parent: Parent,
    newest: Optional[Ended],
    used: Optional[Ended],
    now: float,
    day_of: Callable[[float], str],
) -> str:
    """Why the newest run of a task is not one that is waited for; empty when it is."""
    if newest is None:
        return "it has not run lately"
    if used is not None and (newest.at, newest.run_id) <= (used.at, used.run_id):
        return "it has not run since the last time"
    if parent.all_of == TODAY and day_of(newest.at) != day_of(now):
        return "it has not run today"
    if parent.age is not None and now - newest.at > parent.age:
        return "its last run is too old"
    if not _fits(parent.when, newest.outcome):
        return f"its last run ended as {newest.outcome}"
    return ""


def _fits(when: str, outcome: str) -> bool:
    lists = lists_after(outcome)
    return (
        when == ALWAYS
        or (when == SUCCESS and "on_success" in lists)
        or (when == FAILURE and "on_failure" in lists)
    )


def request_id(task: str, runs: Iterable[Ended]) -> str:
    """The id of the request that a set of runs leads to: always the same for one set."""
    return digest(" ".join([task, *sorted(run.run_id for run in runs)]).encode(), 4)


def fired_to_json(fired: Fired) -> dict[str, Any]:
    """The value as it is kept."""
    return {"runs": {task: list(run) for task, run in fired.runs.items()}, "day": fired.day}


def fired_from_json(fields: Optional[Mapping[str, Any]]) -> Fired:
    """The value that `fired_to_json` gave; as if the join never came, for what somebody has edited."""
    try:
        kept = fields or {}
        runs = {str(task): Ended(*run) for task, run in kept.get("runs", {}).items()}
        return Fired(
            {task: run._replace(at=float(run.at)) for task, run in runs.items()}, str(kept.get("day", ""))
        )
    except (TypeError, ValueError, AttributeError):
        return Fired()
