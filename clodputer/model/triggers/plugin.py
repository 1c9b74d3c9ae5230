"""A plugin: what its manifest says, what config.yaml says of it, and when it is polled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.config.fields import writable
from clodputer.model.config.keys import (
    CHOICE,
    CHOICES,
    COUNT,
    DURATION,
    FLAG,
    MAPPING,
    NAME,
    NAMED,
    NEVER,
    PART,
    TEXT,
    TEXTS,
    Key,
)
from clodputer.model.config.withunit import Expected
from clodputer.model.gates.breaker import CLOSED, OPEN, Breaker, End, State, state
from clodputer.model.numbers.dice import dice
from clodputer.model.outcome import SUCCEEDED

PROTOCOL = 1
POLL, HANDLE, HEALTH, INIT = "poll", "handle", "health", "init"
COMMANDS = (POLL, HANDLE, HEALTH, INIT)
# Those whose answers may change the state and bring events.
CHANGING = (POLL, HANDLE)

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
EVERY: Mapping[str, float] = {
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "hourly": HOUR,
    "2h": 2 * HOUR,
    "6h": 6 * HOUR,
    "daily": DAY,
    "weekly": 7 * DAY,
    "monthly": 30 * DAY,
}
TIMEOUT, LONGEST = 60.0, 300.0
# In bytes: of what a plugin writes on its standard output, and of its state as JSON.
MOST_OUTPUT, LARGEST_STATE = 1024 * 1024, 64 * 1024
# The sweep comes every five minutes, and not to the second: a poll that is due so soon, in seconds, is due.
SLACK = 30.0
# As that of a task: three failures in a row, or one that is the same at every try, and nothing for an hour.
BREAKER = Breaker()
# So many ends of polls are remembered.
MOST_ENDS = 10
# The reasons of failures. Those in model.breaker.AT_ONCE open the breaker at once.
PERMANENT, FAILED = "config", "failed"

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Schedule(NamedTuple):
    """When a plugin is polled; every, jitter: seconds."""

    every: float
    jitter: float = 0.0


class Manifest(NamedTuple):
    """What a plugin's manifest.yaml says, checked. schedule: None for one that is only run by hand."""

    name: str
    entrypoint: str
    commands: tuple[str, ...]
    config_keys: tuple[str, ...] = ()
    schedule: Optional[Schedule] = None
    timeout: float = TIMEOUT
    description: str = ""


class Config(NamedTuple):
    """What config.yaml says of a plugin."""

    enabled: bool = True
    config: Mapping[str, Any] = {}


KEYS = (
    Key(
        "name",
        NAME,
        help="The name of the plugin, which is that of its folder.",
        required=True,
        example="watcher",
    ),
    Key(
        "protocol",
        COUNT,
        help="The version of the protocol: `1`. A plugin with another one is not started.",
        smallest=1,
        largest=1000,
        required=True,
        example=1,
    ),
    Key(
        "entrypoint",
        TEXT,
        help="The program, a path in the folder of the plugin. It must be executable, and nobody else may write to it.",
        required=True,
        env=NEVER,
        example="run.sh",
    ),
    Key(
        "commands",
        CHOICES,
        None,
        "What the program can do.",
        smallest=1,
        choices=COMMANDS,
        required=True,
        example=["poll", "health"],
    ),
    Key(
        "description", TEXT, "", "A sentence for people.", env=NEVER, absent="none", example="Looks for news."
    ),
    Key(
        "config_keys",
        TEXTS,
        (),
        "The keys that must be set for the plugin in `config.yaml`, under `config`. Without them it is not started.",
        env=NEVER,
        absent="none",
        example=["url"],
    ),
    Key(
        "schedule",
        PART,
        help="When the plugin is polled; without it, only by hand.",
        keys=(
            Key("every", CHOICE, help="How often.", choices=tuple(EVERY), required=True, example="15m"),
            Key(
                "jitter",
                DURATION,
                0.0,
                "The most by which a poll may come later, at random.",
                0,
                DAY,
                example="1m",
            ),
        ),
        absent="only by hand",
        example={"every": "15m"},
    ),
    Key("timeout", DURATION, TIMEOUT, "How long one call may take.", 1, LONGEST, example="30s"),
)


def _config(value: Any) -> Any:
    try:
        return writable(value)
    except ValueError as error:
        raise Expected("values that JSON can hold", f" ({error})") from None


SETTING = Key(
    "plugins",
    NAMED,
    {},
    "What [plugins](plugins.md) get, each by its name.",
    keys=(
        Key("enabled", FLAG, True, "`false`: it is not polled.", example=False),
        Key(
            "config",
            MAPPING,
            {},
            "What the plugin gets as `config`. `${NAME}` in a text is filled in from secrets.env, else from the environment.",
            check=_config,
            example={"url": "https://example.org", "token": "${TOKEN}"},
        ),
    ),
    absent="nothing",
    example={"watcher": {"config": {"url": "https://example.org"}}},
)


def manifest(fields: Mapping[str, Any]) -> Manifest:
    """The manifest that checked keys make."""
    schedule = fields.get("schedule")
    return Manifest(
        fields["name"],
        fields["entrypoint"],
        tuple(fields["commands"]),
        tuple(fields.get("config_keys", ())),
        Schedule(EVERY[schedule["every"]], schedule.get("jitter", 0.0)) if schedule else None,
        fields.get("timeout", TIMEOUT),
        fields.get("description", ""),
    )


def config_of(setting: Mapping[str, Mapping[str, Any]], name: str) -> Config:
    """What the setting `plugins` says of one plugin."""
    return Config(**setting.get(name, {}))


class Missing(ValueError):
    """A variable that a config names and nobody has; the message is its name."""


def filled_in(value: Any, variables: Mapping[str, str]) -> Any:
    """A config with each `${NAME}` in its texts replaced. Raises Missing."""
    if isinstance(value, str):
        for name in _VARIABLE.findall(value):
            if name not in variables:
                raise Missing(name)
        return _VARIABLE.sub(lambda found: variables[found[1]], value)
    if isinstance(value, Mapping):
        return {key: filled_in(below, variables) for key, below in value.items()}
    return [filled_in(below, variables) for below in value] if isinstance(value, (list, tuple)) else value


def breaker_of(ends: Sequence[End], now: float) -> State:
    """The breaker of a plugin at `now` (epoch seconds), from the ends of its polls, the newest first."""
    return state(ends, BREAKER, now)


def turned(before: Sequence[End], after: Sequence[End], now: float) -> str:
    """What the latest call has changed: "stopped" when it opened the breaker, "works" when it closed it, else nothing."""
    was, found = breaker_of(before, now).state, breaker_of(after, now).state
    if was == CLOSED and found == OPEN:
        return "stopped"
    return "works" if was != CLOSED and found == CLOSED else ""


def next_poll(found: Manifest, ends: Sequence[End], now: float) -> Optional[float]:
    """When a plugin is to be polled again (epoch seconds), from the ends of its polls, the newest first; None: never by itself.

    A failure that may pass is tried again sooner, each time later. With its breaker open a plugin waits for that.
    """
    if found.schedule is None:
        return None
    if not ends:
        return now
    last, schedule = ends[0], found.schedule
    if last.at > now:
        return now  # the clock was put back; nobody knows how long ago that poll was
    later = last.at + schedule.every - min(SLACK, schedule.every / 10)
    later += schedule.jitter * dice(found.name, f"{last.at:.3f}")
    if last.outcome == SUCCEEDED:
        return later
    breaker = breaker_of(ends, last.at)
    if breaker.state == OPEN:
        return max(later, breaker.until or later)
    return min(later, last.at + MINUTE * 2.0 ** (breaker.failures - 1) - SLACK)
