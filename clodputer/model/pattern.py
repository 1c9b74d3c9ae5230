"""Which paths below a watched folder a pattern means: `*`, `?`, `[...]` inside a name, `**` for any folders."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import NamedTuple, Optional

ANY_FOLDERS = "**"


class Pattern(NamedTuple):
    """A pattern, one part for each name of a path; None stands for `**`. `hidden`: the part itself begins with a dot."""

    parts: tuple[Optional[re.Pattern[str]], ...]
    hidden: tuple[bool, ...]


# How far into the pattern the names of a path have led: every part that may come next. A walk of a tree carries it along,
# and need not enter a folder for which it is empty.
Reached = frozenset[int]


def fault(text: str) -> str:
    """What is wrong with a pattern, in words for the person who wrote it; empty when nothing is."""
    names = text.split("/")
    if text.startswith("/"):
        return "a pattern is relative to path; take the leading / away"
    if any(name in ("", ".", "..") for name in names):
        return "a pattern is names with / between them, without empty ones, '.' and '..'"
    try:
        read(text)
    except re.error as error:
        # Only older versions of Python mind: [z-a] is a range of nothing.
        return f"this is no pattern: {error}"
    return ""


def read(text: str) -> Pattern:
    """The pattern that a text without a `fault` describes; `docs/**` means the same as `docs/**/*`."""
    names = text.split("/")
    if names[-1] == ANY_FOLDERS:
        names.append("*")
    return Pattern(
        tuple(None if name == ANY_FOLDERS else re.compile(translate(name)) for name in names),
        tuple(name.startswith(".") for name in names),
    )


def begin(pattern: Pattern) -> Reached:
    """Where a path begins: in the watched folder itself."""
    return _with_skipped(pattern, frozenset((0,)))


def advance(pattern: Pattern, reached: Reached, name: str) -> Reached:
    """Where one name more leads.

    A name that begins with a dot is meant only by a part that begins with one, as in a shell.
    """
    further = set()
    for index in reached:
        if index == len(pattern.parts):
            continue
        part = pattern.parts[index]
        if name.startswith(".") and not pattern.hidden[index]:
            continue
        if part is None:
            further.add(index)
        elif part.match(name):
            further.add(index + 1)
    return _with_skipped(pattern, frozenset(further))


def whole(pattern: Pattern, reached: Reached) -> bool:
    """Whether a file may be just there."""
    return len(pattern.parts) in reached


def below(pattern: Pattern, reached: Reached) -> bool:
    """Whether anything in a folder that is there can be meant."""
    return any(index < len(pattern.parts) for index in reached)


def _with_skipped(pattern: Pattern, reached: Reached) -> Reached:
    # `**` may stand for no folder at all.
    found = set(reached)
    for index in sorted(reached):
        while index < len(pattern.parts) and pattern.parts[index] is None:
            index += 1
            found.add(index)
    return frozenset(found)
