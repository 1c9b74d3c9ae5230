"""Keys written as YAML read back as the same keys, whatever is in them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clodputer.store.taskfiles import document
from clodputer.store.taskfiles.write import written
from tests.examples import examples

# What YAML, in one version or another, takes for something else than a text.
TRICKY = [
    "yes",
    "no",
    "~",
    "null",
    "1e3",
    "0x10",
    "12:30",
    "2026-01-01",
    "- a",
    "a: b",
    "#x",
    "*a",
    "&a",
    "!t",
    "%d",
    "@",
    "`",
    "",
    " ",
    " a",
    "a ",
    "a\n",
    "\na",
    "a\n\n",
    " a\nb",
    "a\n b\n",
    "\tx",
    "a\tb\n",
    "---",
    "...",
    "? a",
    "{",
    "[",
    "'",
    '"',
    "\\",
    "\x1b[2J",
    "\x85",
    "\u2028",
    "\ufeff",
    "é",
    "日本",
    "\U0001f600",
    "a\r\nb",
    "<<",
    "=",
    "|",
    ">",
    "1" * 40,
    "x" * 300 + " " + "y" * 300,
]
TEXT = st.sampled_from(TRICKY) | st.lists(st.sampled_from(TRICKY), max_size=4).map("".join)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.integers(-1000, 1000).map(lambda number: number / 8)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("text", TRICKY)
def test_a_tricky_text(text: str) -> None:
    keys = {"prompt": text, "context": {"list": [text, text]}}
    assert document.read(written(keys).encode()).value == keys


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(200))
@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_any_keys(keys: dict[str, Any]) -> None:
    assert document.read(written(keys).encode()).value == keys
