"""What the events of claude's stream say of the usage windows of a subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.agents.lines import amount, mapping
from clodputer.model.gates.usage import LENGTHS, WHOLE, Share, share

REJECTED = "rejected"


def rejected_until(info: Mapping[str, Any]) -> Optional[float]:
    """When a rejected usage window resets (epoch seconds); the latest one, when several are rejected; None: none is.

    info: the `rate_limit_info` of an event. A rejection without any such moment is no usage limit: an OAuth login gets one
    for every plain 429 (2.1.329). Windows that are not rejected must not lengthen the wait.
    """
    if info.get("status") != REJECTED:
        return None
    windows = [mapping(window) for window in mapping(info.get("unifiedWindows")).values()]
    moments = [
        amount(window.get("resetsAt")) or 0.0 for window in windows if window.get("status") == REJECTED
    ]
    return max(moments, default=0.0) or amount(info.get("resetsAt")) or None


def in_stream(info: Mapping[str, Any]) -> dict[str, Share]:
    """How much of each window is used, as the `rate_limit_info` of an event says it: shares from 0 to 1 (2.1.332).

    Without `unifiedWindows` the event is about the one window that it names.
    """
    windows = mapping(info.get("unifiedWindows")) or {str(info.get("rateLimitType")): info}
    found = {}
    for kind in LENGTHS:
        window = mapping(windows.get(kind))
        used = amount(window.get("utilization"))
        if used is None and window.get("status") == REJECTED:
            used = 1.0
        seen = share(None if used is None else used * WHOLE, window.get("resetsAt"))
        if seen is not None:
            found[kind] = seen
    return found
