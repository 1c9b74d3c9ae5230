"""Names of files in texts: as shown to people, and as one word of a shell."""

from __future__ import annotations

import os
import subprocess
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.text.filename import quoted, shown
from tests.examples import examples

NAMES = st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name)


@pytest.mark.parametrize(
    ("name", "printable", "word"),
    [
        (b"/in/a.txt", "/in/a.txt", "/in/a.txt"),
        (b"/in/a b.txt", "/in/a b.txt", "'/in/a b.txt'"),
        (b"/in/it's", "/in/it's", "'/in/it'\"'\"'s'"),
        (b"/in/\xc3\xa9", "/in/\u00e9", "'/in/\u00e9'"),
        (b"/in/\xe9.txt", "/in/\\xe9.txt", "'/in/'\"$(printf '\\351')\"'.txt'"),
        (b"/in/a\nb\x1b", "/in/a\\x0ab\\x1b", "'/in/a\nb'\"$(printf '\\033')\""),
        (b"/in/a\xe2\x80\x8bb", "/in/a\u200bb", "'/in/a'\"$(printf '\\342\\200\\213')\"'b'"),
    ],
)
def test_names(name: bytes, printable: str, word: str) -> None:
    """Any bytes have a form to read and a form to use."""
    path = os.fsdecode(name)
    assert (shown(path), quoted(path)) == (printable, word)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=30))
def test_the_shell_reads_every_name_exactly(names: list[bytes]) -> None:
    """`printf %s` of the word gives the very bytes of the name, whatever they are."""
    words = "\n".join(f"printf '%s\\0' {quoted(os.fsdecode(name))}" for name in names)
    script = os.fsencode(words)
    done = subprocess.run(["/bin/sh"], input=script, capture_output=True, check=True)
    assert done.stdout.split(b"\0")[:-1] == names
    assert not any(
        unicodedata.category(letter) in ("Cc", "Cs") for name in names for letter in shown(os.fsdecode(name))
    )
