"""The state of a home as JSON values: what `clodputer status --json` prints as its data."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.cli.text import slot
from clodputer.model.moment import iso
from clodputer.store.index.query import Finished
from clodputer.views.status import Running, Status


def data(status: Status) -> dict[str, Any]:
    """Its keys are a promise to programs. Moments are ISO 8601."""
    return {
        "home": status.home,
        "running": [_running(one) for one in status.running],
        "waiting": {
            "dropped": status.dropped,
            "queued": sum(lane.queued for lane in status.lanes),
            "delayed": sum(lane.delayed for lane in status.lanes),
            "lanes": [
                {
                    "lane": lane.name,
                    "queued": lane.queued,
                    "delayed": lane.delayed,
                    "oldest": _moment(lane.oldest),
                }
                for lane in status.lanes
            ],
        },
        "holds": [
            {
                "scope": placed.target.scope,
                "name": placed.target.name or None,
                "reason": placed.hold.reason,
                "message": placed.hold.message,
                "since": _moment(placed.hold.since),
                "until": _moment(placed.hold.until),
            }
            for placed in status.holds
        ],
        "attention": status.attention.to_json(),
        "scheduler": status.scheduled.to_json(),
        "rejected": status.rejected,
        "dead": status.dead,
        "last_runs": [run(one) for one in status.past.last],
        "cost_usd": {
            "today": round(status.past.cost_today, 6),
            "last_7_days": round(status.past.cost_week, 6),
        },
        "missed": [{"task": one.task, **slot.fate_data(one.fate)} for one in status.missed],
        "overdue": [{"task": one.task, "slot_time": slot.written(one.slot)} for one in status.overdue],
        "watch_problems": [{"task": one.task, "message": one.message} for one in status.watch_problems],
        "next": [
            {
                "task": one.task,
                "trigger": one.trigger,
                "slot_time": slot.written(one.slot, one.zone),
                "jitter_seconds": one.delay,
            }
            for one in status.coming
        ],
        "broken": [
            {"name": one.name, "path": one.path, "problems": [str(problem) for problem in one.problems]}
            for one in status.broken
        ],
    }


def run(one: Finished) -> dict[str, Any]:
    """A run that has ended."""
    return {
        "run_id": one.run_id,
        "task": one.task,
        "request_id": one.request_id,
        "outcome": one.outcome,
        "reason": one.reason,
        "ended_at": iso(one.at),
        "duration_seconds": one.duration,
        "cost_usd": one.cost_usd,
    }


def _running(one: Running) -> dict[str, Any]:
    return {
        "lane": one.lane,
        "request_id": one.request_id,
        "task": one.task or None,
        "run_id": one.run_id or None,
        "started_at": _moment(one.started_at),
        "elapsed_seconds": one.elapsed,
        "pid": one.pid,
        "exec_pid": one.exec_pid,
        "stale": one.stale,
    }


def _moment(moment: Optional[float]) -> Optional[str]:
    return None if moment is None else iso(moment)
