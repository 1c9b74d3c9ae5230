"""Unit files of systemd, read: sections, keys and values, and the words of a command."""

from __future__ import annotations

import re
from typing import NamedTuple

_WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"\']+))')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class Line(NamedTuple):
    """One assignment of a unit file."""

    section: str
    key: str
    value: str


Lines = list[Line]


class Malformed(ValueError):
    """No unit file; the message says where and why."""


def parse(text: str) -> Lines:
    """The lines of a unit file as sections, keys and values. Raises Malformed."""
    lines: Lines = []
    section, continued = "", ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped[:1] in ("#", ";") or (not stripped and not continued):
            continue
        stripped = f"{continued}{stripped}"
        continued = stripped[:-1] + " " if stripped.endswith("\\") else ""
        if continued:
            continue
        if stripped.startswith("["):
            if not stripped.endswith("]"):
                raise Malformed(f"line {number}: a section such as [Service] is not closed")
            section = stripped[1:-1]
        elif "=" not in stripped:
            raise Malformed(f"line {number}: {stripped[:60]!r} is no KEY=VALUE")
        elif not section:
            raise Malformed(f"line {number}: {stripped[:60]!r} stands before the first section")
        else:
            key, _, value = stripped.partition("=")
            lines.append(Line(section, key.rstrip(), value.lstrip()))
    if continued:
        raise Malformed("the last line ends with a backslash")
    return lines


def command(value: str) -> list[str]:
    """The words of a command; systemd puts variables into its arguments, but not into the program. Raises Malformed."""
    program, *arguments = words(value) or [""]
    return [program, *(argument.replace("$$", "$") for argument in arguments)]


def words(value: str) -> list[str]:
    """The words of a value, as systemd makes them of it, with its specifiers put back. Raises Malformed."""
    found: list[str] = []
    end = 0
    while value[end:].strip():
        match = _WORD.match(value, end)
        if match is None or (value[match.end() : match.end() + 1].strip()):
            raise Malformed(f"{value[end:][:60]!r}: quotes do not balance")
        word = match[2] if match[1] is None else re.sub(r"\\(.)", _unescaped, match[1], flags=re.DOTALL)
        if re.search(r"%(?!%)", word.replace("%%", "")):
            raise Malformed(f"{word!r}: a percent sign must be doubled")
        found.append(word.replace("%%", "%"))
        end = match.end()
    return found


def _unescaped(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPES:
        raise Malformed(f"\\{match[1]}: no escape that is used here")
    return _ESCAPES[match[1]]
