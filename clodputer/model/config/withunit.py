"""Values with a unit, as the keys of our YAML files take them: a text such as `90s` or `200MB`, never a bare number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from clodputer.model.text.moment import parse_duration
from clodputer.model.text.size import parse_size

Number = TypeVar("Number", int, float)

YEAR = 366 * 86400.0
TERABYTE = 1024**4


# What a message says instead of a value that may be a secret, as when a token stands where its name should.
NOT_SHOWN = "something else (not shown, as it may be a secret)"


class Expected(ValueError):
    """A value that a key does not take: what would have been right, and a tail that helps to write it.

    secret: whether the value may be a secret; messages about it go to the log, and do not show it then.
    """

    def __init__(self, what: str, tail: str = "", *, secret: bool = False) -> None:
        super().__init__(what, tail)
        self.what, self.tail, self.secret = what, tail, secret

    def message(self, found: str) -> str:
        """The sentence for a person."""
        return f"expected {self.what}, found {NOT_SHOWN if self.secret else found}{self.tail}"


def duration(value: Any) -> float:
    """Seconds in a duration with its unit. Raises Expected."""
    return _read(value, parse_duration, "duration", ("s", "m"), "90s, 30m or 2h")


def size(value: Any, smallest: int = 1) -> int:
    """Bytes in a size with its unit, from `smallest` to 1 TB; nothing at all needs no unit. Raises Expected."""
    if smallest == 0 and value == 0 and isinstance(value, int) and not isinstance(value, bool):
        return 0
    number = _read(value, parse_size, "size", ("KB", "MB"), "500KB, 200MB or 2GB")
    if not smallest <= number <= TERABYTE:
        lowest = f"from {smallest // 1024}KB" if smallest > 1 else "above 0" if smallest else "from 0"
        raise Expected(f"a size {lowest} and up to 1TB")
    return number


def _read(
    value: Any, parse: Callable[[str], Number], kind: str, units: tuple[str, str], examples: str
) -> Number:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise Expected(f"a {kind} with its unit", f"; write {value}{units[0]} or {value}{units[1]}")
    try:
        if isinstance(value, str):
            return parse(value)
    except ValueError:
        pass
    raise Expected(f"a {kind} such as {examples}")
