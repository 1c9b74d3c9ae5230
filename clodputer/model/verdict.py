"""What a gate says of a claimed request: it may be run now, it waits, or it is given up."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union


class Go(NamedTuple):
    """Nothing stands in its way."""


class Wait(NamedTuple):
    """Not now. until: when the reason ends, in epoch seconds; None when that is not known. `message` is for people."""

    until: Optional[float]
    reason: str
    message: str


class Refuse(NamedTuple):
    """It cannot or must not be run, and goes to `dead/`. `code` is the event's reason, `message` says how to fix it."""

    code: str
    message: str


Verdict = Union[Go, Wait, Refuse]

GO = Go()
