"""Tokens: texts that carry one decision about one request until a moment, signed so that nobody else can make one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import NamedTuple

from clodputer.model.gates.approval import APPROVED, DENIED
from clodputer.model.request import is_id

# In characters; an id has 48 at most.
LONGEST = 200
_LETTERS = {APPROVED: "a", DENIED: "d"}
_WISHES = {letter: wish for wish, letter in _LETTERS.items()}


class Token(NamedTuple):
    """What a token says. created: when the request was made, in epoch milliseconds, as an id may come back; until: seconds."""

    wish: str
    request_id: str
    created: int
    until: int


def make(key: bytes, token: Token) -> str:
    """The text of a token; of letters, digits, `-`, `_` and `.` alone, so that it can end an address.

    It needs no mark that it was used: a decision is taken once.
    """
    said = f"{_LETTERS[token.wish]}.{token.request_id}.{token.created}.{token.until}"
    return f"{said}.{_signature(key, said)}"


def read(key: bytes, text: str, now: float) -> Token:
    """What a token says at `now` (epoch seconds). Raises ValueError for one that is not ours, is changed, or is too old."""
    # hmac loads OpenSSL, three megabytes of it: most runs have no token.
    from hmac import compare_digest

    said, _, signature = text.strip().rpartition(".")
    signed = compare_digest(_signature(key, said).encode(), signature.encode("utf-8", "replace"))
    parts = said.split(".")
    if not signed or len(text) > LONGEST or len(parts) != 4:
        raise ValueError("this token does not belong to this home, or it was changed on its way")
    letter, request_id, created, until = parts
    if letter not in _WISHES or not is_id(request_id) or not (created.isdecimal() and until.isdecimal()):
        raise ValueError("this token does not belong to this home, or it was changed on its way")
    if int(until) <= now:
        raise ValueError("this token is too old")
    return Token(_WISHES[letter], request_id, int(created), int(until))


def _signature(key: bytes, said: str) -> str:
    from hmac import new

    digest = new(key, f"clodputer approval 1\n{said}".encode("utf-8", "replace"), "sha256").digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
