"""What follows a run's end: one module for each effect, found by the name under which it is in the run's record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from clodputer.effects import (
    bury,
    disable,
    drop,
    event,
    finish,
    hold,
    log,
    memory,
    not_followed,
    notify,
    park,
    publish,
    put_back,
    retry,
    state,
    supersede,
)
from clodputer.effects.settling import Settling


class Effect(Protocol):
    """What the module of every effect has."""

    def perform(self, settling: Settling, effect: Mapping[str, Any]) -> None:
        """Do what `effect`, an item of the record's `effects`, says. Done a second time it changes nothing. Raises OSError."""


EFFECTS: dict[str, Effect] = {
    "bury": bury,
    "disable": disable,
    "drop": drop,
    "event": event,
    "finish": finish,
    "hold": hold,
    "log": log,
    "memory": memory,
    "not_followed": not_followed,
    "notify": notify,
    "park": park,
    "publish": publish,
    "put_back": put_back,
    "retry": retry,
    "state": state,
    "supersede": supersede,
}


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Perform one effect of a record; one that nobody knows is passed over. Raises OSError."""
    known = EFFECTS.get(str(effect.get("effect")))
    if known is not None:
        known.perform(settling, effect)
