"""Tokens: what was signed is read again, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.gates.approval import APPROVED, DENIED
from clodputer.model.gates.approvaltoken import LONGEST, Token, make, read

NOW = 1_800_000_000.0
KEY = b"k" * 32
TOKEN = Token(APPROVED, "3f9a2c1b", 1_799_999_999_123, int(NOW) + 60)


@pytest.mark.parametrize("wish", [APPROVED, DENIED])
@pytest.mark.parametrize("request_id", ["3f9a2c1b", "a-b-1", "x" * 48])
def test_a_token_says_what_was_signed(wish: str, request_id: str) -> None:
    """And can stand in an address as it is."""
    token = TOKEN._replace(wish=wish, request_id=request_id)
    text = make(KEY, token)
    assert read(KEY, f" {text}\n", NOW) == token
    assert text.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert len(text) < LONGEST


@pytest.mark.parametrize("at", [NOW + 60, NOW + 9e9])
def test_a_token_ends(at: float) -> None:
    """With the request's own time."""
    with pytest.raises(ValueError, match="too old"):
        read(KEY, make(KEY, TOKEN), at)


def test_another_home_s_token() -> None:
    """It is signed with another key."""
    with pytest.raises(ValueError, match="does not belong to this home"):
        read(b"x" * 32, make(KEY, TOKEN), NOW)


@given(st.integers(0, 200), st.characters())
def test_a_changed_token(place: int, letter: str) -> None:
    """Not one character of it can be another."""
    text = make(KEY, TOKEN)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]
    if changed.strip() != text:
        with pytest.raises(ValueError, match="does not belong to this home"):
            read(KEY, changed, NOW)


@given(st.text())
def test_anything_else(text: str) -> None:
    """It is refused in a sentence."""
    with pytest.raises(ValueError, match="does not belong to this home"):
        read(KEY, text, NOW)
