"""The points that put a waiting request ahead of others: those that it came with, and those for waiting."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.queue.score import PER_POINT, Piece, Scored, waited
from clodputer.store.home import Home
from clodputer.store.spool.find import QUEUED, Found
from clodputer.store.spool.requests import scores


class Standing(NamedTuple):
    """The score of a request: the points it came with, why, and those for waiting, None while it does not wait for its turn.

    came: what is known of its score; None when its reasons were lost.
    """

    points: float
    came: Optional[Scored]
    age: Optional[Piece]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"points": self.points, "parts": [piece.to_json() for piece in self.pieces]}

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that its points are made of."""
        return (*(self.came.pieces if self.came else ()), *((self.age,) if self.age else ()))

    @property
    def words(self) -> str:
        """The points and what they are made of, in a sentence."""
        parts = [f"{piece.why} {piece.points:+.1f}" for piece in self.pieces]
        if self.came is None:
            parts.insert(0, "why it came with some is not known any more")
        return f"{self.points:.1f} points: {'; '.join(parts)}"


def standing(home: Home, found: Found, start: int, came_at: float, now: float) -> Standing:
    """The score of a request with this head start (microseconds), which came at `came_at` (epoch seconds)."""
    scored = scores.read(home, found.lane, found.id, start)
    age = waited(now - came_at) if found.state == QUEUED else None
    # Its head start is in a name, and is known also where its reasons are not.
    came = scored.points if scored else start / PER_POINT / 1e6
    points = came + (age.points if age else 0.0)
    return Standing(round(points, 1), scored, age)
