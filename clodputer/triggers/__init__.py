"""What brings requests in: one module for each kind of trigger, found by name, each with the functions of `Kind`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Optional, Protocol, runtime_checkable

from clodputer.model.config.keys import Key
from clodputer.model.schedules.ring import NOTHING, Ring
from clodputer.model.schedules.schedule import Schedule
from clodputer.model.task import Task, Trigger
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.model.triggers.tool import Tool
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.taskfiles import template_text


@runtime_checkable
class Kind(Protocol):
    """What the module of every kind has. `type: NAME` in a task file is the module of that name in this folder."""

    # The keys of its mapping in a task file, `type` aside.
    KEYS: tuple[Key, ...]
    # The names that its requests add to the templates of prompts, such as `file`, each with its fields where these are fixed.
    BRINGS: Mapping[str, tuple[str, ...]]

    def alarm(self, trigger: Trigger) -> Ring:
        """What must start an exec for it, as data; `model.ring.NOTHING` when nothing must. Pure."""

    def words(self, trigger: Trigger) -> str:
        """When it brings requests in, for people: `every 15m`, `when files change in ~/inbox`. Pure."""


@runtime_checkable
class Deciding(Kind, Protocol):
    """A kind that brings requests in by itself. Its entry is one of the slot ledger, a `model.due.Entry`.

    It may have a function `look`, as a `Looking` one does; that must come back within milliseconds.
    """

    def decide(self, trigger: Trigger, entry: Any, facts: Facts, now: float) -> Decision:
        """What is due at `now` (epoch seconds), and the next entry. Pure."""


@runtime_checkable
class Clock(Deciding, Protocol):
    """A kind that has slot times."""

    def schedule(self, trigger: Trigger, zone: tzinfo) -> Schedule:
        """Its slot times; `zone` is the one that the trigger names, or the system's. Pure."""


@runtime_checkable
class Looking(Deciding, Protocol):
    """A kind that looks for what has changed somewhere. Its entry is whatever it remembers: a mapping that JSON can hold."""

    def mark(self, context: Context, task: Task, trigger: Trigger) -> str:
        """A name for what it looks at; when it looks at something else it starts again. Raises ClodputerError."""

    def look(self, context: Context, task: Task, trigger: Trigger, entry: Any, now: float) -> Any:
        """What is there now, as JSON can hold it, for `decide` as `facts.seen`.

        Called in a child process under a deadline, so it may hang, and must change nothing. Raises ClodputerError, OSError.
        """

    def remembers(self, trigger: Trigger, entry: Any) -> str:
        """What is known since the first look, and what went wrong at the last one, for people. Pure."""


@runtime_checkable
class Tooled(Looking, Protocol):
    """A kind that may look at what a program reports: that is run beside the runs (`runner/tools/`), and then it looks."""

    def tool(self, context: Context, task: Task, trigger: Trigger, entry: Any, now: float) -> Optional[Tool]:
        """What is to be run before the next look; None when nothing is. Changes nothing. Raises ClodputerError."""


def names() -> tuple[str, ...]:
    """The kinds there are, in alphabetical order."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def load(name: str) -> Kind:
    """The module of a kind. Raises KeyError for one that there is not."""
    try:
        kind: Any = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        raise KeyError(name) from None
    return kind  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def brings() -> Mapping[str, tuple[str, ...]]:
    """The names that requests of any kind add to the templates of prompts, with their fields."""
    return {name: fields for kind in names() for name, fields in load(kind).BRINGS.items()}


def in_prompts() -> Mapping[str, tuple[str, ...]]:
    """All that a prompt may name: what every run has, and what the requests of some triggers bring along."""
    return {**template_text.IN_PROMPTS, **brings()}


def faults(
    name: str, options: Mapping[str, Any], task: Mapping[str, Any]
) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong between the keys that are written for a trigger of that kind, and its task's: (path, sentence) of each."""
    look = getattr(load(name), "faults", None)
    return [] if look is None else list(look(options, task))


def has_slot_times(trigger: Trigger) -> bool:
    """Whether a trigger is of a kind that has slot times."""
    return isinstance(load(trigger.type), Clock)


def needs_alarm(trigger: Trigger) -> bool:
    """Whether something must start an exec for a trigger: it brings requests in without anybody asking for them."""
    return load(trigger.type).alarm(trigger) != NOTHING


def schedule(trigger: Trigger, environ: Mapping[str, str]) -> Optional[Schedule]:
    """The slot times of a trigger; None for a kind without. Raises ClodputerError when its time zone is not known."""
    kind = load(trigger.type)
    return kind.schedule(trigger, zone.of(trigger, environ)) if isinstance(kind, Clock) else None


def words(triggers: Iterable[Trigger]) -> str:
    """All triggers of a task for people, such as `at 08:00 on weekdays; by hand`; nothing for none."""
    return "; ".join(dict.fromkeys(load(trigger.type).words(trigger) for trigger in triggers))
