"""A command line that is still being typed, as a shell reads it; candidates are written so that it reads them back."""

from __future__ import annotations

import re
from typing import NamedTuple

# What bash takes unchanged outside quotes.
_PLAIN = re.compile(r"[\w./:=@%+,~-]", re.ASCII)
# What means something inside double quotes.
_INSIDE = re.compile(r'["$`\\]')


class Word(NamedTuple):
    """A word of the line. quote: the quotation mark that is open at its end, and `before` what the word is up to that mark.

    breaks: the length of what it is up to the last character, unquoted, at which bash begins to complete again.
    """

    value: str
    quote: str = ""
    before: str = ""
    breaks: int = 0


def words(line: str, breaks: str = "") -> list[Word]:
    """The words up to the end of the line, where the last one, perhaps empty, is being typed."""
    found: list[Word] = []
    value, quote, before, last, begun = "", "", "", 0, False
    letters = iter(line)
    for letter in letters:
        if quote == "'" or (quote and letter == quote):
            if letter == quote:
                quote = ""
            else:
                value += letter
        elif letter == "\\":
            following = next(letters, "")
            value += following if not quote or following in '"$`\\' else letter + following
            begun = True
        elif quote:
            value += letter
        elif letter in "'\"":
            quote, before, begun = letter, value, True
        elif letter in " \t\n":
            if begun:
                found.append(Word(value))
            value, last, begun = "", 0, False
        else:
            value, begun = value + letter, True
            if letter in breaks:
                # `@` begins the new part, all others end the old one (rl_special_prefixes of bash).
                last = len(value) - (letter == "@")
    return [*found, Word(value, quote, before if quote else "", last)]


def for_bash(candidate: str, typed: Word) -> str:
    """What bash is to put in the place of that part of the word which it completes."""
    if typed.quote == '"':
        return _INSIDE.sub(r"\\\g<0>", candidate[len(typed.before) :])
    if typed.quote == "'":
        return candidate[len(typed.before) :].replace("'", "'\\''")
    rest = candidate[typed.breaks :]
    # `~` at the beginning would be a home folder.
    return "".join(
        letter
        if (_PLAIN.fullmatch(letter) and not (letter == "~" and index == 0)) or ord(letter) > 127
        else f"\\{letter}"
        for index, letter in enumerate(rest)
    )
