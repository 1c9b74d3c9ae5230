"""A home whose log has past runs, for what is learned from them."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.model import outcome
from clodputer.model.text.mask import Masker
from clodputer.store.home import Home
from clodputer.store.log import events

HOUR = 3600.0


def ended(home: Home, task: str, now: float, ago: int, reason: str = "completed", **more: Any) -> None:
    """A run that ended so many hours ago. Each has a request of its own unless one is named."""
    cost: Optional[float] = more.pop("cost_usd", 0.1)
    told = {
        "task": task,
        "lane": "default",
        "request_id": f"{task}-{ago}",
        "run_id": f"run-{task}-{ago}",
        "outcome": outcome.REASONS[reason].outcome,
        "reason": reason,
        "message": "",
        "duration_seconds": 60.0,
        "cost_usd": cost,
        "trigger": "cron",
        "attempt": 1,
        **more,
    }
    events.append(home, Masker(), now - ago * HOUR, "finished", **told)
