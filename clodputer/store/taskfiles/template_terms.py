"""What templates may name, and what can be wrong with them; shared by their plain face and their engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Fault(NamedTuple):
    """What is wrong with a template, and in which of its lines."""

    line: int
    message: str


# What a template may name, each with its fields where these are fixed. In prompts there are also the names that requests of
# some triggers bring along (`triggers.brings`).
ENV_ONLY: Mapping[str, tuple[str, ...]] = {"env": ()}
IN_PROMPTS: Mapping[str, tuple[str, ...]] = {
    "env": (),
    "context": (),
    "request": ("id", "task", "priority", "attempt", "origin", "created_at", "body"),
    "body": (),
    "event": ("id", "from", "type", "payload", "item"),
    "precheck": (),
    "state": (),
    "memory": (),
    "attempts": (),
    "last": ("outcome", "result", "when"),
    "last_success": ("result", "when"),
}


class Outside(NamedTuple):
    """How text from outside is told from the rest of a prompt.

    nonce: random, for the marks of this one prompt. names: all that have a value. trusted: those whose values were typed by the
    person, or are ours. fields: of others, the fields that are. words: what else the fence is to say of the source of a name.
    """

    nonce: str
    names: frozenset[str]
    trusted: frozenset[str]
    fields: Mapping[str, tuple[str, ...]] = {}
    words: Mapping[str, str] = {}


class CannotRender(ValueError):
    """A template that is sound but cannot be rendered now. `missing`: what it lacks, such as `env.TOKEN`, or empty."""

    def __init__(self, message: str, missing: str = "") -> None:
        super().__init__(message)
        self.missing = missing
