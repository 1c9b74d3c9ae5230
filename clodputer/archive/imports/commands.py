"""Shell text taken apart into simple commands, as POSIX shells read it; nothing is run or looked up."""

from __future__ import annotations

import re
from typing import NamedTuple

from clodputer.archive.imports.words import ENDS_WORD, OTHER, TEXT, Cursor, Part, Unreadable, Word

LONGEST = 200_000
_REDIRECT = re.compile(r"(\d*|&)(<<-|<<<|<<|<>|<&|>>|>\||>&|<|>)")
_OPERATORS = ("&&", "||", ";;", "|&", ";", "|", "&", "\n", "(", ")")


class Redirect(NamedTuple):
    """A redirection: `<`, `>`, `<<` and so on. target: a file, or for `<<` and `<<<` what is read."""

    descriptor: str
    operator: str
    target: Word


class Command(NamedTuple):
    """A simple command. before, after: the operators around it. text: as it was written."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    before: str
    after: str
    text: str


def commands(text: str) -> list[Command]:
    """The simple commands of a text in their order, those in groups and branches among them. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST:,} characters")
    if "\0" in text:
        raise Unreadable("it contains a NUL byte")
    return _Reader(text).commands()


class _Reader:
    """One reading of a text, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._cursor = Cursor(text)
        self._documents: list[tuple[str, bool, bool]] = []

    def commands(self) -> list[Command]:
        """All of them. Raises Unreadable."""
        found: list[Command] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        before, begin, open_groups = "", 0, 0
        while True:
            self._skip_space()
            if self._cursor.at >= len(self._cursor.text):
                break
            if self._cursor.text[self._cursor.at] == "#":
                end = self._cursor.text.find("\n", self._cursor.at)
                self._cursor.at = len(self._cursor.text) if end < 0 else end
                continue
            match = _REDIRECT.match(self._cursor.text, self._cursor.at)
            if match is not None and not (match[1] and match.start() > 0 and self._glued(match.start())):
                self._redirect(match, redirects)
                continue
            operator = next(
                (sign for sign in _OPERATORS if self._cursor.text.startswith(sign, self._cursor.at)), ""
            )
            if not operator:
                words.append(self._cursor.word())
                continue
            text = self._cursor.text[begin : self._cursor.at].strip()
            self._cursor.at += len(operator)
            open_groups += {"(": 1, ")": -1}.get(operator, 0)
            if open_groups < 0:
                # `pattern)` of a case: a word and no command.
                open_groups, words = 0, []
            if words or redirects:
                found.append(Command(tuple(words), tuple(redirects), before, operator, text))
                words, redirects, before = [], [], operator
            elif operator not in ("\n", "(", ")") or not before:
                before = operator
            if operator == "\n":
                self._read_documents(found)
            begin = self._cursor.at
        if open_groups > 0:
            raise Unreadable("a parenthesis is not closed")
        if words or redirects:
            found.append(
                Command(tuple(words), tuple(redirects), before, "", self._cursor.text[begin:].strip())
            )
        self._read_documents(found)
        return found

    def _glued(self, at: int) -> bool:
        """Whether the digits before a redirection belong to a word (`a2>x` has none)."""
        return self._cursor.text[at - 1] not in ENDS_WORD

    def _skip_space(self) -> None:
        while self._cursor.at < len(self._cursor.text):
            if self._cursor.text[self._cursor.at] in " \t\r":
                self._cursor.at += 1
            elif self._cursor.text.startswith("\\\n", self._cursor.at):
                self._cursor.at += 2
            else:
                return

    def _redirect(self, match: re.Match[str], redirects: list[Redirect]) -> None:
        descriptor, operator = match.groups()
        self._cursor.at = match.end()
        if self._cursor.text.startswith("(", self._cursor.at) and operator in ("<", ">"):
            self._cursor.at += 1
            inner = self._cursor.parenthesised()
            redirects.append(
                Redirect(descriptor, operator, Word((Part(OTHER, inner, f"{operator}({inner})"),)))
            )
            return
        self._skip_space()
        if self._cursor.at >= len(self._cursor.text) or self._cursor.text[self._cursor.at] in "\n;|&()":
            raise Unreadable(f"nothing follows {operator}")
        word = self._cursor.word()
        if operator in ("<<", "<<-"):
            redirects.append(Redirect(descriptor, "<<", Word(())))
            self._documents.append((word.written, operator == "<<-", word.quoted))
        else:
            redirects.append(Redirect(descriptor, operator, word))

    def _read_documents(self, found: list[Command]) -> None:
        """What is in the lines after a command with `<<`."""
        for mark, strip, quoted in self._documents:
            lines = []
            while self._cursor.at < len(self._cursor.text):
                end = self._cursor.text.find("\n", self._cursor.at)
                line = (
                    self._cursor.text[self._cursor.at :]
                    if end < 0
                    else self._cursor.text[self._cursor.at : end]
                )
                self._cursor.at = len(self._cursor.text) if end < 0 else end + 1
                line = line.lstrip("\t") if strip else line
                if line == mark:
                    break
                lines.append(line)
            body = "".join(f"{line}\n" for line in lines)
            parts = (Part(TEXT, body, body),) if quoted else Cursor(body).filled_in()
            _fill(found, Word(parts or (Part(TEXT, "", ""),), True))
        self._documents.clear()


def _fill(found: list[Command], body: Word) -> None:
    """Give a document to the first command that waits for one."""
    for number, command in enumerate(found):
        for place, redirect in enumerate(command.redirects):
            if redirect.operator == "<<" and not redirect.target.parts:
                kept = list(command.redirects)
                kept[place] = redirect._replace(target=body)
                found[number] = command._replace(redirects=tuple(kept))
                return
