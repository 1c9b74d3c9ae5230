"""The lines of an agent's stdout: put together as they come, and read as strict JSON that can be written down again."""

from __future__ import annotations

from typing import Any, NoReturn, Optional

from clodputer.model.run import Description, Said
from clodputer.model.text.jsontext import finite, reader

# We have to stay below 100 MB. Text takes some six times its size while it is read, many small values thirty times. The
# longest line seen of claude is one whole reply: 4 MB when it was made to (2.1.329).
LONGEST = 8 * 1024 * 1024
MOST_VALUES = 500_000


class Lines:
    """The lines of a stream that comes in pieces.

    Of a line that would not be read any more (longer than LONGEST), only so much is kept that this is seen.
    """

    def __init__(self) -> None:
        self._partial = bytearray()

    def completed(self, piece: bytes) -> bytes:
        """The lines that the next piece completes, in one block with their newlines; empty when it completes none.

        One block and not a list: of a program that prints nothing but short lines, a list would cost 50 times its size.
        """
        first, last = piece.find(b"\n"), piece.rfind(b"\n")
        if last < 0:
            self._keep(piece)
            return b""
        self._keep(piece[:first])
        block = bytes(self._partial) + piece[first : last + 1]
        self._partial.clear()
        self._keep(piece[last + 1 :])
        return block

    def last(self) -> bytes:
        """What follows the last newline."""
        return bytes(self._partial)

    def begin_again(self) -> None:
        """Forget what follows the last newline."""
        self._partial.clear()

    def _keep(self, piece: bytes) -> None:
        room = LONGEST + 1 - len(self._partial)
        if room > 0:
            self._partial += piece[:room]


def read(line: bytes) -> Any:
    """The value on a line. Raises ValueError for what is not JSON, too deep, or longer than LONGEST.

    NaN, Infinity and numbers beyond a float are refused, since records would not be JSON with them. Halves of
    surrogate pairs, which claude can emit and no file can hold, become question marks.
    """
    if len(line) > LONGEST or (len(line) > MOST_VALUES and line.count(b",") > MOST_VALUES):
        raise ValueError("line too long")
    text = line.decode("utf-8", "replace")
    try:
        value = _loads(text)
        return _whole(value) if "\\ud" in text or "\\uD" in text else value
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"no JSON: {word}")


def _finite(digits: str) -> float:
    value = float(digits)
    if value - value != 0:  # so are infinities and NaN alone
        raise ValueError(f"too large: {digits[:40]}")
    return value


_loads = reader(_finite, _refuse)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def text(value: Any) -> str:
    """The value if it is text, else an empty string."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def count(value: Any) -> Optional[int]:
    """The value if it is a whole number from 0 on, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def amount(value: Any) -> Optional[float]:
    """The value if it is a finite number from 0 on, else None."""
    number = finite(value)
    return number if number is not None and number >= 0 else None


def shortened(value: str, length: int) -> str:
    """The text on one line, cut to a length."""
    flat = " ".join(value[: 4 * length].split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def printed(line: bytes) -> Description:
    """What a line that is no event means to a reader: its text unchanged."""
    said = line.decode("utf-8", "replace").strip()
    return Description((Said("prints", said),)) if said else Description()
