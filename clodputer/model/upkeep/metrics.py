"""Metrics: counts over the events of the execution log, and their text in the format of Prometheus; all pure."""

# Counters must never go down, and the log is pruned. So the counts are kept, together with the place up to which the log was
# read for them (store/upkeep/metrics.py), and the events since then are added.
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.outcome import SUCCEEDED
from clodputer.model.text.jsontext import finite
from clodputer.model.text.moment import moment_or

# Of durations and lags, in seconds.
BUCKETS = (1.0, 10.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0)
# Series of one metric are bounded: what comes after so many tasks, or ways in which the runs of one task ended, is counted
# under this name.
MOST_TASKS, MOST_ENDS, OTHERS = 500, 50, "(others)"
# The latest runs whose ends were counted, by their ids: an end is logged again when its settling is repeated after a crash.
KNOWN = 500
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Totals(NamedTuple):
    """What was counted so far, by task. ends: how many runs ended so, by `outcome reason`. seconds, lag: the numbers of runs
    by bucket, the last for all that is longer, and behind them the sum. cost: number and sum in US dollars of the runs whose
    cost is known. success: when the latest success ended (epoch seconds).
    """

    ends: Mapping[str, Mapping[str, int]] = {}
    seconds: Mapping[str, Sequence[float]] = {}
    lag: Mapping[str, Sequence[float]] = {}
    cost: Mapping[str, Sequence[float]] = {}
    success: Mapping[str, float] = {}
    ended: Sequence[str] = ()
    started: Sequence[str] = ()


class Lane(NamedTuple):
    """What waits in a lane. oldest: for how long the oldest queued request has waited, in seconds; 0 for none."""

    name: str
    queued: int
    delayed: int
    oldest: float


class Now(NamedTuple):
    """How things stand when the file is written. holds: how many there are by scope and reason."""

    at: float
    lanes: Sequence[Lane] = ()
    holds: Mapping[tuple[str, str], int] = {}
    letters: int = 0
    dead_letters: int = 0
    free: int = 0


def fold(totals: Totals, events: Iterable[Mapping[str, Any]]) -> Totals:
    """The totals with what these events of the log add."""
    ends = {task: dict(counts) for task, counts in totals.ends.items()}
    seconds, lag, cost = (
        {task: list(numbers) for task, numbers in found.items()}
        for found in (totals.seconds, totals.lag, totals.cost)
    )
    success, ended, started = dict(totals.success), list(totals.ended), list(totals.started)
    for event in events:
        kind, run_id, name = event.get("event"), str(event.get("run_id") or ""), str(event.get("task") or "")
        if kind == "started" and event.get("slot_time") and run_id not in started:
            late = moment_or(event.get("timestamp"), 0.0) - moment_or(event["slot_time"], 0.0)
            _observe(lag, _bounded(lag, name, MOST_TASKS), max(0.0, late))
            started = [*started, run_id][-KNOWN:]
        if kind != "finished" or run_id in ended:
            continue
        ended = [*ended, run_id][-KNOWN:]
        task = _bounded(ends, name, MOST_TASKS)
        counts = ends.setdefault(task, {})
        end = _bounded(counts, f"{event.get('outcome')} {event.get('reason')}", MOST_ENDS)
        counts[end] = counts.get(end, 0) + 1
        _observe(seconds, task, max(0.0, finite(event.get("duration_seconds")) or 0.0))
        paid = finite(event.get("cost_usd"))
        if paid is not None and paid >= 0:
            paid_for, total = cost.get(task, (0.0, 0.0))
            cost[task] = [paid_for + 1, total + paid]
        if event.get("outcome") == SUCCEEDED:
            success[task] = max(success.get(task, 0.0), moment_or(event.get("timestamp"), 0.0))
    return Totals(ends, seconds, lag, cost, success, ended, started)


def text(totals: Totals, now: Now) -> str:
    """The whole file, in the text format 0.0.4 of Prometheus."""
    return "".join(f"{line}\n" for line in _lines(totals, now))


def _lines(totals: Totals, now: Now) -> Iterator[str]:
    yield from _head("runs_total", "counter", "Runs that have ended, by task, outcome and reason.")
    for task, counts in sorted(totals.ends.items()):
        for end, number in sorted(counts.items()):
            outcome, _, reason = end.partition(" ")
            yield _sample("runs_total", number, task=task, outcome=outcome, reason=reason)
    yield from _histogram("run_duration_seconds", "How long runs took.", totals.seconds)
    yield from _histogram(
        "slot_lag_seconds", "How long after its slot time the first run of a request has started.", totals.lag
    )
    yield from _head("run_cost_usd", "summary", "What runs cost in US dollars, as far as that is known.")
    for task, (runs, total) in sorted(totals.cost.items()):
        yield _sample("run_cost_usd_sum", total, task=task)
        yield _sample("run_cost_usd_count", runs, task=task)
    yield from _head("last_success_timestamp_seconds", "gauge", "When the latest successful run ended.")
    for task, at in sorted(totals.success.items()):
        yield _sample("last_success_timestamp_seconds", at, task=task)
    yield from _head("requests", "gauge", "Requests that wait, by lane and state.")
    for lane in now.lanes:
        yield _sample("requests", lane.queued, lane=lane.name, state="queued")
        yield _sample("requests", lane.delayed, lane=lane.name, state="delayed")
    yield from _head(
        "oldest_request_age_seconds", "gauge", "For how long the oldest queued request has waited."
    )
    for lane in now.lanes:
        yield _sample("oldest_request_age_seconds", lane.oldest, lane=lane.name)
    yield from _head("holds", "gauge", "Holds in effect, by scope and reason.")
    for (scope, reason), number in sorted(now.holds.items()):
        yield _sample("holds", number, scope=scope, reason=reason)
    yield from _head(
        "outbox_letters", "gauge", "Messages that wait to be sent, and those that were given up."
    )
    yield _sample("outbox_letters", now.letters, state="waiting")
    yield _sample("outbox_letters", now.dead_letters, state="dead")
    yield from _head("disk_free_bytes", "gauge", "What is free where the home lies.")
    yield _sample("disk_free_bytes", now.free)
    yield from _head("written_timestamp_seconds", "gauge", "When this file was written.")
    yield _sample("written_timestamp_seconds", now.at)


def _head(name: str, kind: str, help_text: str) -> Iterator[str]:
    yield f"# HELP clodputer_{name} {help_text}"
    yield f"# TYPE clodputer_{name} {kind}"


def _histogram(name: str, help_text: str, found: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield from _head(name, "histogram", help_text)
    for task, numbers in sorted(found.items()):
        below = 0.0
        for bucket, number in zip((*(f"{bucket:g}" for bucket in BUCKETS), "+Inf"), numbers):
            below += number
            yield _sample(f"{name}_bucket", below, task=task, le=bucket)
        yield _sample(f"{name}_sum", numbers[-1], task=task)
        yield _sample(f"{name}_count", below, task=task)


def _sample(name: str, value: float, **labels: str) -> str:
    # Half a surrogate pair, as a damaged log may have one, is no UTF-8.
    shown = ",".join(
        f'{key}="{text.encode("utf-8", "replace").decode().translate(_ESCAPES)}"'
        for key, text in labels.items()
    )
    number = str(int(value)) if value == int(value) else repr(float(value))
    return f"clodputer_{name}{{{shown}}} {number}" if shown else f"clodputer_{name} {number}"


def _observe(found: dict[str, list[float]], task: str, seconds: float) -> None:
    numbers = found.setdefault(task, [0.0] * (len(BUCKETS) + 2))
    place = next((index for index, bucket in enumerate(BUCKETS) if seconds <= bucket), len(BUCKETS))
    numbers[place] += 1
    numbers[-1] += seconds


def _bounded(known: Mapping[str, Any], name: str, most: int) -> str:
    return name if name in known or len(known) < most else OTHERS


def of_fields(fields: Mapping[str, Any]) -> Optional[Totals]:
    """The totals that were written as plain values; None when they are damaged."""
    try:
        totals = Totals(**fields)
        number = len(BUCKETS) + 2
        counted = all(isinstance(count, int) for counts in totals.ends.values() for count in counts.values())
        whole = all(len(found) == number for each in (totals.seconds, totals.lag) for found in each.values())
        paid = all(len(found) == 2 for found in totals.cost.values())
    except (TypeError, AttributeError, ValueError):
        return None
    return totals if counted and whole and paid else None
