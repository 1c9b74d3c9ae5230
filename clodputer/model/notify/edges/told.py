"""What is remembered between two looks at the log, and the holds that a look compares with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional


class Told(NamedTuple):
    """What is remembered between two looks.

    failing: tasks whose latest end was a failure, each with whether that was told. suspect: the same for a success that may
    have done nothing. holds: those that were told, by their targets, each with its reason and end. said: when each edge was
    told last. active_at: when a run began or ended last (epoch seconds). idle: whether it was told that nothing runs. ended:
    the latest runs whose ends were looked at, as an end is logged again when settling is repeated after a crash. unfollowed:
    follow-ups of which it was told that they did not come. plugins: those whose breakers have opened, each with whether that
    was told.
    """

    failing: Mapping[str, bool] = {}
    holds: Mapping[str, Mapping[str, Any]] = {}
    said: Mapping[str, float] = {}
    active_at: Optional[float] = None
    idle: bool = False
    suspect: Mapping[str, bool] = {}
    ended: Sequence[str] = ()
    unfollowed: Sequence[str] = ()
    plugins: Mapping[str, bool] = {}


class Standing(NamedTuple):
    """A hold that is in effect: its target's name and words, the option that lifts it, its reason, message and end."""

    target: str
    words: str
    option: str
    reason: str
    message: str
    until: Optional[float] = None
