"""JSON from outside, read within bounds, and JSON for people, with each field on a line of its own."""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecoder, dumps
from typing import Any, Callable, Optional

# Python's own reader and writer recurse, and give up somewhere between 900 and 50,000 levels, depending on the version and on
# how deep the caller stands already. Nothing that people or programs mean is nested a tenth as deep as this.
DEEPEST = 200

Loads = Callable[[str], Any]


def reader(
    parse_float: Callable[[str], Any] = float, parse_constant: Optional[Callable[[str], Any]] = None
) -> Loads:
    """A function that reads a JSON text, with these for fractions and for NaN and the infinities, as `json.loads` has them.

    It raises ValueError, also for what is nested deeper than `DEEPEST`.
    """
    decoder = JSONDecoder(parse_float=parse_float, parse_constant=parse_constant)

    def read(text: str) -> Any:
        try:
            value = decoder.decode(text)
        except RecursionError:
            raise _too_deep() from None
        if text.count("[") + text.count("{") > DEEPEST and not is_shallow(value):
            raise _too_deep()
        return value

    return read


loads = reader()


def is_shallow(value: Any) -> bool:
    """Whether mappings and lists are nested no deeper than `DEEPEST`, so that every reader and writer copes with them."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            item
            for parent in level
            if isinstance(parent, (dict, list, tuple))
            for item in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return True
    return False


def dumps_unicode(value: Any) -> str:
    """JSON in which text keeps its characters. Raises TypeError for what JSON has no word for."""
    return dumps(value, ensure_ascii=False)


def in_lines(fields: Mapping[str, Any]) -> str:
    """An object for people as well: each of its fields on a line of its own. Raises TypeError."""
    lines = ",\n".join(f"  {dumps(key)}: {dumps(value)}" for key, value in fields.items())
    return f"{{\n{lines}\n}}\n" if fields else "{}\n"


def with_nulls(value: Any) -> dict[str, Any]:
    """The fields of a named tuple for programs: an empty text becomes null, as in records."""
    return {key: None if field == "" else field for key, field in value._asdict().items()}


def finite(value: Any) -> Optional[float]:
    """A value that was read, if it is a number that a float holds, else None; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number - number == 0 else None


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {DEEPEST} levels")
