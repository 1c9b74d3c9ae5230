"""The trigger `startup`: once after each start of the computer."""

from __future__ import annotations

from clodputer.model.policy import OVERLAP
from clodputer.model.ring import Ring
from clodputer.model.task import Trigger

KEYS = (OVERLAP,)
BRINGS: tuple[str, ...] = ()


def alarm(trigger: Trigger) -> Ring:
    """The start of the computer."""
    return Ring(startup=True)


def words(trigger: Trigger) -> str:
    """Such as `when the computer starts`."""
    return "when the computer starts"
