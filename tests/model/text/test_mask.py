"""Secrets are unreadable in everything that is kept."""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse
from collections.abc import Callable
from xml.sax import saxutils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.text.mask import MASK, SHORTEST, masker


def test_text_and_data() -> None:
    """In texts, in lists, in values and in keys; other values stay what they are."""
    mask = masker(["hunter2"])
    assert mask.text("a hunter2 b hunter2") == f"a {MASK} b {MASK}"
    assert mask.data({"hunter2": ["hunter2", 2, None, True, 1.5, ("xhunter2",)]}) == {
        MASK: [MASK, 2, None, True, 1.5, [f"x{MASK}"]]
    }


def test_found_in() -> None:
    """Whether something may be shown at all."""
    mask = masker(["hunter2"])
    assert mask.found_in(["a", "xhunter2x"])
    assert not mask.found_in(["hunter", "2"])
    assert not masker([]).found_in(["hunter2"])


def test_the_longest_first() -> None:
    """No tail of a secret is left beside a shorter one."""
    assert masker(["abcd", "abcdefgh"]).text("abcdefgh abcd") == f"{MASK} {MASK}"


@pytest.mark.parametrize("secret", ["", "a", "abc", "    ", "\n\n\n\n\n", "true", "False", "null", "None"])
def test_what_protects_nothing(secret: str) -> None:
    """These would blot out every record."""
    text = "true false null none    abc \n\n\n\n\n"
    assert masker([secret]).text(text) == text


def test_nothing_to_hide() -> None:
    """Without secrets the very same value comes back."""
    value = {"a": ("b",)}
    assert masker([]).data(value) is value


def test_a_secret_of_several_lines() -> None:
    """A private key is hidden as a whole and line by line, in JSON too."""
    key = '-----BEGIN-----\nabcdefghijkl"ü\nshort\n-----END-----\n'
    mask = masker([key])
    assert mask.text(key) == MASK
    assert "abcdefgh" not in mask.text(json.dumps({"line": 'abcdefghijkl"ü'}))
    assert "BEGIN" not in mask.text("> -----BEGIN-----")


SECRETS = st.lists(
    st.text(st.characters(exclude_characters="*"), min_size=SHORTEST, max_size=12).filter(
        lambda text: len(text.strip()) >= SHORTEST and text.lower() not in ("true", "false", "null", "none")
    ),
    max_size=4,
)


@settings(deadline=None)
@given(SECRETS, st.data())
def test_no_secret_is_left(secrets: list[str], data: st.DataObject) -> None:
    """Neither plain nor as JSON writes it, whatever stands around it."""
    context = st.text(max_size=5)
    text = "".join(data.draw(context) + data.draw(st.sampled_from([*secrets, ""])) for _ in range(4))
    mask = masker(secrets)
    assert not any(secret in mask.text(text) for secret in secrets)
    for ascii_only in (True, False):
        written = mask.text(json.dumps({"key": text}, ensure_ascii=ascii_only))
        assert not any(json.dumps(secret, ensure_ascii=ascii_only)[1:-1] in written for secret in secrets)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_holds_no_secret_is_unchanged(value: object) -> None:
    """Masking changes nothing but secrets."""
    assert masker(["\0never\0there\0"]).data(value) == value


def in_json(text: str, times: int = 1, ascii_only: bool = True) -> str:
    """The text inside JSON inside JSON."""
    for _ in range(times):
        text = json.dumps({"key": text}, ensure_ascii=ascii_only)
    return text


ENCODERS: dict[str, Callable[[str], str]] = {
    "in an address": lambda text: urllib.parse.quote(text, safe=""),
    "in an address, slashes left": urllib.parse.quote,
    "in a form": urllib.parse.quote_plus,
    "as encodeURIComponent": lambda text: urllib.parse.quote(text, safe="!'()*~-_."),
    "in an address inside an address": lambda text: urllib.parse.quote(
        urllib.parse.quote(text, safe=""), safe=""
    ),
    "in lower-case percents": lambda text: "".join(
        letter
        if letter.isascii() and letter.isalnum()
        else "".join(f"%{byte:02x}" for byte in letter.encode())
        for letter in text
    ),
    "for a shell": shlex.quote,
    "for a shell, as bash does": lambda text: "'" + text.replace("'", "'\\''") + "'",
    "in HTML": html.escape,
    "in HTML, quotes left": lambda text: html.escape(text, quote=False),
    "in XML": lambda text: saxutils.quoteattr(text) if "\n" not in text else html.escape(text),
    "in Python": repr,
    "as JSON": in_json,
    "as JSON with letters": lambda text: in_json(text, ascii_only=False),
    "as JSON in JSON": lambda text: in_json(text, 2),
    "as JSON with letters in JSON": lambda text: in_json(in_json(text, ascii_only=False)),
    "as JSON in JSON in JSON": lambda text: in_json(text, 3, ascii_only=False),
    "for a shell in JSON": lambda text: in_json(shlex.quote(text), 2),
    "as PHP writes JSON": lambda text: json.dumps(text).replace("/", "\\/"),
    "as Go writes JSON": lambda text: (
        json.dumps(text, ensure_ascii=False)
        .replace("&", "\\u0026")
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
    ),
    "as hex digits": lambda text: text.encode().hex(),
    "as capital hex digits": lambda text: text.encode().hex().upper(),
}
HARD = [
    "hunter22",
    "p&ss w\"o'rd/<e>$x!",
    "sk-ant-oat01-AbCdEf_123-456",
    "postgres://me:p%40ss@host/db?a=1&b=2",
    "schl\u00fcssel+\u4e2d\u6587=?",
    "back\\slash\\'\"`$(x)",
    "two\nlines of it\twith a tab",
]


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("secret", HARD)
def test_every_usual_spelling_is_hidden(encoder: str, secret: str) -> None:
    """What is left of a text, once masked, is the same as if the secret had been the mask."""
    write = ENCODERS[encoder]
    mask = masker([secret])
    spelt = write(secret)
    masked = mask.text(f"before {spelt} after")
    assert MASK in masked
    assert spelt not in masked
    # All that may be left are quotes and the frame of JSON around it.
    frame = masked.replace("before ", "").replace(" after", "").replace(MASK, "").replace("key", "")
    assert not [letter for letter in frame if letter.isalnum()], frame
    assert mask.found_in([spelt])


BASE64_TEXTS = st.text(max_size=9)


@settings(deadline=None)
@given(st.sampled_from([*HARD, "hunter2", "abcde"]), BASE64_TEXTS, BASE64_TEXTS, st.booleans())
def test_base64_is_hidden_wherever_the_secret_stands_in_it(
    secret: str, before: str, after: str, url: bool
) -> None:
    """As in `Basic bWU6aHVudGVyMg==`: what is left tells nothing of the secret, not even a bit of it."""
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    data = (before + secret + after).encode()
    masked = masker([secret]).text(f"Basic {encode(data).decode()} end")
    assert masked.startswith("Basic ")
    assert masked.endswith(" end")
    head, found, tail = masked[6:-4].partition(MASK)
    assert found
    # Only whole digits of the neighbours are left.
    assert len(head) <= len(before.encode()) * 8 // 6
    assert len(tail.rstrip("=")) <= (len(after.encode()) * 8 + 5) // 6


@pytest.mark.parametrize("write", [lambda digits: digits.replace("+", "%2B"), urllib.parse.quote_plus])
def test_base64_in_an_address_is_hidden(write: Callable[[str], str]) -> None:
    """`+` and `/` of base64 are spelt otherwise in an address."""
    secret = "~~~???>>>~~~"
    assert MASK in masker([secret]).text(write(base64.b64encode(f"ab{secret}c".encode()).decode()))


def test_the_number_of_spellings_is_bounded() -> None:
    """A plain secret costs a handful of searches, a private key some hundred, and short ones leave base64 alone."""
    assert len(masker(["x" * 40]).anchors) < 10
    assert len(masker([HARD[1]]).spellings) < 500
    key = "\n".join(base64.b64encode(bytes([number]) * 48).decode() for number in range(26))
    assert len(masker([key]).anchors) < 500
    picture = base64.b64encode(bytes(range(256)) * 16).decode()
    assert masker(["abcd"]).text(picture) == picture
