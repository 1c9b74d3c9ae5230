"""A task: what to ask for, when, and within which limits; checked values only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

# Values here are NamedTuples, not dataclasses: importing `dataclasses` costs as much as the whole
# bare interpreter (it pulls in `inspect`), and `exec` would pay that at every run.

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")

PRIORITIES = {"low": 2, "normal": 3, "high": 4}
LOWEST, HIGHEST, NORMAL = 1, 5, 3
DEFAULT_LANE = "default"

# In bytes; Claude refuses more, and no argument or file name comes near it.
LARGEST_PROMPT = 10_000_000


def is_name(text: str) -> bool:
    """Whether it may be the name of a task: 1 to 64 letters, digits, `.`, `_` and `-`, of ASCII, a letter or digit first."""
    fits = text.isascii() and 1 <= len(text) <= 64
    return fits and text[0].isalnum() and _NAME.issuperset(text.lower())


def account_of(agent: str) -> str:
    """The account that runs of an agent draw on, whose hold keeps them waiting; empty for an agent without one."""
    return "claude" if agent == "claude" else ""


class Expect(NamedTuple):
    """What must be true after a run for it to have succeeded."""

    result_matches: Optional[str] = None
    file_exists: tuple[str, ...] = ()
    file_changed: tuple[str, ...] = ()
    command_succeeds: tuple[str, ...] = ()
    json_schema: Optional[Mapping[str, Any]] = None


class Trigger(NamedTuple):
    """What brings requests in. `options` holds the keys of its own type."""

    type: str = "manual"
    options: Mapping[str, Any] = {}


class Task(NamedTuple):
    """One task file after validation. Durations are seconds, sizes bytes; strings may still hold `{{ env.X }}`.

    A limit that is None, and an empty model, are those of the settings (`settings.with_defaults`).
    """

    name: str
    path: str
    description: str = ""
    enabled: bool = True
    priority: int = NORMAL
    lane: str = DEFAULT_LANE
    agent: str = "claude"
    prompt: str = ""
    prompt_file: str = ""
    command: tuple[str, ...] = ()
    working_directory: str = ""
    model: str = ""
    fallback_model: tuple[str, ...] = ()
    allowed_tools: tuple[str, ...] = ()
    disallowed_tools: tuple[str, ...] = ()
    permission_mode: str = ""
    max_turns: Optional[int] = None
    max_cost_usd: Optional[float] = None
    append_system_prompt: str = ""
    mcp_config: tuple[str, ...] = ()
    add_dirs: tuple[str, ...] = ()
    settings_sources: Optional[tuple[str, ...]] = None
    json_schema: Optional[Mapping[str, Any]] = None
    session: str = "new"
    env: Mapping[str, str] = {}
    timeout: Optional[float] = None
    startup_timeout: Optional[float] = None
    stall_timeout: Optional[float] = None
    stop_grace: Optional[float] = None
    max_output: Optional[int] = None
    context: Mapping[str, Any] = {}
    on_denied: str = "fail"
    requires_mcp: tuple[str, ...] = ()
    expect: Expect = Expect()
    triggers: tuple[Trigger, ...] = (Trigger(),)


_LISTS = frozenset(name for name, kind in Task.__annotations__.items() if "tuple[str, ...]" in str(kind))


def to_json(task: Task) -> dict[str, Any]:
    """The task as plain JSON values, for the cache."""
    fields = task._asdict()
    fields["expect"] = task.expect._asdict()
    fields["triggers"] = [trigger._asdict() for trigger in task.triggers]
    return fields


def from_json(fields: Mapping[str, Any]) -> Task:
    """The task that `to_json` wrote. Raises TypeError or KeyError when the fields are not those of today's Task."""
    values = dict(fields)
    for name in _LISTS:
        if values[name] is not None:
            values[name] = tuple(values[name])
    expect = dict(values["expect"])
    for name in ("file_exists", "file_changed", "command_succeeds"):
        expect[name] = tuple(expect[name])
    values["expect"] = Expect(**expect)
    values["triggers"] = tuple(Trigger(**trigger) for trigger in values["triggers"])
    return Task(**values)
