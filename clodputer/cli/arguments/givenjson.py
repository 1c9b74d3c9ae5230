"""JSON that is given to a command, in a file or on stdin: read within bounds, as one object that names no key twice."""

from __future__ import annotations

import sys
from json import loads
from typing import Any, NoReturn

from clodputer.model.errors import ClodputerError
from clodputer.store.files import plainfile
from clodputer.store.taskfiles.document import LARGEST

STDIN = "-"


def read(source: str) -> bytes:
    """What a file, or stdin, holds; of very much, one byte more than is taken. Raises ClodputerError."""
    if source == STDIN:
        if sys.stdin is None:
            raise ClodputerError("json_invalid", "stdin is closed", "Give the JSON to stdin, or name a file.")
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        return plainfile.read(source, LARGEST).content
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ClodputerError("json_invalid", f"{source} cannot be read: {why}") from None


def mapping(content: bytes) -> dict[str, Any]:
    """The object that it is. Raises ValueError, which says why it is none."""
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    try:
        keys = loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(keys, dict):
        raise ValueError('a task is an object such as {"prompt": "Say hello."}')
    return keys


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"the key {twice[:60]!r} is given a second time")
    return keys


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")
