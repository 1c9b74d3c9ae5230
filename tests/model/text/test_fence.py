"""The fence around text from outside: what is cleaned of it, and that nothing in it can end it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.text.cleaning import clean, without_controls
from clodputer.model.text.fence import LONGEST, SENTENCE, is_in
from clodputer.model.text.fencing import fence

NONCE = "0123456789abcdef"

SEEN = {
    "plain": "plain",
    "two\nlines\tand a tab": "two\nlines\tand a tab",
    "a\r\nb\rc\x0bd\x85e\u2028f": "a\nb\nc\nd\ne\nf",
    "\x1b[1;31mred\x1b[0m": "red",
    "\x9b31mred": "red",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1b]0;title\x07shown": "shown",
    "\x1b]never ended\nnext": "\nnext",
    "\x1bPdevice\x1b\\x\x1b_app\x1b\\y": "xy",
    "\x1b(Bx\x1b=y\x1bcz": "xyz",
    "a\x00b\x08c\x7fd\x90": "abcd",
    "\u202egnp.exe\u202c": "gnp.exe",
    "o\u200bn\u200ce\u2060\ufeff": "one",
    "\U000e0041\U000e0042tag": "tag",
    "x\ufe0e\U000e0101": "x",
    "a&#8203;b&#x202E;c&zwj;d&#65;": "abcd&#65;",
    "\ud800": "\ufffd",
    "a<!-- b -->c<!-- d --!>e": "ace",
    "a<!-<!-- x -->- b -->c": "ac",
    "a <!-- b": "a \u2039!-- b",
    "a<div style='display: none'>b</div>c": "ac",
    "a<p hidden>b</p >c<p>d</p>": "ac<p>d</p>",
    "a<SCRIPT src=x>b</script>c": "ac",
    "a<input hidden>b": "ab",
    "a<b aria-hidden=true>b</b>c": "ac",
    "<p hidden>never closed": "<p hidden>never closed",
    "<p style='opacity: 0.5'>half</p>": "<p style='opacity: 0.5'>half</p>",
    "if a < b and c > d: x = '<unhidden>'": "if a < b and c > d: x = '<unhidden>'",
    "émoji \U0001f600 עברית العربية 漢字": "émoji \U0001f600 עברית العربية 漢字",
}


@pytest.mark.parametrize("text", SEEN)
def test_what_is_left_is_what_a_person_sees(text: str) -> None:
    assert clean(text) == SEEN[text]


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert without_controls(without_controls(text)) == without_controls(text)


@given(st.text(alphabet="<>/!- outside" + NONCE) | st.text())
def test_nothing_in_a_fence_ends_it(text: str) -> None:
    made = fence(text, NONCE, "x")
    if not is_in(made, NONCE):
        assert not made.strip()
        return
    assert made.lower().count(NONCE) == 2
    assert made.endswith(f"</outside-{NONCE}>")
    assert made.count("<outside") == made.count("</outside") == 1


@pytest.mark.parametrize("value", [0, 12, -1.5, True, None])
def test_numbers_and_truth_values_have_no_fence(value: Any) -> None:
    assert fence(value, NONCE, "x") == str(value)


@pytest.mark.parametrize("value", ["", " \n", "\u200b", "\x1b[0m", "<!-- x -->"])
def test_what_cannot_be_seen_has_no_fence(value: str) -> None:
    assert not fence(value, NONCE, "x").strip()


def test_a_short_text_stands_in_one_line_and_a_long_one_in_its_own() -> None:
    assert (
        fence("/tmp/a b", NONCE, "file.path")
        == f'<outside-{NONCE} source="file.path">/tmp/a b</outside-{NONCE}>'
    )
    assert (
        fence("a\nb\n", NONCE, "precheck") == f'<outside-{NONCE} source="precheck">\na\nb\n</outside-{NONCE}>'
    )
    assert fence("a" * 300, NONCE, "x").splitlines()[1] == "a" * 300


def test_the_label_says_when_something_was_removed_and_holds_no_mark() -> None:
    assert 'source="file.path, hidden text removed"' in fence("a\u200b.txt", NONCE, "file.path")
    assert "removed" not in fence("a\r\nb", NONCE, "file.path")
    assert fence("a", NONCE, 'x" y="</outside>\n').startswith(f'<outside-{NONCE} source="x y /outside">')


def test_a_long_text_is_cut_and_says_so() -> None:
    made = fence("x" * (LONGEST + 5), NONCE, "x")
    assert "[5 more characters were cut off here]" in made
    assert len(made) < LONGEST + 200


def test_the_marks_are_those_that_the_sentence_tells_of() -> None:
    assert fence("x", "1f2e3d", "y").startswith(SENTENCE[SENTENCE.index("<outside") :].partition("...")[0])
    assert "</outside-1f2e3d>" in SENTENCE


@pytest.mark.parametrize(
    "piece", ["<!--", "<p hidden>", "<a-", "\x1b]", "<p<", "&#8203", "<script></script", "\x1b[", "--!>"]
)
def test_no_text_takes_long(piece: str) -> None:
    """Far more than it takes, and far less than what grows with the square of the length."""
    began = time.process_time()
    clean(piece * (LONGEST // len(piece)))
    assert time.process_time() - began < 10
