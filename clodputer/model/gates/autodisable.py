"""When a task is disabled automatically: after so many of its requests in a row ended for good without success."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from clodputer.model.config.keys import COUNT, Key
from clodputer.model.gates.breaker import NOT_COUNTED
from clodputer.model.outcome import BLAMELESS, SUCCEEDED
from clodputer.model.request import BY_HAND
from clodputer.model.text.moment import iso

# What lies elsewhere says nothing about the task. A precheck that fails each time does: nothing gets done.
ELSEWHERE = frozenset(NOT_COUNTED) - {"precheck"}


class Disabled(NamedTuple):
    """That a task was disabled automatically, at a moment (epoch seconds).

    failures: of so many requests in a row. reason: of the last of them, whose run is run_id.
    """

    at: float
    failures: int
    reason: str
    run_id: str

    @property
    def words(self) -> str:
        """A clause that begins with "after"."""
        requests = "1 request" if self.failures == 1 else f"{self.failures} requests in a row"
        return f"after {requests} without success (auto_disable_after), the last one {self.reason}"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "at": iso(self.at), "run_id": self.run_id or None}


class End(NamedTuple):
    """How a run of the task ended. final: its request was not to be run again."""

    outcome: str
    reason: str
    trigger: str
    final: bool


def counts(end: End) -> bool:
    """Whether the end of a run speaks for disabling its task: a person who asks for a run by hand sees how it ends."""
    blameless = end.outcome in BLAMELESS or end.reason in ELSEWHERE
    return end.final and not blameless and end.trigger not in BY_HAND


def in_a_row(ends: Iterable[End], most: int) -> int:
    """How many ends count since the last success, from the ends of the task's runs, newest first; no more than `most`."""
    number = 0
    for end in ends:
        if end.outcome == SUCCEEDED or number >= most:
            break
        number += counts(end)
    return number


KEYS = (
    Key(
        "auto_disable_after",
        COUNT,
        0,
        "After so many requests in a row that ended for good without success the task is disabled, until you enable it. A "
        "request counts once, however many attempts it had. What is asked for by hand does not count, nor do cancelled runs, "
        "usage limits, lost runs, `offline`, `overloaded`, `server_error`, `auth` and `billing`. `0`: never.",
        0,
        1000,
        absent="never",
        example=5,
    ),
)
