"""What a gate says of a claimed request: it may be run now, it waits, it is given up, or it is closed."""

from __future__ import annotations

from typing import NamedTuple, Optional, Union


class Go(NamedTuple):
    """Nothing is in its way."""


class Wait(NamedTuple):
    """Not now. until: when the reason ends, in epoch seconds; None when that is not known. `message` is for people."""

    until: Optional[float]
    reason: str
    message: str


class Refuse(NamedTuple):
    """It cannot or must not be run, and goes to `dead/`. `code` is the event's reason, `message` says how to fix it."""

    code: str
    message: str


class Close(NamedTuple):
    """A person does not want it to run, or has not said so in time: it goes to `closed/`."""

    code: str
    message: str


Verdict = Union[Go, Wait, Refuse, Close]

GO = Go()
