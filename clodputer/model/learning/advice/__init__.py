"""Advice: a change of one key of a task that its past runs speak for; one module for each kind, with the function `look`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable

from clodputer.model.learning.advice import model, priority, schedule, timeout, tools
from clodputer.model.learning.advice.subject import Advice, Subject, identity

__all__ = ["KINDS", "Advice", "Subject", "advice", "identity"]

# In the order in which they are listed.
KINDS: Mapping[str, Callable[[Subject], Sequence[Advice]]] = {
    "timeout": timeout.look,
    "allowed_tools": tools.look,
    "schedule": schedule.look,
    "model": model.look,
    "priority": priority.look,
}


def advice(subject: Subject) -> tuple[Advice, ...]:
    """All advice about one task."""
    return tuple(one for look in KINDS.values() for one in look(subject))
