"""The words of a shell text as POSIX shells read them: what is quoted, and what a shell would fill in."""

# shlex is not enough: it forgets which letters were in quotes, so that '$X' and "$X" become the same word.
from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

# Parts of a word. What a shell would fill in stays as it was written: `variable` has a name, `command` the text between the
# parentheses, and `other` (arithmetic, ${X%y}, globs of processes) what nobody here can tell the value of.
TEXT, VARIABLE, COMMAND, OTHER = "text", "variable", "command", "other"

DEEPEST = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEFAULT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::?-([A-Za-z0-9_./:@+,-]*))?")
_DOCUMENT = re.compile(r"<<-?(?!<)\s*(['\"]?)(\w+)\1")
ENDS_WORD = " \t\n;|&()<>"
# As many letters as mean nothing but themselves, outside and inside double quotes.
_BARE = re.compile(r"[^\s;|&()<>'\"\\$`]+")
_IN_QUOTES = re.compile(r"[^\"\\$`]+")


class Unreadable(ValueError):
    """Text that is no shell text; the message says why."""


class Part(NamedTuple):
    """A part of a word. written: as it is in the text. fallback: of a variable, what `${X:-y}` gives without it."""

    kind: str
    text: str
    written: str
    fallback: str = ""


class Word(NamedTuple):
    """A word. quoted: some of it was in quotes, so that it is no keyword."""

    parts: tuple[Part, ...]
    quoted: bool = False

    @property
    def written(self) -> str:
        """Its text with what a shell would fill in left as it is."""
        return "".join(part.text if part.kind == TEXT else part.written for part in self.parts)

    @property
    def plain(self) -> str:
        """Its value; an empty text when a shell would fill something in."""
        return self.written if all(part.kind == TEXT for part in self.parts) else ""


class Cursor:
    """A place in a text, from which words are read. at: where the next one is looked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def filled_in(self) -> tuple[Part, ...]:
        """The whole text as what is between double quotes, where quotes themselves mean nothing. Raises Unreadable."""
        parts: list[Part] = []
        while self.at < len(self.text):
            self._in_quotes(parts)
        return _joined(parts)

    def word(self) -> Word:
        """The word that begins here. Raises Unreadable."""
        parts: list[Part] = []
        quoted = False
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign in ENDS_WORD:
                break
            if sign == "'":
                quoted = True
                self._single(parts)
            elif sign == '"':
                quoted = True
                self._double(parts)
            elif sign == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                if following and following != "\n":
                    quoted = True
                    parts.append(Part(TEXT, following, sign + following))
                self.at += 2
            elif self.text.startswith("$'", self.at):
                quoted = True
                self.at += 1
                self._single(parts, escapes=True)
            elif sign in "$`":
                self._substitution(parts)
            else:
                parts.append(self._run(_BARE))
        return Word(_joined(parts), quoted)

    def _single(self, parts: list[Part], *, escapes: bool = False) -> None:
        begin = self.at + 1
        end = self.text.find("'", begin)
        while escapes and end > 0 and (end - len(self.text[begin:end].rstrip("\\")) - begin) % 2:
            end = self.text.find("'", end + 1)
        if end < 0:
            raise Unreadable("a single quote is not closed")
        text = self.text[begin:end]
        if escapes:
            known = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b"}
            text = re.sub(r"\\(.)", lambda match: known.get(match[1], match[1]), text, flags=re.DOTALL)
        parts.append(Part(TEXT, text, text))
        self.at = end + 1

    def _double(self, parts: list[Part]) -> None:
        self.at += 1
        while self.at < len(self.text):
            if self.text[self.at] == '"':
                self.at += 1
                parts.append(Part(TEXT, "", ""))
                return
            self._in_quotes(parts)
        raise Unreadable("a double quote is not closed")

    def _in_quotes(self, parts: list[Part]) -> None:
        sign = self.text[self.at]
        if sign == "\\":
            following = self.text[self.at + 1 : self.at + 2]
            if following == "\n":
                text = ""
            else:
                text = following if following and following in '$`"\\' else sign + following
            parts.append(Part(TEXT, text, sign + following))
            self.at += 2
        elif sign in "$`":
            self._substitution(parts)
        else:
            parts.append(self._run(_IN_QUOTES))

    def _run(self, pattern: re.Pattern[str]) -> Part:
        match = pattern.match(self.text, self.at)
        text = match[0] if match is not None else self.text[self.at]
        self.at += len(text)
        return Part(TEXT, text, text)

    def _substitution(self, parts: list[Part]) -> None:
        begin = self.at
        text = self.text
        if text[begin] == "`":
            end = text.find("`", begin + 1)
            if end < 0:
                raise Unreadable("a backquote is not closed")
            self.at = end + 1
            parts.append(Part(COMMAND, text[begin + 1 : end], text[begin : self.at]))
            return
        if text.startswith("$((", begin):
            end = text.find("))", begin)
            if end < 0:
                raise Unreadable("$(( is not closed")
            self.at = end + 2
            parts.append(Part(OTHER, text[begin : self.at], text[begin : self.at]))
        elif text.startswith("$(", begin):
            self.at += 2
            inner = self.parenthesised()
            parts.append(Part(COMMAND, inner, text[begin : self.at]))
        elif text.startswith("${", begin):
            end = text.find("}", begin)
            if end < 0:
                raise Unreadable("${ is not closed")
            self.at = end + 1
            match = _DEFAULT.fullmatch(text[begin + 2 : end])
            written = text[begin : self.at]
            parts.append(
                Part(VARIABLE, match[1], written, match[2] or "") if match else Part(OTHER, written, written)
            )
        elif (name := _NAME.match(text, begin + 1)) is not None:
            self.at = name.end()
            parts.append(Part(VARIABLE, name[0], text[begin : self.at]))
        elif text[begin + 1 : begin + 2] in tuple("0123456789@*#?$!-"):
            self.at += 2
            parts.append(Part(OTHER, text[begin : self.at], text[begin : self.at]))
        else:
            self.at += 1
            parts.append(Part(TEXT, "$", "$"))

    def parenthesised(self) -> str:
        """The text up to the parenthesis that closes the one just read. Raises Unreadable."""
        begin, depth = self.at, 1
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == "\\":
                self.at += 2
                continue
            if sign == "'":
                self._single([])
                continue
            if sign == '"':
                self._quoted()
                continue
            if sign == "<" and (document := _DOCUMENT.match(self.text, self.at)) is not None:
                self.at = self._end_of_document(document)
                continue
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth > DEEPEST:
                raise Unreadable("it is nested too deeply")
            self.at += 1
            if depth == 0:
                return self.text[begin : self.at - 1]
        raise Unreadable("$( is not closed")

    def _end_of_document(self, found: re.Match[str]) -> int:
        """Where the text of a `<<` in parentheses ends; in it quotes and parentheses mean nothing."""
        line = self.text.find("\n", found.end())
        end = re.compile(rf"^[ \t]*{re.escape(found[2])}[ \t]*$", re.MULTILINE).search(
            self.text, max(line, 0)
        )
        return found.end() if line < 0 or end is None else end.end()

    def _quoted(self) -> None:
        """Pass over a text in double quotes."""
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            self.at += 2 if self.text[self.at] == "\\" else 1
        if self.at >= len(self.text):
            raise Unreadable("a double quote is not closed")
        self.at += 1


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """The parts with neighbouring texts put together."""
    joined: list[Part] = []
    for kind, group in groupby(parts, lambda part: part.kind):
        same = list(group)
        if kind == TEXT:
            texts, written = "".join(one.text for one in same), "".join(one.written for one in same)
            if texts or len(parts) == len(same):
                joined.append(Part(TEXT, texts, written))
        else:
            joined += same
    return tuple(joined)
