"""The dashboard, decided purely: keys read from bytes, what they do, who gets how much of the screen, text in cells."""

from __future__ import annotations

import os
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from clodputer.cli.dashboard import draw, keys, layout
from clodputer.cli.dashboard.cells import Cell, Column, fit, harmless, rows
from clodputer.cli.dashboard.items import Item, Pane, distinct, of_need
from clodputer.cli.dashboard.panes import panes
from clodputer.cli.dashboard.state import Order, Page, Screen, State, grown, pressed
from clodputer.cli.terminal.ink import ink, without
from clodputer.model.gates.waiting import APPROVAL
from clodputer.views.dashboard.board import Board
from clodputer.views.overview.needs import PUBLICATION, Need
from clodputer.views.queue.waiting import Queue, Row

RUN = "20261128T235037.723Z-0000270c"
ITEM = Item(
    "one",
    (Cell("one"),),
    "nightly",
    opens=("show", RUN),
    follows=("show", RUN, "--follow"),
    cancels=("cancel", "0000270c"),
    retries=("retry", RUN),
    approves=("approve", "0000270c"),
    denies=("deny", "0000270c"),
    enables=("enable", "nightly"),
    held=("nightly",),
)
PANES = [
    Pane("needs", "Needs you", (Column(),), (ITEM, ITEM._replace(key="two", opens=("doctor",))), "-"),
    Pane("queue", "Queue", (Column(),), (), "-"),
]
SCREEN = Screen(PANES, frozenset(), ("deploy", "nightly"), 10)


@pytest.mark.parametrize(
    ("data", "found", "rest"),
    [
        (b"jq", ["j", "q"], b""),
        (b"\x1b[A\x1bOB\x1b[5~\x1b[Z\r\t", ["up", "down", "pageup", "backtab", "enter", "tab"], b""),
        ("é日".encode(), ["é", "日"], b""),
        ("日".encode()[:2], [], "日".encode()[:2]),
        (b"\x1b", [], b"\x1b"),
        (b"a\x1b[", ["a"], b"\x1b["),
        (b"\x1b[99;5uq", ["q"], b""),
        (b"\x1b[200~cy\r\x1b[201~j", ["j"], b""),
        (b"\x1b[200~cy", [], b"\x1b[200~cy"),
        (b"\x00\x07\x80", ["\ufffd"], b""),
    ],
)
def test_the_bytes_of_keys(data: bytes, found: list[str], rest: bytes) -> None:
    """What is pasted is no key, and a sequence that is cut waits for its end."""
    assert keys.read(data) == (found, rest)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    """Nothing that a terminal sends raises, and what is left over is from the end."""
    _, rest = keys.read(data)
    assert data.endswith(rest)


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("enter", Order(("show", RUN), f"show {RUN}")),
        ("f", Order(("show", RUN, "--follow"), f"show {RUN} --follow")),
        ("w", Order(("why", "nightly"), "why nightly")),
        ("r", Order(("retry", RUN))),
        ("a", Order(("approve", "0000270c"))),
        ("e", Order(("enable", "nightly"))),
        ("p", Order(("pause", "nightly"))),
        ("P", Order(("pause", "--all"))),
        ("x", Order((), drains=True)),
        ("ü", None),
    ],
)
def test_a_key_calls_a_command(key: str, order: Optional[Order]) -> None:
    """Each the one of its name, with what is under the cursor; without anything there, none of it."""
    assert pressed(State(), key, SCREEN)[1] == order
    if key not in "Px":
        assert pressed(State(pane="queue"), key, SCREEN)[1] is None


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("c", ("cancel", "0000270c")),
        ("d", ("deny", "0000270c")),
        ("S", ("stop",)),
    ],
)
def test_what_destroys_is_asked_about_once(key: str, order: tuple[str, ...]) -> None:
    """Only y does it."""
    state, now = pressed(State(), key, SCREEN)
    assert now is None
    assert state.ask is not None
    assert pressed(state, "y", SCREEN)[1] == Order(order)
    for other in ("n", "enter", "escape", key):
        after, nothing = pressed(state, other, SCREEN)
        assert nothing is None
        assert after.ask is None


def test_what_is_on_hold_goes_on_by_the_same_key() -> None:
    """p and P resume what they would pause."""
    held = SCREEN._replace(held=frozenset({("nightly",), ("--all",)}))
    assert pressed(State(), "p", held)[1] == Order(("resume", "nightly"))
    assert pressed(State(), "P", held)[1] == Order(("resume", "--all"))


def test_the_cursor() -> None:
    """It stays at its line when others come before it, and goes no further than there are lines."""
    state, _ = pressed(State(), "G", SCREEN)
    assert state.chosen == {"needs": "two"}
    assert pressed(state, "down", SCREEN)[0].chosen == {"needs": "two"}
    more = [PANES[0]._replace(items=(ITEM._replace(key="new"), *PANES[0].items)), PANES[1]]
    assert pressed(state, "up", SCREEN._replace(panes=more))[0].chosen == {"needs": "one"}
    assert pressed(state, "tab", SCREEN)[0].pane == "queue"
    assert pressed(state, "backtab", SCREEN)[0].pane == "queue"
    assert pressed(state, "2", SCREEN)[0].pane == "queue"
    assert pressed(state, "9", SCREEN)[0].pane == "needs"
    assert pressed(state, "q", SCREEN)[0].quits


def test_a_task_is_chosen_and_run() -> None:
    """The one under the cursor comes first; letters search, and q is one of them."""
    state, _ = pressed(State(), "n", SCREEN)
    assert pressed(state, "enter", SCREEN)[1] == Order(("run", "nightly", "--no-wait"), drains=True)
    typed, _ = pressed(state, "d", SCREEN)
    assert pressed(typed, "enter", SCREEN)[1] == Order(("run", "deploy", "--no-wait"), drains=True)
    none, _ = pressed(state, "q", SCREEN)
    assert pressed(none, "enter", SCREEN)[1] is None
    assert pressed(state, "escape", SCREEN)[0].pick is None


def test_a_page() -> None:
    """It scrolls within its lines, and one that grows stays at its end until somebody scrolls up."""
    page = grown(Page("x", (), None, live=True), [str(number) for number in range(30)])
    state, _ = pressed(State(page=page), "up", SCREEN)
    assert state.page is not None
    assert state.page.top == 19
    assert pressed(state, "G", SCREEN)[0].page == page
    assert pressed(state, "q", SCREEN)[0].page is None
    assert len(grown(page, ["x"] * 9000).lines) == 5000


@pytest.mark.parametrize(
    ("need", "opens", "approves", "retries"),
    [
        (
            Need("approval", "x", "clodputer approve 0000270c", id="0000270c"),
            ("inbox",),
            ("approve", "0000270c"),
            (),
        ),
        (
            Need("publication", "x", f"clodputer approve {RUN}", id=RUN),
            ("show", RUN),
            ("approve", RUN),
            (),
        ),
        (Need("failing", "x", f"clodputer show {RUN}", id=RUN), ("show", RUN), (), ("retry", RUN)),
        (Need("problem", "x"), ("doctor",), (), ()),
        (Need("odd", "x", "clodputer uninstall"), (), (), ()),
        (Need("overdue", "x", "clodputer why TASK"), ("doctor",), (), ()),
    ],
)
def test_what_a_need_offers(
    need: Need, opens: tuple[str, ...], approves: tuple[str, ...], retries: tuple[str, ...]
) -> None:
    """Enter calls only what looks."""
    item = of_need(need)
    assert (item.opens, item.approves, item.retries) == (opens, approves, retries)
    assert (APPROVAL, PUBLICATION) == ("approval", "publication")
    assert item.denies == (("deny", need.id) if approves else ())


@pytest.mark.parametrize(
    ("file", "cancels"),
    [("one.json", ("cancel", "one.json")), ("--all-of.json", ("cancel", "--", "--all-of.json"))],
)
def test_a_file_that_was_dropped_is_cancelled_by_its_name(file: str, cancels: tuple[str, ...]) -> None:
    """Before it is taken in it has no other, and no name of a file is an option."""
    row = Row("dropped", "", 0, "", "nightly", 0, None, None, None, 1, {}, file)
    board = Board("/home", 0.0, queue=Queue((row,), 1))
    (pane,) = (one for one in panes(board) if one.name == "queue")
    assert [item.cancels for item in pane.items] == [cancels]
    state, _ = pressed(State(pane="queue"), "c", Screen([pane]))
    assert state.ask is not None
    assert (state.ask.question, state.ask.order) == (f"Cancel nightly {file}?", Order(cancels))


def test_two_lines_with_one_key() -> None:
    """Each can be chosen."""
    assert [item.key for item in distinct([ITEM, ITEM, ITEM])] == ["one", "one #2", "one #3"]


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_text_fits_its_cells(text: str, width: int) -> None:
    """However wide its letters are, and with ink."""
    (line,) = harmless(text.replace("\n", " ").replace("\r", " "))
    assert cell_len(without(fit(ink(line, "bold"), width))) <= width
    for row in rows(
        [Column(), Column(flexible=True), Column(drops=1)], [(Cell("a"), Cell(line), Cell("b"))], 12
    ):
        assert cell_len(without(row)) <= 12


def test_what_would_order_the_terminal_about() -> None:
    """It is shown; ink stays."""
    assert harmless("\x1b[2J\x1b[31mred\x1b[0m\x1b]0;t\x07\u202e") == [
        "\\x1b[2J\x1b[31mred\x1b[0m\\x1b]0;t\\x07\\u202e"
    ]


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 300)), min_size=1, max_size=6), st.integers(0, 200)
)
def test_shares(wants: list[tuple[int, int]], height: int) -> None:
    """All lines are given, and no more."""
    given_out = layout.share(wants, height)
    assert sum(given_out) == height
    assert min(given_out) >= 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (30, 8), (10, 3), (1, 1)])
@pytest.mark.parametrize("focus", ["needs", "running", "queue", "coming", "recent", "log"])
def test_every_size(size: tuple[int, int], focus: str) -> None:
    """As many lines as the terminal has, the pane with the cursor among them, none too wide."""
    board = Board("/home/ada/.clodputer", 1_790_000_000.0, problem="日本語 " * 40, fix="clodputer doctor")
    found = panes(board)
    assert panes(board, found[-1]) == found
    lines = draw.lines(board, State(pane=focus), Screen(found), os.terminal_size(size))
    assert len(lines) == size[1]
    boxes = layout.boxes(found, focus, size[0], max(1, size[1] - draw.AROUND), whole=False)
    assert focus in [box.pane.name for box in boxes]
    if size[0] < layout.WIDE:
        assert all(cell_len(without(line)) <= size[0] for line in lines)
