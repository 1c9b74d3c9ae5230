"""Plugins as a person wants to know them: what each is, how its last call went, when it is polled again."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.breaker import CLOSED, State
from clodputer.model.text.moment import format_duration, iso
from clodputer.model.text.plural import counted
from clodputer.model.triggers.plugin import Manifest, breaker_of, config_of
from clodputer.runner.intake.full import behind
from clodputer.store.context import Context
from clodputer.store.due import polls
from clodputer.store.taskstate import state
from clodputer.store.triggers import plugins
from clodputer.store.triggers.plugins import Last

# The sweep polls within minutes; what is late by more, in seconds, nobody polls.
LATE = 2 * 3600.0


class Listed(NamedTuple):
    """A plugin. manifest: None when it is broken; problem: why it cannot be called, empty when it can.

    next: when it is polled again (epoch seconds), None: not by itself. state: the version of what it remembers.
    """

    name: str
    manifest: Optional[Manifest]
    problem: Optional[ClodputerError]
    enabled: bool
    last: Optional[Last]
    breaker: State
    next: Optional[float]
    state: int

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        found, last = self.manifest, self.last
        schedule = found.schedule if found else None
        return {
            "name": self.name,
            "description": (found.description or None) if found else None,
            "commands": list(found.commands) if found else [],
            "every_seconds": schedule.every if schedule else None,
            "enabled": self.enabled,
            "problem": self.problem and {"code": self.problem.code, "message": self.problem.message},
            "last": last and {**last._asdict(), "at": iso(last.at), "reason": last.reason or None},
            "breaker": {"state": self.breaker.state, "failures": self.breaker.failures},
            "next": None if self.next is None else iso(self.next),
            "state_version": self.state,
        }


def listed(context: Context, now: float) -> list[Listed]:
    """All plugins, by name. Raises OSError."""
    return [_one(context, name, now) for name in polls.names(context.home)]


def _one(context: Context, name: str, now: float) -> Listed:
    home, found, problem = context.home, None, None
    past = plugins.past(home, name)
    try:
        found = plugins.load(home, name)
        plugins.program(home, found)
        given = config_of(context.settings.plugins, name).config
        lacking = [key for key in found.config_keys if key not in given]
        if lacking:
            problem = ClodputerError(
                "plugin_config",
                f"plugin {name} needs {', '.join(lacking)} in its config",
                f"Add it under plugins: {name}: config: in {home.config}",
            )
    except ClodputerError as error:
        problem = error
    enabled = config_of(context.settings.plugins, name).enabled
    breaker = breaker_of(past.ends, now)
    version = state.newest(home, plugins.state_name(name))
    waits = polls.noted(home, name) if found and enabled and found.schedule else None
    return Listed(name, found, problem, enabled, past.last, breaker, waits, version)


def wrong(one: Listed, now: float) -> str:
    """What is wrong with a plugin that is to be polled, as a clause; empty for nothing."""
    if not one.enabled:
        return ""
    if one.problem is not None:
        return f"cannot be called: {one.problem.message}"
    if one.breaker.state != CLOSED and one.last is not None:
        times = counted(one.breaker.failures, "time")
        return (
            f"failed {times} in a row: {one.last.message}" if one.last.reason else f"failed {times} in a row"
        )
    if one.next is not None and now - one.next > LATE:
        return f"was due {format_duration(now - one.next)} ago, and no exec has polled it"
    return ""


def held_back(context: Context, one: Listed) -> str:
    """Why a plugin is not polled for now although nothing is wrong with it, as a clause; empty when it is. Raises OSError."""
    lane = behind(context, one.name) if one.next is not None and one.enabled else ""
    return (
        f"is not polled while as many requests wait in lane {lane} as its queue_limit allows" if lane else ""
    )


def failing(context: Context, now: float) -> tuple[tuple[str, str], ...]:
    """The plugins that are not polled as they should be, each with the reason. Raises OSError."""
    found = ((one.name, wrong(one, now) or held_back(context, one)) for one in listed(context, now))
    return tuple((name, message) for name, message in found if message)
