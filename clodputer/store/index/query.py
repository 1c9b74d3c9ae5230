"""The index: what the execution log says, brought up to date and asked by way of sqlite; may be deleted at any time."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from json import loads
from math import inf
from types import TracebackType
from typing import Any, NamedTuple, Optional

from clodputer.model.outcome import SKIPPED
from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.index import file


class Finished(NamedTuple):
    """One finished run. `at`: its end, epoch seconds; `duration` in seconds."""

    run_id: str
    task: str
    request_id: str
    at: float
    outcome: str
    reason: str
    duration: float
    cost_usd: Optional[float]
    suspect: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "run_id": self.run_id,
            "task": self.task,
            "request_id": self.request_id,
            "outcome": self.outcome,
            "reason": self.reason,
            "ended_at": iso(self.at),
            "duration_seconds": self.duration,
            "cost_usd": self.cost_usd,
            "suspect": self.suspect,
        }


class Group(NamedTuple):
    """Finished runs that ended alike: how many, how long they took together (seconds), what they cost together.

    suspect: how many of them may have done nothing, although they ended well.
    """

    outcome: str
    reason: str
    runs: int
    seconds: float
    cost_usd: float
    suspect: int = 0


class Cost(NamedTuple):
    """What finished runs cost together that have one thing in common: `key`, empty where that is not known.

    runs: those of which the cost is known. In US dollars: all of it, what of it is estimated, and what of it drew on a
    subscription, where nothing is paid for a single run.
    """

    key: str
    runs: int
    cost_usd: float
    estimated_usd: float
    subscription_usd: float


# What costs can be told apart by, as expressions over a finished run; a day is one of the local clock.
BY = {
    "task": "task",
    "day": "date(at, 'unixepoch', 'localtime')",
    "model": "model",
    "lane": "lane",
    "reason": "reason",
}

_FINISHED = "SELECT run_id, task, request_id, at, outcome, reason, duration, cost_usd, suspect FROM finished"


def _finished(row: Sequence[Any]) -> Finished:
    return Finished(*row)._replace(suspect=bool(row[-1]))


class Index:
    """The index of one home, up to date when it is entered: `with Index(home) as index: ...`. Never for `exec`.

    What is logged later is not in it. Entering raises ClodputerError ("log_unreadable") when the log cannot be read.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._connection: Any = None

    def __enter__(self) -> Index:
        self._connection = file.connect(self._home)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def events(
        self,
        task: str = "",
        event: str = "",
        run_id: str = "",
        since: float = 0.0,
        last: Optional[int] = None,
    ) -> list[dict[str, Any]]:
        """The lines of the log that fit, as they were written and in that order; of many the `last` ones."""
        wanted = {"task": task, "event": event, "run_id": run_id}
        terms = [f"{key} = :{key}" for key, value in wanted.items() if value]
        if since > 0:
            terms.append("at >= :since")
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        rows = self._ask(
            f"SELECT source, start, length FROM events{where} ORDER BY id DESC LIMIT :most",  # noqa: S608
            {**wanted, "since": since, "most": -1 if last is None else last},
        )
        return list(self._read(rows[::-1]))

    def number(self, event: str, since: float) -> int:
        """How many events of a kind were logged from `since` (epoch seconds) on."""
        values = {"event": event, "since": since}
        rows = self._ask("SELECT count(*) FROM events WHERE event = :event AND at >= :since", values)
        return int(rows[0][0])

    def last_finished(self, outcome: str = "") -> dict[str, Finished]:
        """The newest finished run of each task, or the newest that ended with this outcome."""
        newest = "SELECT run_id FROM newest WHERE outcome = :outcome"
        rows = self._ask(f"{_FINISHED} WHERE run_id IN ({newest})", {"outcome": outcome})
        return {row[1]: _finished(row) for row in rows}

    def finished(self, since: float) -> list[Finished]:
        """The runs that ended from `since` (epoch seconds) on, each once, oldest first."""
        where, values = _span("", since, inf)
        rows = self._ask(f"{_FINISHED} {where} ORDER BY at, id", values)
        return [_finished(row) for row in rows]

    def runs(
        self, task: str = "", outcomes: Collection[str] = (), since: float = 0.0, last: int = -1
    ) -> list[Finished]:
        """The runs that ended from `since` (epoch seconds) on and fit, the newest first; of many the `last` ones."""
        where, values = _span(task, since, inf, outcomes)
        rows = self._ask(
            f"{_FINISHED} {where} ORDER BY at DESC, id DESC LIMIT :most", {**values, "most": last}
        )
        return [_finished(row) for row in rows]

    def number_of_runs(self, task: str = "", outcomes: Collection[str] = (), since: float = 0.0) -> int:
        """How many runs ended from `since` (epoch seconds) on and fit."""
        where, values = _span(task, since, inf, outcomes)
        return int(self._ask(f"SELECT count(*) FROM finished {where}", values)[0][0])  # noqa: S608

    def tasks(self, since: float, until: float = inf) -> list[str]:
        """The tasks whose runs ended in that time, by name."""
        where, values = _span("", since, until)
        rows = self._ask(f"SELECT DISTINCT task FROM finished {where} ORDER BY task", values)  # noqa: S608
        return [row[0] for row in rows]

    def spent(self, since: float) -> tuple[int, float]:
        """How many runs ended from then on, and what they cost together, in USD."""
        where, values = _span("", since, inf)
        row = self._ask(f"SELECT count(*), total(cost_usd) FROM finished {where}", values)[0]  # noqa: S608
        return int(row[0]), float(row[1])

    def costs(self, by: str, since: float, until: float = inf) -> list[Cost]:
        """What the runs of that time cost, told apart by one of `BY`, in the order of its values."""
        where, values = _span("", since, until)
        sums = "count(*), total(cost_usd), total(cost_usd * estimated), total(cost_usd * subscription)"
        rows = self._ask(
            f"SELECT {BY[by]} AS key, {sums} FROM finished {where} AND cost_usd IS NOT NULL GROUP BY key ORDER BY key",  # noqa: S608
            values,
        )
        return [Cost(*row) for row in rows]

    def models(self, since: float, until: float = inf, task: str = "") -> list[str]:
        """The models of the runs that ended in that time, by name; an empty one when that of some is not known."""
        where, values = _span(task, since, until)
        rows = self._ask(f"SELECT DISTINCT model FROM finished {where} ORDER BY model", values)  # noqa: S608
        return [row[0] for row in rows]

    def groups(
        self, since: float, until: float = inf, task: str = "", model: Optional[str] = None
    ) -> list[Group]:
        """The runs of that time by outcome and reason."""
        where, values = _span(task, since, until, model=model)
        totals = "outcome, reason, count(*), total(duration), total(cost_usd), coalesce(sum(suspect), 0)"
        order = "GROUP BY outcome, reason ORDER BY count(*) DESC, reason"
        rows = self._ask(f"SELECT {totals} FROM finished {where} {order}", values)  # noqa: S608
        return [Group(*row) for row in rows]

    def first_finished(self, since: float, task: str = "") -> Optional[float]:
        """When the first run from `since` on ended; None when there is none."""
        where, values = _span(task, since, inf)
        found = self._ask(f"SELECT min(at) FROM finished {where}", values)[0][0]  # noqa: S608
        return None if found is None else float(found)

    def durations(
        self, since: float, until: float = inf, task: str = "", model: Optional[str] = None
    ) -> list[float]:
        """How long the runs of that time took that had something to do, in seconds, shortest first."""
        where, values = _span(task, since, until, model=model)
        values["skipped"] = SKIPPED
        where = f"{where} AND outcome != :skipped"
        rows = self._ask(f"SELECT duration FROM finished {where} ORDER BY duration", values)  # noqa: S608
        return [row[0] for row in rows]

    def _ask(self, question: str, values: dict[str, Any]) -> list[Any]:
        from sqlite3 import DatabaseError

        try:
            return list(self._connection.execute(question, values))
        except DatabaseError:
            # Damaged where nobody has looked before: from now on from a new one, built from the log.
            self._connection.close()
            self._connection = file.connect(self._home, anew=True)
            return list(self._connection.execute(question, values))

    def _read(self, rows: list[tuple[int, int, int]]) -> Iterator[dict[str, Any]]:
        """The lines at these places; those of a file that was pruned a moment ago are passed over."""
        places = {row[0]: row[1:] for row in self._ask("SELECT id, path, inode FROM sources", {})}
        descriptor, opened = -1, -1
        try:
            for source, start, length in rows:
                if source != opened:
                    if descriptor >= 0:
                        os.close(descriptor)
                    descriptor, opened = file.reopen(self._home, *places.get(source, ("", -1))), source
                if descriptor < 0:
                    continue
                value = _value(os.pread(descriptor, length, start))
                if isinstance(value, dict):
                    yield value
        finally:
            if descriptor >= 0:
                os.close(descriptor)


def _span(
    task: str, since: float, until: float, outcomes: Collection[str] = (), model: Optional[str] = None
) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"task": task, "since": since, "until": until}
    terms = ["at >= :since", "at < :until"] + (["task = :task"] if task else [])
    if model is not None:
        terms.append("model = :model")
        values["model"] = model
    if outcomes:
        named = {f"outcome{place}": outcome for place, outcome in enumerate(outcomes)}
        terms.append(f"outcome IN ({', '.join(f':{name}' for name in named)})")
        values.update(named)
    return f"WHERE {' AND '.join(terms)}", values


def _value(line: bytes) -> Any:
    try:
        return loads(line)
    except ValueError:
        return None
