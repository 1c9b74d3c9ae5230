"""The brain: what the end of a run leads to, and which requests are one.

Facts in, decisions out as data; dull code performs them, and may perform them again after a crash.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.backoff import limit_pause
from clodputer.model.outcome import LIMITED, LOST
from clodputer.model.request import Request
from clodputer.model.task import Task

# How long a file that looks unfinished is given to be finished before it is rejected, in seconds since its last change.
UNFINISHED_FOR = 2.0

# A usage limit's reset is believed between a minute and eight days from now: the longest window is a week, and clocks differ.
SOONEST_RESET, LATEST_RESET = 60.0, 8 * 86400.0


def disabled(task: Task) -> str:
    """What to tell about a request for a task that is switched off."""
    return f"Task {task.name} is disabled. Set enabled: true in {task.path}."


def after(
    outcome: str, reason: str, lane: str, now: float, resets_at: Optional[float], limited_before: int
) -> list[dict[str, Any]]:
    """The effects of a run's end, as data that stands in its record.

    `finish`: the request goes into the run folder. `put_back`: it goes back to its queue, its attempt not used up.
    `bury`: it goes to `dead/`. `hold`: its lane stops until a moment (epoch seconds). `limited_before` counts the request's
    earlier runs that ended limited.
    """
    if reason == "interrupted":
        return [{"effect": "put_back"}]
    if outcome == LIMITED:
        until = now + limit_pause(limited_before)
        if resets_at is not None:
            until = min(max(resets_at, now + SOONEST_RESET), now + LATEST_RESET)
        message = "The account's usage limit is reached; the lane goes on by itself after the reset."
        return [
            {
                "effect": "hold",
                "scope": "lane",
                "name": lane,
                "reason": reason,
                "message": message,
                "since": now,
                "until": until,
            },
            {"effect": "put_back"},
        ]
    if outcome == LOST:
        return [{"effect": "bury", "code": reason}]
    return [{"effect": "finish"}]


class Holder(NamedTuple):
    """The request that a dedupe key's ledger names."""

    request_id: str
    accepted_at: float
    ttl: float
    pending: bool


def coalesce(request: Request, holder: Holder, now: float) -> bool:
    """Whether a request is one with the earlier holder of its dedupe key.

    It is while that one waits or runs, or within the longer of both ttls since that one was accepted; never with itself.
    """
    if holder.request_id == request.id:
        return False
    return holder.pending or now < holder.accepted_at + max(holder.ttl, request.dedupe_ttl)
