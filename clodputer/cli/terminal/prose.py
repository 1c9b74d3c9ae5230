"""Sentences set into the width of a terminal, line by line between words; in a pipe each line stays whole, for grep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from shutil import get_terminal_size

from clodputer.cli.terminal.ink import without
from clodputer.cli.terminal.printable import printable

# A column of words beside a margin keeps at least this width, however narrow the terminal is.
NARROWEST, UNBOUNDED = 16, 100_000


def prose(text: str, margin: int = 0) -> str:
    """A text from anywhere, made harmless, in the width that the terminal leaves beside a margin."""
    return wrapped(printable(text), margin)


def wrapped(text: str, margin: int = 0) -> str:
    """The same for a text that is harmless and may hold ink, which takes no room. What is indented stays so."""
    return "\n".join(line for part in text.split("\n") for line in lines(part, width(margin)))


def hung(text: str, hang: int = 2) -> str:
    """A harmless text whose lines may be too long: what is over goes on below, set in by `hang` more than its line is."""
    return "\n".join(line for part in text.split("\n") for line in lines(part, width(), hang))


def typed(pieces: Sequence[str], margin: int = 0) -> str:
    """A command line that can be copied as it is. pieces: its words, those together that stay in one line if they can."""
    room, found = width(margin) - len(" \\"), [""]
    for piece in pieces:
        joined = f"{found[-1]} {piece}".strip()
        if found[-1] and len(joined) > room:
            found.append(piece)
        else:
            found[-1] = joined
    return " \\\n".join(found)


def width(margin: int = 0) -> int:
    """How wide a text beside a margin may be."""
    return max(get_terminal_size(fallback=(UNBOUNDED, 24)).columns - margin, NARROWEST)


def lines(text: str, room: int, hang: int = 0) -> list[str]:
    """One line as several of at most `room` cells each, all but the first set in by `hang`; a longer word stands alone."""
    if len(text) <= room and text.isascii():
        return [text]
    # Imported late: most texts are short.
    from rich.cells import cell_len

    indent = " " * (len(text) - len(text.lstrip(" ")))
    set_in = indent + " " * hang
    found: list[str] = []
    line, used, full = indent, len(indent), False
    for gap, word in re.findall(r"( *)([^ ]+)", text[len(indent) :]):
        length = cell_len(without(word))
        if full and used + len(gap) + length > room:
            found.append(line)
            line, used, full = set_in, len(set_in), False
        # The gaps between columns stay, as long as their line does.
        gap = gap if full else ""
        line, used, full = f"{line}{gap}{word}", used + len(gap) + length, True
    return [*found, line]
