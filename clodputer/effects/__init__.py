"""What follows a run's end: one module for each effect, found by the name under which it is in the run's record."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from clodputer.effects.settling import Settling


class Effect(Protocol):
    """What the module of every effect has."""

    def perform(self, settling: Settling, effect: Mapping[str, Any]) -> None:
        """Do what `effect`, an item of the record's `effects`, says. Done a second time it changes nothing. Raises OSError."""


NAMES = (
    "bury",
    "disable",
    "drop",
    "event",
    "finish",
    "hold",
    "log",
    "memory",
    "not_followed",
    "notify",
    "park",
    "publish",
    "put_back",
    "retry",
    "state",
    "supersede",
)


def load(name: str) -> Effect:
    """The module of an effect, imported when a run has it. Raises KeyError for one that there is not."""
    if name not in NAMES:
        raise KeyError(name)
    effect: Effect = import_module(f"{__name__}.{name}")
    return effect


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Perform one effect of a record; one that nobody knows is passed over. Raises OSError."""
    name = effect.get("effect")
    if name in NAMES:
        load(str(name)).perform(settling, effect)
