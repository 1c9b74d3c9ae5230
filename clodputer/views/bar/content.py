"""What a menu bar shows, whatever shows it."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple, Optional

# So much of a text from outside fits into a menu, in characters.
LONGEST = 100


class Action(NamedTuple):
    """A call of `clodputer` by a click, with these arguments. in_terminal: where a person reads what it says."""

    label: str
    arguments: tuple[str, ...]
    in_terminal: bool = False


class Row(NamedTuple):
    """A line of the menu. click: what a click on it does; None for nothing. more: what is in its submenu."""

    text: str
    click: Optional[Action] = None
    more: tuple[Action, ...] = ()


class Section(NamedTuple):
    """Some lines under a heading, which may be empty. left_out: how many lines there are beside these."""

    heading: str
    rows: tuple[Row, ...]
    left_out: int = 0


class Bar(NamedTuple):
    """All of it. title: what is always seen. state: one word for all."""

    title: str
    state: str
    sections: tuple[Section, ...]


def plain(text: str) -> str:
    """A text from outside as one line of a bounded length, without anything that any of the programs would obey.

    A `|` divides text from orders, and a leading `-` makes a submenu (xbar, SwiftBar, Argos); tmux obeys `#`.
    """
    kept = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text[: 8 * LONGEST]
    )
    line = " ".join(kept.replace("|", "¦").replace("#", "").split()).lstrip("-")
    return line if len(line) <= LONGEST else line[: LONGEST - 3].rstrip() + "..."
