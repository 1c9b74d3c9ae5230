"""What is wrong with a YAML file, said so that a person can fix it: file, line, key, expected, found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from clodputer.model.suggest import did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails


Path = tuple[Any, ...]
Known = Mapping[Path, Iterable[str]]


class Problem(NamedTuple):
    """One thing wrong with a file. `key` is the path of the key, such as `expect.file_exists[0]`, or empty."""

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self._what()}"

    def beneath(self) -> str:
        """The same for a line that stands beneath the file's name."""
        return f"line {self.line}: {self._what()}"

    def _what(self) -> str:
        return f"{self.key + ': ' if self.key else ''}{self.message}"


class Rendered(NamedTuple):
    """Values that were filled in from the environment: told as their template, since they may be secret."""

    templates: Mapping[Path, str] = {}

    def show(self, path: Path, value: Any) -> str:
        """The value as a message shows it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.templates:
                return f"what {self.templates[path[:end]]!r} gives"
        return _shown(value)


_NOTHING = Rendered()


def dotted(path: Path) -> str:
    """A key path as people write it: `trigger[0].type`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_plain(step)}"
    return text[1:] if text[:1] == "." else text


def validated(
    model: type[BaseModel], value: Any, known: Known, rendered: Rendered = _NOTHING
) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """The keys that are set, as the model reads them; or each error as key path and sentence.

    `known` gives the keys that each mapping may hold.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(value).model_dump(exclude_unset=True), []
    except ValidationError as error:
        return {}, [_told(detail, known, rendered) for detail in error.errors(include_url=False)]


def _told(detail: ErrorDetails, known: Known, rendered: Rendered) -> tuple[Path, str]:
    path, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    value = detail.get("input")
    if path and path[-1] == "[key]":
        # The loc of a mapping's key is the key and then this mark; the value is the key itself.
        path = path[:-1]
    if kind == "extra_forbidden":
        names = known.get(path[:-1], ())
        return path, f"unknown key{did_you_mean(str(path[-1]), names)}"
    if kind == "missing":
        return path[:-1], f"expected a key {path[-1]}"
    if value is None and path not in rendered.templates:
        return path, "has no value; give it one, or take the line out"
    found = f", found {rendered.show(path, value)}"
    if kind == "literal_error":
        choices = _choices(context["expected"])
        suggestion = did_you_mean(value, choices) if isinstance(value, str) else ""
        return (
            path,
            f"expected {'one of ' if len(choices) > 1 else ''}{', '.join(choices)}{found}{suggestion}",
        )
    if kind == "expected":
        return path, f"expected {context['what']}{found}{context['tail']}"
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        return path, f"expected text{found}; put it in quotes"
    return path, f"expected {_WANTED.get(kind, '') or _limit(kind, context)}{found}"


def _plain(key: str) -> str:
    """A key as a message shows it: in one line, and never a megabyte of it."""
    text = key if key.isprintable() else repr(key)
    return text if len(text) <= 60 else f"{text[:57]}..."


_WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a text or a list of texts",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
}


def _limit(kind: str, context: Mapping[str, Any]) -> str:
    for name, words in (
        ("ge", "a number from {} on"),
        ("gt", "a number above {}"),
        ("le", "a number up to {}"),
    ):
        if name in context:
            return words.format(f"{context[name]:g}" if isinstance(context[name], float) else context[name])
    return f"another value ({kind})"


def _choices(text: str) -> list[str]:
    """The choices of a Literal, which pydantic tells as `'a', 'b' or 'c'`."""
    return [part.strip().strip("'") for part in text.replace(" or ", ", ").split(",")]


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
