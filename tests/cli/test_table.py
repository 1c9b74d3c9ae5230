"""Tables: whole in a pipe, and readable in a terminal of any width."""

from __future__ import annotations

import pytest

from clodputer.cli.terminal.ink import ink, without
from clodputer.cli.terminal.table import Column, table

COLUMNS = (Column("NAME"), Column("EMPTY"), Column("TEXT", gives_way=True), Column("N", right=True))
ROWS = [
    (
        ink("first", "bold"),
        "",
        "some words that are many more than a narrow terminal can show in one line",
        "7",
    ),
    ("東京", "", "few", "1,234"),
]


def drawn(monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    return without(table(COLUMNS, ROWS)).split("\n")


def test_in_a_pipe_each_row_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is; nothing is cut, and a column with nothing in it is left out."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert without(table(COLUMNS, ROWS)).split("\n") == [
        "NAME   TEXT                                                                           N",
        "first  some words that are many more than a narrow terminal can show in one line      7",
        "東京   few                                                                        1,234",
    ]


def test_a_column_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text goes on in further lines; no line is wider than the terminal."""
    lines = drawn(monkeypatch, 50)
    assert max(map(len, lines)) <= 50
    assert lines[0].split() == ["NAME", "TEXT", "N"]
    assert " ".join(" ".join(lines).split()).count("terminal") == 1
    assert len(lines) > 3


def test_what_is_cut_and_what_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row stays one line: the last column that drops goes first, then the text is cut; in a pipe nothing is."""
    columns = (Column("NAME"), Column("TEXT", cut=True), Column("A", drops=True), Column("B", drops=True))
    row = ("name", "some words that are many more than fit", "aaaaaaaa", "bbbbbbbb")
    shown = {}
    for wide in (45, 38, 28):
        monkeypatch.setenv("COLUMNS", str(wide))
        shown[wide] = without(table(columns, [row])).split("\n")[1]
    assert [wide for wide in shown if "bbbbbbbb" in shown[wide]] == [45]
    assert [wide for wide in shown if "aaaaaaaa" in shown[wide]] == [45, 38]
    assert all(len(line) <= wide and "..." in line for wide, line in shown.items())
    monkeypatch.delenv("COLUMNS")
    assert " ".join(table(columns, [row]).split()).endswith(" ".join(row))


def test_a_very_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row becomes lines of its own, with the titles beside them, broken between words."""
    assert drawn(monkeypatch, 30) == [
        "NAME",
        "first",
        "  TEXT  some words that are",
        "        many more than a",
        "        narrow terminal can",
        "        show in one line",
        "  N     7",
        "東京",
        "  TEXT  few",
        "  N     1,234",
    ]


def test_ink_is_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What surrounds us (NO_COLOR, FORCE_COLOR, TERM) decides when the text is printed, not when it is drawn."""
    texts = set()
    for name, value in (("NO_COLOR", "1"), ("FORCE_COLOR", "1"), ("TERM", "dumb"), ("TERM", "xterm")):
        with monkeypatch.context() as context:
            context.setenv(name, value)
            texts.add(table(COLUMNS, ROWS))
    assert len(texts) == 1
    assert "\x1b[1mfirst\x1b[0m" in texts.pop()


def test_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(COLUMNS, []) == ""
    # Not markup and no emoji: what looks like it is text.
    monkeypatch.delenv("COLUMNS", raising=False)
    assert table((Column("A"),), [("[bold]:smile: [x]",)]).endswith("[bold]:smile: [x]")


def test_a_block_is_headed_by_what_has_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before it goes along, and a row that has nothing there is headed as well."""
    monkeypatch.setenv("COLUMNS", "30")
    columns = (Column("", right=True), Column("REQUEST"), Column("TASK"))
    rows = [("1", "held-0001", "a-task-with-a-long-name"), ("", "held-0002", "work")]
    assert without(table(columns, rows)).split("\n") == [
        "REQUEST",
        "1 held-0001",
        "  TASK  a-task-with-a-long-name",
        "held-0002",
        "  TASK  work",
    ]
