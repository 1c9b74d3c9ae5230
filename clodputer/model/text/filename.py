"""Names of files as a text can hold them: any bytes but NUL and `/` may be in a name, and not all of them are text."""

from __future__ import annotations

import re

from clodputer.model.text.cleaning import UNSEEN

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+", re.ASCII)
# What a word of a shell writes as numbers: bytes that are no UTF-8, as Python holds them (surrogateescape), and what the fence
# around text from outside would take out of it. The ends of lines are left to the quotes: `$(...)` loses them.
_BYTES = re.compile(f"([\udc80-\udcff\x01-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{UNSEEN}]+)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def shown(path: str) -> str:
    """The path with bytes that are no UTF-8, and control characters, as `\\xe9`; any other path is itself."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def quoted(path: str) -> str:
    """The path as one word of a POSIX shell, exact for every name."""
    if _PLAIN.fullmatch(path):
        return path
    return "".join(_quoted(part) for part in _BYTES.split(path) if part)


def _quoted(part: str) -> str:
    if _BYTES.match(part):
        octal = "".join(f"\\{byte:03o}" for byte in part.encode("utf-8", "surrogateescape"))
        return f"\"$(printf '{octal}')\""
    return "'" + part.replace("'", "'\"'\"'") + "'"
