"""JSON by the C half of the standard library's `json`, whose other half costs more than half the start of a bare Python."""

# `import json` brings `re`, `enum`, `functools` and `collections`: 8 ms, where `python -I -c pass` takes 11. Both ways give the
# same (tests/model/test_jsontext.py), and where a Python has no such C half, the package steps in.
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Optional

    Loads = Callable[[str], Any]

_WHITESPACE = " \t\n\r"
_CONSTANTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _Rules:
    """What the C half asks how to read: as `json.loads` does by default, but for numbers that are no plain ones."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_int = int

    def __init__(self, parse_float: Callable[[str], float], parse_constant: Callable[[str], Any]) -> None:
        self.parse_float = parse_float
        self.parse_constant = parse_constant


def reader(
    parse_float: Callable[[str], float] = float, parse_constant: Callable[[str], Any] = _CONSTANTS.__getitem__
) -> Loads:
    """A function that reads a JSON text, with these for fractions and for NaN and the infinities, as `json.loads` has them.

    It raises ValueError for what is no JSON, often without saying why (`json.loads` does), and RecursionError for what is
    nested too deep.
    """
    try:
        from _json import make_scanner
    except ImportError:
        from json import JSONDecoder

        return JSONDecoder(parse_float=parse_float, parse_constant=parse_constant).decode
    scan = make_scanner(_Rules(parse_float, parse_constant))  # type: ignore[arg-type]

    def read(text: str) -> Any:
        stripped = text.strip(_WHITESPACE)
        try:
            value, end = scan(stripped, 0)
        except StopIteration:
            raise ValueError("no JSON") from None
        if end != len(stripped):
            raise ValueError("more than one JSON text")
        return value

    return read


def _writer(ascii_only: bool) -> Callable[[Any], str]:
    try:
        from _json import encode_basestring, encode_basestring_ascii, make_encoder

        encode = encode_basestring_ascii if ascii_only else encode_basestring
        write = make_encoder(None, _refuse, encode, None, ": ", ", ", False, False, True)
    except (ImportError, TypeError):
        from json import JSONEncoder

        return JSONEncoder(ensure_ascii=ascii_only).encode
    return lambda value: "".join(write(value, 0))


def _refuse(value: Any) -> Any:
    raise TypeError(f"JSON has no {type(value).__name__}")


loads = reader()
# Both raise TypeError for what JSON has no word for; in the second one's text strings keep their characters.
dumps, dumps_unicode = _writer(ascii_only=True), _writer(ascii_only=False)


def in_lines(fields: Mapping[str, Any]) -> str:
    """An object for people as well: each of its fields on a line of its own. Raises TypeError."""
    lines = ",\n".join(f"  {dumps(key)}: {dumps(value)}" for key, value in fields.items())
    return f"{{\n{lines}\n}}\n" if fields else "{}\n"


def finite(value: Any) -> Optional[float]:
    """A value that was read, if it is a number that a float holds, else None; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number - number == 0 else None
