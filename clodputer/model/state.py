"""What a task remembers from run to run: its keys, and how a run's updates change it."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import MAPPING, NEVER, PART, SIZE, Key
from clodputer.model.text.jsontext import is_shallow

KB, MB = 1024, 1024**2
# Under this name a run gives its updates.
UPDATES = "state_updates"
# So many versions are kept.
VERSIONS = 10

# In bytes, where the task does not say.
USUAL_SIZE = 64 * KB

# Codes of updates that are not written.
CONFLICT, UNFIT = "state_conflict", "state_unfit"


class StateRule(NamedTuple):
    """What the state of a task must be like. max_size: of its JSON, in bytes; None for a task that has no state."""

    schema: Optional[Mapping[str, Any]] = None
    max_size: Optional[int] = None

    @property
    def kept(self) -> bool:
        """Whether the task has a state."""
        return self.max_size is not None


KEYS = (
    Key(
        "state",
        PART,
        {},
        "What the task remembers from run to run; `state: {}` switches it on. See [State](state.md).",
        keys=(
            Key(
                "schema",
                MAPPING,
                help="The state must be JSON that this JSON Schema accepts; other updates are not written.",
                env=NEVER,
                example={"type": "object"},
            ),
            Key(
                "max_size",
                SIZE,
                help="Updates that would make the state's JSON larger are not written.",
                smallest=2,
                largest=MB,
                absent="`64KB`",
                example="10KB",
            ),
        ),
        absent="none",
        env=NEVER,
        example={"max_size": "10KB"},
    ),
)


def merged(before: Mapping[str, Any], updates: Mapping[str, Any]) -> dict[str, Any]:
    """The state after updates: each of their keys replaces the one before, and null takes it out; nothing below is merged."""
    both = {**before, **updates}
    return {key: value for key, value in both.items() if value is not None}


def updates_in(result: Any) -> tuple[Optional[dict[str, Any]], str]:
    """The updates that a result, a JSON object, gives; None for none. Then what is wrong with them, empty for nothing."""
    if not isinstance(result, Mapping) or result.get(UPDATES) is None:
        return None, ""
    updates = result[UPDATES]
    if not isinstance(updates, dict):
        return None, f"{UPDATES} is not an object of names and values"
    return updates, ""


def unfit(value: Mapping[str, Any], rule: StateRule) -> str:
    """Why a state is too large or cannot be written as JSON; empty when it can."""
    if not is_shallow(value):
        return "it is nested too deeply"
    try:
        size = len(dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError):
        return "it holds what JSON cannot express"
    most = USUAL_SIZE if rule.max_size is None else rule.max_size
    return f"it would have {size:,} bytes, more than {most:,}" if size > most else ""
