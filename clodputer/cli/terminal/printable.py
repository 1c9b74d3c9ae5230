"""Text from outside made harmless: what a terminal would obey is shown instead of sent."""

from __future__ import annotations

import unicodedata

# Tabs and line breaks are layout, not orders. Everything else in these categories is an order to the terminal (C0 and
# C1, thus ANSI and OSC sequences), changes the order or presence of what is read (bidi controls, zero-width
# characters), or cannot be written at all (halves of surrogate pairs).
_ORDERS = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_LAYOUT = "\n\t"


def printable(text: str) -> str:
    """The text with control characters written as escapes such as `\\x1b`; line breaks and tabs stay."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        letter if letter in _LAYOUT or not _is_order(letter) else _escaped(letter) for letter in text
    )


def one_line(text: str, width: int) -> str:
    """The text in one printable line of at most `width` characters, cut off with `...`."""
    # Cut first: a line of 4 MB is not looked at whole for the sake of its first words.
    line = " ".join(printable(text[: 8 * width]).split())
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def _is_order(letter: str) -> bool:
    return unicodedata.category(letter) in _ORDERS


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
