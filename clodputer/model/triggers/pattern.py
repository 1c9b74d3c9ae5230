"""Which paths below a watched folder a pattern means: `*`, `?`, `[...]` inside a name, `{md,txt}`, `**` for any folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from typing import NamedTuple, Optional

ANY_FOLDERS = "**"
# Braces multiply: six pairs of ten are a million.
MOST_ALTERNATIVES = 100
LONGEST = 1000


class Alternative(NamedTuple):
    """A pattern without braces, one part for each name of a path; None stands for `**`.

    hidden: the part itself begins with a dot.
    """

    parts: tuple[Optional[re.Pattern[str]], ...]
    hidden: tuple[bool, ...]


# A path is meant by a pattern when one of its alternatives means it.
Pattern = tuple[Alternative, ...]

# How far into each alternative (by its index) the names of a path have led: every part that may come next. A walk of a tree
# carries it along, and need not enter a folder for which it is empty.
Reached = frozenset[tuple[int, int]]


_LIST = "write several patterns as a list, such as [*.md, *.txt], or in braces, such as *.{md,txt}"
_NO_EXCLUSION = "a pattern cannot exclude files; write those that count, such as *.{md,txt}"
_EXTENDED = (
    "( ) after @, +, * or ? is an extended pattern of bash; write alternatives in braces, such as *.{md,txt}"
)
_ESCAPE = "\\ has no meaning here; to match a special character, put it in brackets, such as [*]"
_EXPRESSION = "it looks like a regular expression; write a pattern such as *.md"
_RANGE = "braces hold alternatives such as {a,b}; for a range of letters write [a-z]"

# What people know from elsewhere, and what would never match, or match something else, here.
_OF_OTHERS = (
    (re.compile(r"^\s|\s$"), "there are spaces around it; remove them"),
    (re.compile(r"^!"), _NO_EXCLUSION),
    (re.compile(r"[@+?*!]\("), _EXTENDED),
    (re.compile(r"\\"), _ESCAPE),
    (re.compile(r"^\^|\$$"), _EXPRESSION),
    (re.compile(r"^~(/|$)"), "a pattern is relative to path; write the folder there"),
    (re.compile(r"^/"), "a pattern is relative to path; remove the leading /"),
    (re.compile(r"/$"), "it names a folder; for all files below it, add **"),
    (re.compile(r"\{[^{},]*\.\.[^{},]*\}"), _RANGE),
)
# `*.md`: of several such side by side nobody means one name.
_ALL_OF_A_KIND = re.compile(r"[^\s/]*[*?][^\s/]*\.\w+")


def fault(text: str) -> str:
    """What is wrong with a pattern and what to write instead, for the person who wrote it; empty when nothing is."""
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    for wrong, advice in _OF_OTHERS:
        if wrong.search(text):
            return advice
    try:
        alternatives = expanded(text)
        if _is_list(text):
            return _LIST
    except ValueError as error:
        return str(error)
    return next((advice for advice in map(_fault_of, alternatives) if advice), "")


def _is_list(text: str) -> bool:
    """Whether several patterns are in one text, as others have it: `*.md|*.txt`, `*.md, *.txt`, `*.md *.txt`."""
    if any(letter == "|" for _, letter in _outside_brackets(text)):
        return True
    parts = [part.strip() for part in _choices(text)]
    if len(parts) > 1 and any(map(_ALL_OF_A_KIND.fullmatch, parts)):
        return True
    words = text.split()
    return len(words) > 1 and all(map(_ALL_OF_A_KIND.fullmatch, words))


def _fault_of(plain: str) -> str:
    names = plain.split("/")
    if any(name in ("", ".", "..") for name in names):
        return "a pattern is names with / between them, without empty ones, '.' and '..'"
    for name in names:
        if ANY_FOLDERS in name and name != ANY_FOLDERS:
            rest = re.sub(r"\*+", "*", name)
            return f"** must be alone between slashes; write **/{rest}, or {rest} for files of one folder"
        opened = re.sub(r"\[!?\][^\]]*\]|\[(?!!?\])!?[^\]]+\]", "", name)
        if "[" in opened:
            return "a [ is not closed by ]; for the letter itself write [[]"
        if re.search(r"\[\^", name):
            return "[^...] is another syntax; write [!...] for any letter but these"
    try:
        _alternative(plain)
    except re.error as error:
        # Only older versions of Python mind: [z-a] is a range of nothing.
        return f"this is not a pattern: {error}"
    return ""


def read(texts: Iterable[str]) -> Pattern:
    """The pattern that texts without a `fault` describe together; `docs/**` means the same as `docs/**/*`."""
    return tuple(_alternative(plain) for text in texts for plain in expanded(text))


def begin(pattern: Pattern) -> Reached:
    """Where a path begins: in the watched folder itself."""
    return _with_skipped(pattern, frozenset((number, 0) for number in range(len(pattern))))


def advance(pattern: Pattern, reached: Reached, name: str) -> Reached:
    """Where one name more leads.

    A name that begins with a dot is meant only by a part that begins with one, as in a shell.
    """
    further = set()
    for number, index in reached:
        parts, hidden = pattern[number]
        if index == len(parts):
            continue
        part = parts[index]
        if name.startswith(".") and not hidden[index]:
            continue
        if part is None:
            further.add((number, index))
        elif part.match(name):
            further.add((number, index + 1))
    return _with_skipped(pattern, frozenset(further))


def whole(pattern: Pattern, reached: Reached) -> bool:
    """Whether a file may be just there."""
    return any(index == len(pattern[number].parts) for number, index in reached)


def below(pattern: Pattern, reached: Reached) -> bool:
    """Whether anything in a folder that is there can be meant."""
    return any(index < len(pattern[number].parts) for number, index in reached)


def is_deep(texts: Iterable[str]) -> bool:
    """Whether files in folders below the watched one can be meant."""
    return any("/" in text or ANY_FOLDERS in text for text in texts)


def _alternative(plain: str) -> Alternative:
    names = plain.split("/")
    if names[-1] == ANY_FOLDERS:
        names.append("*")
    return Alternative(
        tuple(None if name == ANY_FOLDERS else re.compile(translate(name)) for name in names),
        tuple(name.startswith(".") for name in names),
    )


def _with_skipped(pattern: Pattern, reached: Reached) -> Reached:
    # `**` may stand for no folder at all.
    found = set(reached)
    for number, index in reached:
        parts, further = pattern[number].parts, index
        while further < len(parts) and parts[further] is None:
            further += 1
            found.add((number, further))
    return frozenset(found)


def expanded(text: str) -> list[str]:
    """The patterns without braces that one with braces stands for. Raises ValueError, for the person who wrote it."""
    found: list[str] = []
    waiting = [text]
    while waiting:
        plain = waiting.pop()
        braces = _first_braces(plain)
        if braces is None:
            found.append(plain)
        else:
            begin, end = braces
            inside = list(_choices(plain[begin + 1 : end]))
            if len(inside) < 2:
                raise ValueError("braces hold alternatives such as {md,txt}; for the letter itself write [{]")
            if any(choice != choice.strip() for choice in inside):
                raise ValueError(
                    "there are spaces in braces; write the alternatives without, such as {md,txt}"
                )
            waiting += [f"{plain[:begin]}{choice}{plain[end + 1 :]}" for choice in reversed(inside)]
        if len(found) + len(waiting) > MOST_ALTERNATIVES:
            raise ValueError(f"its braces stand for more than {MOST_ALTERNATIVES} patterns")
    return found


def _first_braces(text: str) -> Optional[tuple[int, int]]:
    """Where the first braces open and close; those in brackets are letters. Raises ValueError when they do not match."""
    depth, begin = 0, 0
    for index, letter in _outside_brackets(text):
        if letter == "{":
            begin = begin if depth else index
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth < 0:
                raise ValueError("a } closes nothing; for the letter itself write [}]")
            if depth == 0:
                return begin, index
    if depth:
        raise ValueError("a { is not closed by }; for the letter itself write [{]")
    return None


def _choices(inside: str) -> Iterator[str]:
    depth, begin = 0, 0
    for index, letter in _outside_brackets(inside):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and not depth:
            yield inside[begin:index]
            begin = index + 1
    yield inside[begin:]


def _outside_brackets(text: str) -> Iterator[tuple[int, str]]:
    """The letters that are not in brackets, with their places."""
    end = -1
    for index, letter in enumerate(text):
        if index <= end:
            continue
        if letter == "[":
            # As fnmatch has it: a ] right after the beginning is a letter.
            first = index + (3 if text[index + 1 : index + 2] == "!" else 2)
            end = text.find("]", first)
            if end >= 0:
                continue
            end = -1
        yield index, letter
