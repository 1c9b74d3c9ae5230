"""Secrets are unreadable in everything that is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.mask import MASK, SHORTEST, masker


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
