"""What `pause` and `resume` answer: the hold that was placed or ended, and what it kept waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from clodputer.store.holds import Placed
from clodputer.store.spool.find import RUNNING, Found


class Paused(NamedTuple):
    """A hold that was placed. concerned: the requests of what is on hold; those that run go on to their end."""

    placed: Placed
    concerned: Sequence[Found]

    @property
    def running(self) -> list[Found]:
        """The requests that are being run."""
        return [one for one in self.concerned if one.state == RUNNING]

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self.concerned) - len(self.running)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "hold": self.placed.to_json(),
            "waiting": self.waiting,
            "running": [one.run_id or None for one in self.running],
        }


class Resumed(NamedTuple):
    """A hold that was ended.

    ended: the hold, None when there was none. woken: how many requests went back to their queue. left: the holds still in
    effect.
    """

    ended: Optional[Placed]
    woken: int
    left: Sequence[Placed]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "ended": self.ended.to_json() if self.ended else None,
            "woken": self.woken,
            "left": [placed.to_json() for placed in self.left],
        }
