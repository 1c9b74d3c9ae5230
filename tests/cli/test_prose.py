"""Prose: sentences in the width of a terminal, broken between words, and whole in a pipe."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.cli.terminal.ink import ink, without
from clodputer.cli.terminal.prose import hung, lines, prose, typed, wrapped

SENTENCE = "its task file has mistakes, which three mistakes in it show"


def test_in_a_pipe_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert prose(SENTENCE) == wrapped(SENTENCE, 13) == hung(SENTENCE) == SENTENCE


def test_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ink takes no room, what is indented stays so, and what hangs is set in further."""
    monkeypatch.setenv("COLUMNS", "40")
    shown = wrapped(f"{ink('nightly', 'bold')} does not run: {SENTENCE}")
    assert without(shown).split("\n") == [
        "nightly does not run: its task file has",
        "mistakes, which three mistakes in it",
        "show",
    ]
    assert hung(f"  {SENTENCE}").split("\n") == [
        "  its task file has mistakes, which",
        "    three mistakes in it show",
    ]
    rows = "  changelog  at 07:30 on weekdays, and every hour"
    assert hung(rows, 4).split("\n") == ["  changelog  at 07:30 on weekdays, and", "      every hour"]
    assert prose("\x1b[2J") == "\\x1b[2J"


def test_a_command_line_is_broken_so_that_it_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell reads the same words, however narrow the terminal was."""
    pieces = ["printf '%s|'", "20261129T003459.278Z-94d6fbd9", "--debug-prompt", "'a b'"]
    broken = []
    for columns in (20, 40, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        text = typed(pieces, 2)
        said = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, check=True).stdout
        assert said == "20261129T003459.278Z-94d6fbd9|--debug-prompt|a b|"
        assert all(len(line) <= max(columns, 31) for line in text.split("\n"))
        broken.append("\n" in text)
    assert broken == [True, True, False]


def test_a_terminal_that_is_too_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of words keeps its least width beside any margin."""
    monkeypatch.setenv("COLUMNS", "10")
    assert max(map(len, wrapped(SENTENCE, 13).split("\n"))) > 10


@given(st.text("ab \u6771", max_size=80), st.integers(4, 30), st.integers(0, 3))
def test_no_word_is_lost_or_broken(text: str, room: int, hang: int) -> None:
    """In their order; and a line is too long only where one word is."""
    from rich.cells import cell_len

    found = lines(text, room, hang)
    assert " ".join(found).split() == text.split()
    for line in found:
        assert cell_len(line) <= room or len(line.split()) == 1 or line == text
