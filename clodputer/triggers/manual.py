"""The trigger `manual`: only a person or a dropped request runs the task."""

from __future__ import annotations

from collections.abc import Mapping

from clodputer.model.config.keys import Key
from clodputer.model.schedules.ring import NOTHING, Ring
from clodputer.model.task import Trigger

KEYS: tuple[Key, ...] = ()
BRINGS: Mapping[str, tuple[str, ...]] = {}


def alarm(trigger: Trigger) -> Ring:
    """Nothing starts an exec for it."""
    return NOTHING


def words(trigger: Trigger) -> str:
    """Such as `by hand`."""
    return "by hand"
