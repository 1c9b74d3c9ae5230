"""Heed: while the place of a run is made, what is started for it ends as soon as the run is to end."""

# Fetching, checking out and building an image take minutes. They happen deep inside rooms that know neither the signals that
# this process gets nor the file that cancels a run, so both are asked for here, by whatever waits.
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Callable, Optional

from clodputer.model.errors import ClodputerError

# How often it is asked, in seconds.
GLANCE = 0.1

_asked: Optional[Callable[[], str]] = None
_marks: Mapping[str, str] = {}


class Interrupted(ClodputerError):
    """What was going on was ended, as the run is to end; the code is the reason of that run."""


@contextmanager
def heeding(asked: Callable[[], str], marks: Mapping[str, str]) -> Iterator[None]:
    """Until the end of this block `check` raises when `asked` names a reason to end.

    marks: variables that everything has which is started meanwhile, so that recovery finds it.
    """
    global _asked, _marks
    before = (_asked, _marks)
    _asked, _marks = asked, marks
    try:
        yield
    finally:
        _asked, _marks = before


def check() -> None:
    """Raises Interrupted when what is going on is to end."""
    reason = _asked() if _asked is not None else ""
    if reason:
        raise Interrupted(reason, "Its folder was just being made.")


def glance(seconds: float) -> float:
    """How long may be waited before the next `check`, of so many seconds."""
    return seconds if _asked is None else min(seconds, GLANCE)


def marks() -> Mapping[str, str]:
    """The variables that a program started now is to have beside its own."""
    return _marks
