"""Outside text in a terminal: shown, never obeyed."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.cli.terminal.ink import ink, shown
from clodputer.cli.terminal.printable import one_line, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Zürich \u2603 日本", "Zürich \u2603 日本"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwritten", "over\\rwritten"),
        ("dos\r\nlines", "dos\nlines"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("bidi \u202egnp.exe", "bidi \\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud800", "half \\ud800"),
        ("nul \x00 del \x7f", "nul \\x00 del \\x7f"),
        ("line\u2028separator", "line\\u2028separator"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    """Whatever comes in, no control or format character comes out, and what comes out can be written."""
    result = printable(text)
    orders = [letter for letter in result if unicodedata.category(letter) in ("Cc", "Cf", "Cs")]
    assert set(orders) <= {"\n", "\t"}
    result.encode("utf-8")


@given(st.text(), st.integers(min_value=4, max_value=60))
def test_one_line_is_one_line_of_that_width(text: str, width: int) -> None:
    line = one_line(text, width)
    assert len(line) <= width
    assert "\n" not in line
    assert "\t" not in line


def test_a_huge_text_is_cut_without_being_looked_at_whole() -> None:
    assert one_line("word " * 10_000_000, 20) == "word word word wo..."


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "has_ink"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
        (None, {"TERM": "xterm"}, False),
    ],
)
def test_ink_goes_to_terminals_that_want_it(stream: object, environ: dict[str, str], has_ink: bool) -> None:
    text = f"a {ink('red', 'red', 'bold')} word"
    assert shown(text, stream, environ) == ("a \x1b[31;1mred\x1b[0m word" if has_ink else "a red word")
