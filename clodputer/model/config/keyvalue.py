"""The value of a key: read from what YAML or a variable gave, and written as people write it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

from clodputer.model.config import keys
from clodputer.model.config.keys import Key
from clodputer.model.config.withunit import Expected, duration, size
from clodputer.model.request import parse_priority
from clodputer.model.task import is_name
from clodputer.model.text.moment import format_duration
from clodputer.model.text.suggest import did_you_mean

MARKS = ("{{", "{%", "{#")

_DURATIONS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SIZES = (("TB", 1024**4), ("GB", 1024**3), ("MB", 1024**2), ("KB", 1024))
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%")
_NUMBERS = (keys.COUNT, keys.NUMBER, keys.MONEY)


def marked(text: str) -> bool:
    """Whether a text holds a template's marks."""
    return "{" in text and any(mark in text for mark in MARKS)


def read(key: Key, value: Any) -> Any:
    """The value that the program gets from one that YAML gave, for all kinds but lists and mappings. Raises Expected."""
    found = _READERS[key.kind](key, value)
    if key.check is None or (isinstance(found, str) and marked(found)):
        return found
    return key.check(found)


def read_text(key: Key, text: str) -> Any:
    """The same from plain text, as a variable or an argument has it. Raises Expected."""
    if key.kind in _NUMBERS:
        try:
            return read(key, int(text) if key.kind == keys.COUNT else float(text))
        except ValueError as error:
            raise error if isinstance(error, Expected) else Expected(_range(key)) from None
    return read(key, text)


def one_word(text: str) -> str:
    """The check of a key that takes a name without spaces. Raises Expected."""
    if len(text.split()) != 1:
        raise Expected("a name without spaces")
    return text.strip()


def written(key: Key, value: Any) -> str:
    """The value as people write it, in the largest unit that takes it whole; an empty text for one that is not set."""
    if value is None or value == "":
        return ""
    if key.kind == keys.PERCENT:
        return f"{value:g}%"
    if key.kind == keys.DURATION:
        for unit, seconds in _DURATIONS:
            if value >= seconds and value % seconds == 0:
                return f"{value // seconds:.0f}{unit}"
        return f"{value * 1000:.15g}ms" if value else "0s"
    if key.kind == keys.SIZE:
        for unit, size_of_unit in _SIZES:
            if value >= size_of_unit and value % size_of_unit == 0:
                return f"{value // size_of_unit}{unit}"
        return f"{value}B" if value else "0"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _line(_key: Key, value: Any) -> str:
    if isinstance(value, (bool, int, float)):
        raise Expected("text", "; put it in quotes")
    if not isinstance(value, str):
        raise Expected("text")
    return value


def _text(key: Key, value: Any) -> str:
    text = _line(key, value)
    if not text.strip():
        raise Expected("some text")
    return text


def _path(key: Key, value: Any) -> str:
    """A path that means the same wherever it is read from."""
    text = _text(key, value)
    if not marked(text) and not (text.startswith(("/", "~/")) or text == "~"):
        raise Expected("an absolute path, or one that begins with ~/")
    return text


def _name(key: Key, value: Any) -> str:
    text = _line(key, value)
    if not is_name(text):
        raise Expected("1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit")
    return text


def _pattern(key: Key, value: Any) -> str:
    text = _text(key, value)
    if not marked(text):
        try:
            # Python warns of sets such as [[a], whose meaning may change one day; the pattern holds all the same.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise Expected("a regular expression", f" ({error})") from None
    return text


def _flag(_key: Key, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Expected("true or false")
    return value


def _number(key: Key, value: Any) -> Any:
    wanted = (int,) if key.kind == keys.COUNT else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise Expected(_range(key))
    if (key.smallest is not None and value < key.smallest) or (
        key.largest is not None and value > key.largest
    ):
        raise Expected(_range(key))
    return value if key.kind == keys.COUNT else float(value)


def _range(key: Key) -> str:
    kind = "a whole number" if key.kind == keys.COUNT else "a number"
    lowest = "" if key.smallest is None else f" from {key.smallest:,g}"
    if key.largest is None:
        return f"{kind}{lowest} on" if lowest else kind
    return f"{kind}{lowest} to {key.largest:,.0f}" if lowest else f"{kind} up to {key.largest:,.0f}"


def _percent(key: Key, value: Any) -> float:
    lowest, most = key.smallest or 0, key.largest or 100
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not lowest <= float(found[1]) <= most:
        tail = f"; write {value}%" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
        raise Expected(f"a share from {lowest:g}% to {most:g}%", tail)
    return float(found[1])


def _duration(key: Key, value: Any) -> float:
    seconds = duration(value)
    smallest, largest = key.smallest or 0.0, key.largest
    if seconds < smallest or (largest is not None and seconds > largest):
        most = format_duration(largest) if largest is not None else ""
        if smallest < 1:
            lowest = "above 0 and up to" if smallest else "of up to"
            raise Expected(f"a duration {lowest} {most}" if most else "a duration above 0")
        raise Expected(f"a duration from {format_duration(smallest)} {f'to {most}' if most else 'on'}")
    return seconds


def _size(key: Key, value: Any) -> int:
    return size(value, 1 if key.smallest is None else int(key.smallest))


def _priority(_key: Key, value: Any) -> int:
    try:
        return parse_priority(value)
    except ValueError:
        raise Expected("1 to 5 (5 runs first), or low, normal, high") from None


def _choice(key: Key, value: Any) -> str:
    if not isinstance(value, str) or value not in key.choices:
        suggestion = did_you_mean(value, key.choices) if isinstance(value, str) else ""
        suggestion = next((f"; {advice}" for other, advice in key.instead if other == value), suggestion)
        some = "one of " if len(key.choices) > 1 else ""
        raise Expected(f"{some}{', '.join(key.choices)}", suggestion)
    return value


_READERS: dict[str, Callable[[Key, Any], Any]] = {
    keys.TEXT: _text,
    keys.LINE: _line,
    keys.TEMPLATE: _text,
    keys.NAME: _name,
    keys.PATH: _path,
    keys.PATTERN: _pattern,
    keys.FLAG: _flag,
    keys.COUNT: _number,
    keys.NUMBER: _number,
    keys.MONEY: _number,
    keys.PERCENT: _percent,
    keys.DURATION: _duration,
    keys.SIZE: _size,
    keys.PRIORITY: _priority,
    keys.CHOICE: _choice,
}
