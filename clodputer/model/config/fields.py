"""Fields of a file that somebody dropped: each is read by its own function, and everything that is wrong is named at once."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, Callable

from clodputer.model.text.jsontext import DEEPEST, is_shallow
from clodputer.model.text.suggest import did_you_mean

# Each takes a value and returns it as it is kept; it raises ValueError with what was expected.
Readers = Mapping[str, Callable[[Any], Any]]


def read(fields: Mapping[Any, Any], readers: Readers) -> tuple[dict[str, Any], list[str]]:
    """The values of the fields that are given and in order, and what is wrong with the others, unknown ones too.

    null stands for a field that is not given.
    """
    values: dict[str, Any] = {}
    wrong = []
    for key, value in fields.items():
        if key not in readers:
            wrong.append(f"unknown field {quoted(key)}{did_you_mean(str(key), readers)}")
        elif value is not None:
            try:
                values[key] = writable(readers[key](value))
            except ValueError as error:
                wrong.append(f"{key}: {error}")
    return values, wrong


def lacks(key: str, values: Mapping[str, Any], wrong: list[str]) -> bool:
    """Whether a field was not given at all, after `read`."""
    return key not in values and not any(problem.startswith(f"{key}:") for problem in wrong)


def quoted(value: Any) -> str:
    """A value as a message shows it: never a megabyte of it."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def writable(value: Any) -> Any:
    """The value of a field, if it can be written down again as JSON in UTF-8. Raises ValueError."""
    if isinstance(value, (str, dict)):
        if not is_shallow(value):
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        try:
            dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except TypeError as error:
            raise ValueError(f"it holds what JSON cannot express: {error}") from None
        except UnicodeEncodeError:
            raise ValueError("it holds half of a surrogate pair, which is no character") from None
    return value


def text(value: Any) -> str:
    """A text. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {quoted(value)}")
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"expected a mapping of names to values, found {quoted(value)}")
    return value
