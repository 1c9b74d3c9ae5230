"""The lines of the screen, made from what was read and from where the person is; nothing is sent from here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Optional

from rich.cells import cell_len

from clodputer.cli.dashboard import layout
from clodputer.cli.dashboard.cells import Cell, fit, rows
from clodputer.cli.dashboard.items import Item, Pane
from clodputer.cli.dashboard.layout import Box
from clodputer.cli.dashboard.state import Page, Pick, Screen, State, chosen, item
from clodputer.cli.terminal.ink import ink, without
from clodputer.cli.terminal.printable import one_line
from clodputer.model.text.money import dollars
from clodputer.views.dashboard.board import Board
from clodputer.views.overview.needs import needs

# The header, the line of the last answer and the line of the keys.
AROUND = 3
MARK, NO_MARK = "> ", "  "


def lines(board: Board, state: State, screen: Screen, size: os.terminal_size) -> list[str]:
    """Everything, line by line."""
    width, height = size.columns, size.lines
    body = max(1, height - AROUND)
    if state.page is not None:
        middle = _page(state.page, width, body)
    elif state.pick is not None:
        middle = _pick(state.pick, width, body)
    else:
        middle = _panes(state, screen, width, body)
    middle += [""] * (body - len(middle))
    drawn = [
        _header(board, width),
        *middle,
        _answer(board, state, screen, width),
        _keys(state, screen, width),
    ]
    return drawn if height >= AROUND + 1 else drawn[:height]


def _header(board: Board, width: int) -> str:
    status = board.status
    right = f"{datetime.fromtimestamp(board.now).astimezone():%H:%M:%S}"
    parts: list[str] = []
    if status is not None:
        wanted = len(needs(status))
        waiting = sum(lane.queued + lane.delayed for lane in status.lanes) + status.dropped
        held = any(placed.target.option == "--all" for placed in status.holds)
        parts += [ink("ON HOLD", "bold", "yellow")] if held else []
        parts += [ink(f"{wanted} need you" if wanted > 1 else "1 needs you", "bold", "red")] if wanted else []
        parts += [ink(f"{len(board.live)} running", "green")] if board.live else ["nothing runs"]
        parts += [f"{waiting:,} waiting"] if waiting else []
        parts.append(f"today {dollars(status.past.cost_today) or '$0'}")
        parts.append(f"7 days {dollars(status.past.cost_week) or '$0'}")
    parts.append(ink(one_line(_short(board.home), 200), "dim"))
    room, text = width - len(right) - 2, ink("clodputer", "bold")
    # What has no room any more is left out, the least important first.
    for part in parts:
        if cell_len(without(f"{text}  {part}")) > room:
            break
        text = f"{text}  {part}"
    text = fit(text, room)
    return fit(f"{text}{' ' * (width - cell_len(without(text)) - len(right))}{right}", width)


def _short(path: str) -> str:
    person = os.path.expanduser("~")
    return f"~{path[len(person) :]}" if person != "/" and path.startswith(f"{person}/") else path


def _panes(state: State, screen: Screen, width: int, height: int) -> list[str]:
    found = layout.boxes(screen.panes, state.pane, width, height, whole=state.whole)
    drawn = [""] * height
    for box in found:
        for number, line in enumerate(_box(box, state, screen)):
            place = box.top + number
            # By its column, so that a letter of an unexpected width in the left one moves nothing.
            drawn[place] += f"\x1b[{box.left + 1}G{line}" if box.left else line
    return drawn


def _box(box: Box, state: State, screen: Screen) -> list[str]:
    pane, focused = box.pane, box.pane.name == state.pane
    room = box.height - 1
    here = chosen(state, pane)
    top = max(0, min(here - room + 1, len(pane.items) - room)) if focused else 0
    seen = pane.items[top : top + room]
    below = len(pane.items) - top - len(seen) + pane.more
    title = [_title(pane, focused, f"{below:,} more" if below > 0 and room else "", box.width)]
    if not pane.items:
        return title + [ink(fit(NO_MARK + pane.empty, box.width), "dim")][:room]
    width = box.width - len(MARK)
    set_in = iter(rows(pane.columns, [_hidden(one.cells, screen) for one in seen if not one.span], width))
    return title + [
        _line(_spanning(one.span, width) if one.span else next(set_in), focused and number == here, box.width)
        for number, one in enumerate(seen, top)
    ]


def _hidden(cells: Sequence[Cell], screen: Screen) -> list[Cell]:
    """The cells without the secrets that may be in them."""
    return [cell._replace(text=screen.hide(cell.text)) for cell in cells]


def _spanning(cells: Sequence[Cell], width: int) -> str:
    return fit("  ".join(ink(cell.text, *cell.style.split()) for cell in cells), width)


def _line(text: str, here: bool, width: int) -> str:
    if not here:
        return NO_MARK + text
    bare = fit(without(text), width - len(MARK))
    return ink(MARK + bare + " " * (width - len(MARK) - cell_len(bare)), "reverse")


def _title(pane: Pane, focused: bool, more: str, width: int) -> str:
    """A rule with the name in it; the one with the cursor is heavier, which is seen without colour, too."""
    rule = "━" if focused else "─"
    name = fit(pane.title, max(1, width - 6))
    more = f" {more} {rule}" if more and cell_len(name) + len(more) + 8 < width else ""
    left = width - cell_len(name) - 4 - len(more)
    style = ("bold", "red") if pane.urgent else ("bold", "cyan") if focused else ("bold",)
    tone = ("cyan",) if focused else ("dim",)
    return f"{ink(rule * 2, *tone)} {ink(name, *style)} {ink(rule * max(0, left) + more, *tone)}"


def _page(page: Page, width: int, height: int) -> list[str]:
    room = height - 1
    last = max(0, len(page.lines) - room)
    top = last if page.top is None else min(page.top, last)
    seen = page.lines[top : top + room]
    where = (
        "live"
        if page.live
        else f"{min(100, 100 * (top + room) // max(1, len(page.lines)))} %"
        if last
        else ""
    )
    pane = Pane("page", one_line(page.title, 200), (), (), "")
    return [_title(pane, True, where, width), *(fit(line, width) for line in seen)]


def _pick(pick: Pick, width: int, height: int) -> list[str]:
    names = pick.fitting
    here = names.index(pick.chosen) if pick.chosen in names else 0
    room = height - 2
    top = max(0, here - room + 1)
    title = _title(Pane("pick", "Run a task now", (), (), ""), True, "", width)
    typed = f"  {ink('type to search:', 'dim')} {one_line(pick.typed, 60)}_"
    found = [
        _line(one_line(name, 200), top + number == here, width)
        for number, name in enumerate(names[top : top + room])
    ]
    return [title, fit(typed, width), *(found or [ink("  No task has that in its name.", "dim")])]


def _answer(board: Board, state: State, screen: Screen, width: int) -> str:
    if state.ask is not None:
        return fit(ink(f" {one_line(state.ask.question, 300)}  y/n ", "bold", "yellow"), width)
    if state.message:
        return fit(ink(f" {one_line(state.message, 400)}", "red" if state.bad else "green"), width)
    if board.problem:
        return fit(ink(f" {one_line(board.problem, 400)}", "red"), width)
    here = None if state.page or state.pick else item(state, screen)
    # What Enter shows, as it would be typed.
    hint = f" Enter: clodputer {' '.join(here.opens)}" if here is not None and here.opens else ""
    return fit(ink(one_line(hint, 400), "dim"), width)


def _keys(state: State, screen: Screen, width: int) -> str:
    """What can be done here."""
    if state.ask is not None:
        keys = [("y", "yes"), ("any other key", "no")]
    elif state.pick is not None:
        keys = [("Enter", "run it"), ("up down", "choose"), ("Esc", "back")]
    elif state.page is not None:
        keys = [("q", "back"), ("up down PgUp PgDn g G", "scroll")]
    else:
        keys = [
            *_of_item(item(state, screen), screen),
            ("n", "run a task"),
            ("Tab", "pane"),
            ("?", "keys"),
            ("q", "quit"),
        ]
    text = "  ".join(f"{ink(key, 'bold')} {ink(word, 'dim')}" for key, word in keys)
    return fit(f" {text}", width)


def _of_item(here: Optional[Item], screen: Screen) -> list[tuple[str, str]]:
    if here is None:
        return []
    known = (
        ("Enter", "open", here.opens),
        ("f", "follow", here.follows),
        ("a", "approve", here.approves),
        ("d", "deny", here.denies),
        ("r", "retry", here.retries),
        ("e", "enable", here.enables),
        ("c", "cancel", here.cancels),
        ("p", "resume" if here.held in screen.held else "pause", here.held),
    )
    return [(key, word) for key, word, arguments in known if arguments]
