"""What a person writes of a request on the command line: its context, priority, text and time."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.agents import lines
from clodputer.cli.arguments.ahead import moment_ahead, span_ahead
from clodputer.model import request
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store.spool import dropfile


class Wanted(NamedTuple):
    """What is asked of a task: the fields of its request.

    not_before: epoch seconds, None for at once. alone: nothing follows its run.
    """

    context: Mapping[str, Any] = {}
    priority: Optional[int] = None
    body: str = ""
    not_before: Optional[float] = None
    alone: bool = False


def parse_context(pairs: Sequence[str]) -> dict[str, Any]:
    """The mapping that NAME=VALUE and NAME:=JSON make. Raises ClodputerError (a usage error)."""
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        plain = name.removesuffix(":")
        if not equals or not plain.isidentifier():
            raise usage(
                f"--context takes NAME=VALUE with a plain name, found {pair[:80]!r}",
                "For example: --context name=Ada",
            )
        values[plain] = value if plain == name else _json(pair, value)
    return values


def _json(pair: str, text: str) -> Any:
    try:
        return lines.read(text.encode("utf-8", "surrogateescape"))
    except ValueError:
        raise usage(
            f"--context: what follows := is not JSON: {pair[:80]!r}",
            "Write a text as NAME=VALUE, or quoted: 'NAME:=\"VALUE\"'.",
        ) from None


def parse_priority(text: Optional[str]) -> Optional[int]:
    """The priority that a person wrote; None for none. Raises ClodputerError (a usage error)."""
    if text is None:
        return None
    try:
        return request.parse_priority(int(text) if text.strip().isdecimal() else text)
    except ValueError as error:
        raise usage(f"--priority: {error}") from None


def read_text(option: str, given: Optional[str]) -> str:
    """The text that was given, or for `-` all of stdin; empty when none was given.

    Raises ClodputerError (a usage error): it is empty, no UTF-8, or larger than a request may be.
    """
    if given is None:
        return ""
    text = given
    if given == "-":
        if sys.stdin is None:
            raise usage(f"{option} - reads stdin, which is closed", "Give the text to stdin.")
        data = sys.stdin.buffer.read(dropfile.LARGEST + 1)
        if len(data) > dropfile.LARGEST:
            message = f"{option}: stdin holds more than {dropfile.LARGEST} bytes, which no request may"
            raise usage(message, "Put the bulk into a file, and name that file in the text.")
        text = data.decode("utf-8", "surrogateescape")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise usage(
            f"{option}: the text is not UTF-8", "Convert it first, for instance with iconv."
        ) from None
    if not text.strip() or "\0" in text:
        raise usage(f"{option}: the text {'holds a NUL character' if text.strip() else 'is empty'}")
    return text


def parse_when(
    at: Optional[str], after: Optional[str], now: float, environ: Mapping[str, str]
) -> Optional[float]:
    """The moment of `--at` or of `--in`, in epoch seconds; None for neither. Raises ClodputerError (a usage error)."""
    if at is None and after is None:
        return None
    if at is not None and after is not None:
        raise usage("--at and --in exclude each other")
    if after is not None:
        return now + span_ahead("--in", after)
    return moment_ahead("--at", str(at), now, environ)


def usage(message: str, hint: str = "Try: clodputer run --help") -> ClodputerError:
    """An error in how the command was called."""
    return ClodputerError("usage", message, hint, ExitCode.USAGE)
