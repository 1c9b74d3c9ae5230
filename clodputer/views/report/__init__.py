"""The report: how the runs of a time went, what they cost, how long they took and waited, and what needs a person now."""

from __future__ import annotations

from itertools import islice
from typing import Any, NamedTuple

from clodputer.model.outcome import BLAMELESS, OUTCOMES, REASONS
from clodputer.model.text.moment import iso, moment_or
from clodputer.store.context import Context
from clodputer.store.index.figures import day, midnight
from clodputer.store.index.query import Index
from clodputer.store.records.history import History
from clodputer.views.figures import advising, learning
from clodputer.views.figures.advising import Advised
from clodputer.views.overview import status
from clodputer.views.overview.needs import status_json
from clodputer.views.overview.status import Status
from clodputer.views.report.fold import Folded, fold
from clodputer.views.report.waiting import Depth, Lag, depths, lags
from clodputer.views.runs import runs
from clodputer.views.runs.runs import Entry

# So much of a home is in a report, so that it stays a file that a phone opens: runs that are counted, events of one kind that
# are read for how long requests waited, days, spans of time of a task, rows of tasks, and runs that are named.
MOST_RUNS, MOST_EVENTS, MOST_DAYS, MOST_SPANS, MOST_TASKS, MOST_NAMED = 60_000, 20_000, 182, 31, 50, 50
FAILED = tuple(outcome for outcome in OUTCOMES if outcome not in BLAMELESS)


class LeftOut(NamedTuple):
    """What there is and the report does not have: runs, days before the first that is shown, and tasks without a row.

    waits_since: before this moment (epoch seconds) it does not know how long requests waited; 0 when it knows all.
    """

    runs: int = 0
    days: int = 0
    tasks: int = 0
    waits_since: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "runs": self.runs,
            "days": self.days,
            "tasks": self.tasks,
            "waits_before": iso(self.waits_since) if self.waits_since else None,
        }


class Report(NamedTuple):
    """All of it, from `since` to the moment of its status. begin: of the first day that is shown (all epoch seconds).

    advice: by the runs of the last 90 days, whatever `since` is.

    failed, latest: runs with one line of what they came to, the latest first.
    """

    since: float
    begin: float
    status: Status
    folded: Folded
    lags: tuple[Lag, ...] = ()
    depths: tuple[Depth, ...] = ()
    failed: tuple[Entry, ...] = ()
    latest: tuple[Entry, ...] = ()
    left_out: LeftOut = LeftOut()
    advice: tuple[Advised, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        now, folded = status_json(self.status), self.folded
        return {
            "home": self.status.home,
            "since": iso(self.since),
            "until": iso(self.status.now),
            **{key: now[key] for key in ("needs", "running", "waiting", "next")},
            "total": folded.total.to_json(),
            "by_day": [{"day": one.key, **one.to_json()} for one in folded.days],
            "by_task": [one.to_json() for one in folded.tasks],
            "by_model": [{"model": one.key or None, **one.to_json()} for one in folded.models],
            "failures": [
                {**one.to_json(), **dict(zip(("meaning", "remedy"), meant(one.reason)))}
                for one in folded.reasons
            ],
            "advice": [one.to_json() for one in self.advice],
            "slot_lag": [one.to_json() for one in self.lags],
            "queue_depth": [one.to_json() for one in self.depths],
            "failed_runs": [one.to_json() for one in self.failed],
            "latest_runs": [one.to_json() for one in self.latest],
            "left_out": self.left_out.to_json(),
        }


def gather(context: Context, since: float, now: float) -> Report:
    """The report from `since` on, at `now` (epoch seconds). Raises ClodputerError when the log cannot be read, and OSError."""
    home = context.home
    past = list(islice(History(home).runs(since), MOST_RUNS))
    days = _days(min((run.at for run in past), default=now), now)
    shown = dict(list(days.items())[-MOST_DAYS:])
    begin = next(iter(shown))
    folded = fold([run for run in past if run.at >= begin], shown, _spans(shown))
    tasks = folded.tasks
    with Index(home) as index:
        number = index.number_of_runs(since=since)
        queued = [
            *index.events(event="queued", since=begin, last=MOST_EVENTS),
            *index.events(event="promoted", since=begin, last=MOST_EVENTS),
        ]
        started = index.events(event="started", since=begin, last=MOST_EVENTS)
    # Of very many starts the first of the time are not read.
    known = moment_or(started[0].get("timestamp"), 0.0) if len(started) == MOST_EVENTS else 0.0
    return Report(
        since,
        begin,
        status.gather(context, now, 10),
        folded._replace(tasks=tasks[:MOST_TASKS]),
        lags(started)[:MOST_TASKS],
        depths(queued, started, max(begin, known), now),
        runs.find(home, "", FAILED, since, MOST_NAMED).entries,
        runs.find(home, "", (), since, MOST_NAMED).entries,
        LeftOut(
            max(0, number - folded.total.runs),
            len(days) - len(shown),
            max(0, len(tasks) - MOST_TASKS),
            known,
        ),
        tuple(one for one in advising.gather(context, learning.past(context, now)) if not one.dismissed)[
            :MOST_NAMED
        ],
    )


def meant(reason: str) -> tuple[str, str]:
    """What the reason of a run means, and what to do about it; both empty for one that nobody knows."""
    known = REASONS.get(reason)
    return (known.meaning, known.remedy) if known else ("", "")


def _days(first: float, now: float) -> dict[float, str]:
    """The local days from that of `first` to that of `now`: when each began, and its date. Of very many the latest."""
    begin = max(midnight(first, 0), now - 100 * 366 * 86400.0)
    found = {}
    while begin <= now:
        found[begin] = day(begin)
        begin = midnight(begin, 1)
    return found or {midnight(now, 0): day(now)}


def _spans(days: dict[float, str]) -> dict[float, str]:
    """The days, several together where there are many: the last span is a whole one."""
    size = -(-len(days) // MOST_SPANS)
    first = len(days) % size
    return {
        begin: name for place, (begin, name) in enumerate(days.items()) if place % size == first or place == 0
    }
