"""The effect `hold`: a lane, a task or an account is held until a moment; it never shortens a hold that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.store import holds
from clodputer.store.holds import Hold, Target


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Place the hold; its moments come from the record, so a repetition places the same one."""
    target = Target(effect["scope"], effect["name"])
    watched = effect.get("watched") or {}
    hold = Hold(effect["reason"], effect["message"], effect["since"], effect["until"], watched)
    holds.place(settling.context.home, target, hold, extend=True)
