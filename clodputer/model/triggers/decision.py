"""What a trigger decides by and what it decides: facts of the moment in; a new entry, requests and notes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timezone, tzinfo
from typing import Any, NamedTuple, Optional


class Facts(NamedTuple):
    """The world at the moment of a decision.

    since: when the task file came to be as it is (epoch seconds). waiting: a request from a trigger of the task waits.
    running: the task runs. held: its lane is on hold. task: its name. zone: the one that the trigger names, or the system's.
    seen: what the kind's own `look` found; None for kinds that do not look. trouble: why a look could not be made.
    replaces: what the trigger remembers was damaged, or another trigger of this kind was in its place until now.
    """

    since: float = 0.0
    enabled: bool = True
    waiting: bool = False
    running: bool = False
    held: bool = False
    task: str = ""
    zone: tzinfo = timezone.utc
    seen: Any = None
    trouble: str = ""
    replaces: bool = False


class Fate(NamedTuple):
    """What became of `number` slot times from `first` to `last` that were not dropped; noticed at `noticed_at`."""

    fate: str
    reason: str
    first: int
    last: int
    number: int
    noticed_at: float


class Drop(NamedTuple):
    """A request to be dropped.

    mark: makes it one request, however often it is dropped; empty when the entry and its requests are committed as one.
    slot: its slot time, if it has one. context: what it brings to the prompt. priority: None for the task's own. item: what it
    is about.
    answers: what it means for a request about the same item that waits for approval, and was asked about before `at` (epoch
    seconds): `go` approves that one instead of making a request, `comment` closes it, and this one takes its place. note: by
    whom.
    """

    mark: str = ""
    slot: Optional[int] = None
    not_before: Optional[float] = None
    context: Mapping[str, Any] = {}
    priority: Optional[int] = None
    item: str = ""
    answers: str = ""
    note: str = ""
    at: float = 0.0


class Event(NamedTuple):
    """Something for the execution log."""

    name: str
    fields: Mapping[str, Any] = {}


class Decision(NamedTuple):
    """The new entry, the requests that follow from it, what became of slot times without one, and what to log.

    look_again: when to decide again (epoch seconds), if nothing asks for it before; None when nothing is expected.
    """

    entry: Any
    drops: tuple[Drop, ...] = ()
    fates: tuple[Fate, ...] = ()
    look_again: Optional[float] = None
    events: tuple[Event, ...] = ()


def next_look(now: float, every: float) -> float:
    """From when on the next alarm leads to a look, of a trigger that looks every so many seconds; epoch seconds.

    A little before the alarm comes, for it may come early by a moment.
    """
    return now + max(every / 2, every - 30.0)
