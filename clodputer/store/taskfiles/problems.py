"""What is wrong with a YAML file, said so that a person can fix it: file, line, key, expected, found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Path = tuple[Any, ...]


class Problem(NamedTuple):
    """One thing wrong with a file. `key` is the path of the key, such as `expect.file_exists[0]`, or empty."""

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self._what()}"

    def beneath(self) -> str:
        """The same for a line that is beneath the file's name."""
        return f"line {self.line}: {self._what()}"

    def _what(self) -> str:
        return f"{self.key + ': ' if self.key else ''}{self.message}"


class Rendered(NamedTuple):
    """Values that were filled in from the environment: shown as their template, since they may be secret."""

    templates: Mapping[Path, str] = {}

    def show(self, path: Path, value: Any) -> str:
        """The value as a message shows it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.templates:
                return f"what {self.templates[path[:end]]!r} gives"
        return _shown(value)


def dotted(path: Path) -> str:
    """A key path as people write it: `trigger[0].type`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_plain(step)}"
    return text[1:] if text[:1] == "." else text


def _plain(key: str) -> str:
    """A key as a message shows it: in one line, and never a megabyte of it."""
    text = key if key.isprintable() else repr(key)
    return text if len(text) <= 60 else f"{text[:57]}..."


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
