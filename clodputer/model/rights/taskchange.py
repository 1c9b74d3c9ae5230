"""The difference between two task files: each key with another value, and whether that gives the task's runs more rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.rights.widening import widens
from clodputer.model.task import Task

# So much of a text is shown, in characters.
LONGEST = 500
# What stands for the values of `env`, which may be secrets.
HIDDEN = "(not shown)"
_VARIABLES = "env"


class Change(NamedTuple):
    """One key that was changed: as it is written, `limits` or `expect.file_exists`.

    before, after: as the file has them, long texts cut; None where the key is absent. widens: whether the task's runs may do
    more than before.
    """

    key: str
    before: Any
    after: Any
    widens: bool

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


def changes(before: Any, after: Any, was: Optional[Task], now: Task) -> list[Change]:
    """What differs between the values of two files. was: the task before; None when its file was not in order."""
    return [
        Change(key, _shown(key, old), _shown(key, new), widens(key.split(".")[0], was, now))
        for key, old, new in _differences("", before if isinstance(before, dict) else {}, after)
    ]


def _differences(prefix: str, before: Mapping[str, Any], after: Any) -> Iterator[tuple[str, Any, Any]]:
    for name in [*before, *(name for name in after if name not in before)]:
        old, new, key = before.get(name), after.get(name), f"{prefix}{name}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(f"{key}.", old, new)
        elif dumps(old, sort_keys=True, default=str) != dumps(new, sort_keys=True, default=str):
            yield key, old, new  # unlike `!=`, this tells true from 1


def _shown(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key == _VARIABLES and isinstance(value, dict):
        return dict.fromkeys(value, HIDDEN)
    return HIDDEN if key.startswith(f"{_VARIABLES}.") else _cut(value)


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + "…"
    if isinstance(value, list):
        return [_cut(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _cut(item) for key, item in value.items()}
    return value if isinstance(value, (bool, int, float)) or value is None else str(value)
