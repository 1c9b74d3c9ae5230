"""The line that a request comes from: the run that it follows, the request at the beginning of it all, and how deep it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.request import is_id

# More than any setting allows; what somebody has written into a request by hand goes no farther.
_DEEPEST = 10_000
# A run id is a moment and the id of a request.
_LONGEST_RUN = 80


class Line(NamedTuple):
    """parent: the id of the run that a request follows, empty for none. trace_id: the id of the first request of the line.
    depth: how many follow-ups lie between the two, 0 for the first request itself.
    """

    parent: str
    trace_id: str
    depth: int


def line_of(origin: Mapping[str, Any], request_id: str) -> Line:
    """The line that the origin of a request reports."""
    parent, trace, depth = (origin.get(key) for key in ("parent", "trace_id", "depth"))
    known = isinstance(parent, str) and 0 < len(parent) <= _LONGEST_RUN
    whole = isinstance(depth, int) and not isinstance(depth, bool)
    return Line(
        str(parent) if known else "",
        trace if isinstance(trace, str) and is_id(trace) else request_id,
        min(max(int(depth), 0), _DEEPEST) if known and whole and depth is not None else 0,
    )


def origin_of(trigger: str, line: Line, task: str, run_id: str) -> dict[str, Any]:
    """The origin of a request that follows a run of `task`, whose own line is `line`."""
    return {
        "trigger": trigger,
        "task": task,
        "parent": run_id,
        "trace_id": line.trace_id,
        "depth": line.depth + 1,
    }
