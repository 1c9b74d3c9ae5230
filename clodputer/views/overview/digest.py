"""The digest of a night: failures first, each run with one line of its error or result, costs, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from clodputer.model.outcome import BLAMELESS, SKIPPED
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.index.query import Finished
from clodputer.store.records.history import History
from clodputer.views.overview.needs import status_json
from clodputer.views.overview.status import Status, gather
from clodputer.views.runs.past import of_past
from clodputer.views.runs.runs import Entry, line

# Of so many runs the records are read, the latest first; the others have no line.
MOST_READ = 1000


class Total(NamedTuple):
    """The runs of one task: how many, how many of them failed or were skipped, and what they cost (US dollars)."""

    task: str
    runs: int
    failed: int
    skipped: int
    cost_usd: float

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "cost_usd": round(self.cost_usd, 6)}


class Digest(NamedTuple):
    """What happened since a moment (epoch seconds): runs, the latest first, totals by task, and the state of the home now."""

    since: float
    failed: tuple[Entry, ...]
    others: tuple[Entry, ...]
    totals: tuple[Total, ...]
    status: Status

    @property
    def cost_usd(self) -> float:
        """What all of it cost, in US dollars."""
        return sum(total.cost_usd for total in self.totals)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        now = status_json(self.status)
        return {
            "home": self.status.home,
            "since": iso(self.since),
            "until": iso(self.status.now),
            "failed": [entry.to_json() for entry in self.failed],
            "runs": [entry.to_json() for entry in self.others],
            "tasks": [total.to_json() for total in self.totals],
            "total_cost_usd": round(self.cost_usd, 6),
            **{key: now[key] for key in STATE},
        }


# What of the state of the home is in the digest as well.
STATE = (
    "running",
    "waiting",
    "waits",
    "holds",
    "attention",
    "needs",
    "scheduler",
    "rejected",
    "dead",
    "parked",
    "missed",
    "overdue",
    "watch_problems",
    "broken",
)


def digest(context: Context, since: float, now: float) -> Digest:
    """The digest from `since` on, at `now` (epoch seconds). Raises ClodputerError, OSError."""
    found = [of_past(run) for run in History(context.home).runs(since)]
    entries = [
        Entry(run, line(context.home, run) if place < MOST_READ else "") for place, run in enumerate(found)
    ]
    return Digest(
        since,
        tuple(entry for entry in entries if entry.run.outcome not in BLAMELESS),
        tuple(entry for entry in entries if entry.run.outcome in BLAMELESS),
        tuple(_totals(found)),
        gather(context, now, 0, since),
    )


def _totals(found: Iterable[Finished]) -> list[Total]:
    totals: dict[str, Total] = {}
    for run in found:
        known = totals.get(run.task, Total(run.task, 0, 0, 0, 0.0))
        totals[run.task] = Total(
            run.task,
            known.runs + 1,
            known.failed + (run.outcome not in BLAMELESS),
            known.skipped + (run.outcome == SKIPPED),
            known.cost_usd + (run.cost_usd or 0.0),
        )
    return sorted(totals.values(), key=lambda total: (-total.cost_usd, total.task))


def latest_of_each(entries: Iterable[Entry], most: int) -> tuple[list[Entry], Mapping[str, int]]:
    """The latest `most` entries of each task, and how many more there are, by task."""
    kept: list[Entry] = []
    seen: dict[str, int] = {}
    for entry in entries:
        seen[entry.run.task] = seen.get(entry.run.task, 0) + 1
        if seen[entry.run.task] <= most:
            kept.append(entry)
    return kept, {task: number - most for task, number in seen.items() if number > most}
