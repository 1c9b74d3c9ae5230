"""YAML read safely and with its line numbers: plain values only, no surprises of YAML 1.1, no bombs.

`yes`, `on`, `12:30` and `2026-01-01` are text here, as a person means them; so are all keys. Tags and
merge keys are not taken. Nothing is raised: what is wrong with a file is in its document, with the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

import yaml

from clodputer.store.taskfiles import yamlerrors

Path = tuple[Any, ...]

LARGEST = 1024 * 1024
DEEPEST = 32
# Aliases count as what they stand for, each value as much as 64 letters more than its text: about 30,000 values.
HEAVIEST = 2 * 1024 * 1024
VALUE = 64

_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
# A comment that a person means as one has a space behind its #.
_CUT = re.compile(r"[ \t]+#([^\s#!]\S*)")
# More digits than a float or a 64-bit number keeps.
_LONGEST_NUMBER = 18
_STAR = "put a text that begins with * in quotes"
_QUOTE = "put it in quotes if it is text"


class Wrong(NamedTuple):
    """What is wrong, and in which line of the file."""

    line: int
    message: str


class Document(NamedTuple):
    """A file's value; the line of each key and item by its path; the line in which each `|` text begins."""

    value: Any
    lines: Mapping[Path, int]
    texts: Mapping[Path, int]
    wrong: tuple[Wrong, ...]

    def line(self, path: Path) -> int:
        """The line of the key at `path`, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Broken(Exception):
    """The file cannot be read beyond this point."""


def read(content: bytes) -> Document:
    """The document in a file's bytes, UTF-8 with or without a byte order mark."""
    if len(content) > LARGEST:
        return unreadable(1, f"the file has {len(content):,} bytes; a task file may have {LARGEST:,}")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return unreadable(1, "the file is UTF-16; save it as UTF-8")
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        return unreadable(line, "the file holds a NUL byte: it is not a text file")
    try:
        return parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return unreadable(line, f"the byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8")


def parse(text: str) -> Document:
    """The document in a text."""
    reader = _Reader(text)
    try:
        value = reader.document()
    except _Broken:
        value = None
    # A parser of others', fed with anything: ValueError and its like for escapes that name no character.
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        reader.wrong.append(Wrong(*yamlerrors.explain(error, text)))
        value = None
    return Document(value, reader.lines, reader.texts, tuple(reader.wrong))


def scalar(text: str) -> Any:
    """The value that an unquoted text has in YAML. Raises ValueError for numbers too long to keep."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text) or _FLOAT.fullmatch(text):
        if len(text) > _LONGEST_NUMBER:
            raise ValueError(f"the number {text[:_LONGEST_NUMBER]}... is too long to keep; {_QUOTE}")
        number = int(text) if _INT.fullmatch(text) else float(text)
        if number in (float("inf"), float("-inf")):
            raise ValueError(f"the number {text} is too large to keep; {_QUOTE}")
        return number
    return text


class _Reader:
    """One pass over the parser's events; it counts as it goes, so that nothing large is ever built."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.source = text.split("\n")
        self.lines: dict[Path, int] = {}
        self.texts: dict[Path, int] = {}
        self.wrong: list[Wrong] = []
        # The value of each anchor, its weight, and how many levels are below it.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.weight = 0
        self.reached = 0

    def document(self) -> Any:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        first = next(self.events)
        self.lines[()] = first.start_mark.line + 1
        value = self.value(first, (), 1)
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            self.broken(event, "the file goes on after its end (---): it must hold one YAML document")
        return value

    def value(self, event: Any, path: Path, depth: int) -> Any:
        self.weigh(event, VALUE)
        self.reach(event, depth)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self.broken(event, f"the tag {event.tag[:60]} is not supported; write the plain value")
        weight, reached = self.weight - VALUE, self.reached
        self.reached = depth
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event, path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(path, depth)
        else:
            value = self.mapping(path, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.weight - weight, self.reached - depth)
        self.reached = max(self.reached, reached)
        return value

    def alias(self, event: Any, depth: int) -> Any:
        if event.anchor not in self.anchors:
            self.broken(event, f"*{event.anchor[:60]} refers to no anchor above it; {_STAR}")
        value, weight, height = self.anchors[event.anchor]
        self.weigh(event, weight)
        self.reach(event, depth + height)
        return value

    def scalar(self, event: Any, path: Path) -> Any:
        text = self.text(event)
        if event.style == "|":
            self.texts[path] = int(event.start_mark.line) + 2
        if event.style or event.tag is not None:
            return text
        self.cut(event, text)
        try:
            return scalar(text)
        except ValueError as error:
            self.wrong.append(Wrong(int(event.start_mark.line) + 1, str(error)))
            return text

    def cut(self, event: Any, text: str) -> None:
        """Report a plain text that YAML ends at ` #` although it seems to go on, such as `Fix issue #42 and close it`."""
        end = event.end_mark
        line = self.source[end.line] if end.line < len(self.source) else ""
        rest = _CUT.match(line, end.column)
        if rest and text and (" " in text or rest[1][:1].isdigit()):
            message = (
                f"YAML ends the text before #{rest[1][:20]}: a comment begins there; put the text in quotes"
            )
            self.wrong.append(Wrong(int(end.line) + 1, message))

    def sequence(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        for event in self.until(yaml.SequenceEndEvent):
            here = (*path, len(items))
            self.lines[here] = event.start_mark.line + 1
            items.append(self.value(event, here, depth + 1))
        return items

    def mapping(self, path: Path, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for event in self.until(yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                self.broken(event, "a key must be plain text (put a value that begins with {{ in quotes)")
            key = self.text(event)
            if key == "<<" and not event.style:
                self.broken(event, "merge keys (<<) are not supported; write the keys out")
            here = (*path, key)
            if key in items:
                first = self.lines[here]
                self.wrong.append(
                    Wrong(line, f"the key {key[:60]!r} is given a second time, after line {first}")
                )
            self.lines[here] = line
            items[key] = self.value(next(self.events), here, depth + 1)
        return items

    def until(self, end: Any) -> Iterator[Any]:
        for event in self.events:
            if isinstance(event, end):
                return
            yield event

    def text(self, event: Any) -> str:
        text = str(event.value)
        self.weigh(event, len(text))
        if "\0" in text:
            self.broken(event, "a text holds a NUL character, which no argument and no file name can")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self.broken(event, "a text holds half a character (\\ud800 to \\udfff), which UTF-8 cannot write")
        return text

    def weigh(self, event: Any, weight: int) -> None:
        self.weight += weight
        if self.weight > HEAVIEST:
            self.broken(event, "the file holds too many values once its aliases (*name) are filled in")

    def reach(self, event: Any, depth: int) -> None:
        self.reached = max(self.reached, depth)
        if depth > DEEPEST:
            self.broken(event, f"nested more than {DEEPEST} levels deep")

    def broken(self, event: Any, message: str) -> NoReturn:
        self.wrong.append(Wrong(event.start_mark.line + 1, message))
        raise _Broken


def unreadable(line: int, message: str) -> Document:
    return Document(None, {}, {}, (Wrong(line, message),))
