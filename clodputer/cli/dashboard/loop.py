"""The dashboard from its first picture to its last: look, draw, wait for a key, do what it stands for."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Mapping
from time import monotonic, time
from types import FrameType
from typing import Optional

from clodputer.cli.dashboard import draw
from clodputer.cli.dashboard.call import Call
from clodputer.cli.dashboard.cells import harmless
from clodputer.cli.dashboard.items import Pane
from clodputer.cli.dashboard.panes import panes
from clodputer.cli.dashboard.state import Order, Page, Screen, State, grown, pressed
from clodputer.cli.dashboard.terminal import Terminal
from clodputer.cli.terminal.ink import without
from clodputer.runner.processes.stop import Stop
from clodputer.store import homes
from clodputer.tasks import taskfile
from clodputer.views.dashboard import Board, Reader

# How often we look, and how soon after a picture the next one may follow, in seconds.
GLANCE, SOONEST = 1.0, 0.05
# So many commands may be at work at a time.
MOST_CALLS = 8
STARTED = "What waits is run now, in the background."


class Dashboard:
    """One person's dashboard; everything that it holds is let go at its end."""

    def __init__(self, environ: Mapping[str, str], terminal: Terminal, stop: Stop) -> None:
        self._environ, self._terminal, self._stop = environ, terminal, stop
        self._reader = Reader(environ)
        self._state = State()
        self._calls: list[Call] = []
        self._paging: Optional[Call] = None
        self._partial = b""
        self._suspended = False
        self._looked = -GLANCE
        self._board = self._reader.look(time())
        self._screen = self._seen()

    def run(self) -> None:
        """Until the person quits, a signal asks us to stop, or the terminal is gone."""
        before = {
            number: signal.signal(number, self._noticed) for number in (signal.SIGWINCH, signal.SIGTSTP)
        }
        try:
            if not self._screen.panes[0].items:
                self._state = self._state._replace(pane="running")
            while not (self._state.quits or self._stop.requested or self._terminal.gone):
                self._turn()
        finally:
            for call in (*self._calls, *([self._paging] if self._paging else [])):
                call.end()
            self._reader.close()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _turn(self) -> None:
        now = monotonic()
        if now - self._looked >= GLANCE:
            self._look()
        size = self._terminal.size()
        self._terminal.draw(draw.lines(self._board, self._state, self._screen, size), size)
        running = [*self._calls, *([self._paging] if self._paging else [])]
        self._stop.wait(
            max(SOONEST, self._looked + GLANCE - monotonic()),
            self._terminal.descriptor,
            *(call.descriptor for call in running),
        )
        if self._suspended:
            self._suspend()
        for key in self._terminal.pressed(ready=_ready(self._terminal.descriptor)):
            self._key(key)
        for call in running:
            while not call.ended and _ready(call.descriptor):
                self._heard(call, call.read())
                if monotonic() - now > GLANCE:
                    break

    def _look(self) -> None:
        self._looked = monotonic()
        before, self._board = self._board, self._reader.look(time())
        # The longest pane, and the one that time alone does not change.
        known = self._screen.panes[-1] if before.log is self._board.log else None
        self._screen = self._seen(known)

    def _seen(self, log: Optional[Pane] = None) -> Screen:
        board = self._board
        held = board.status.holds if board.status else ()
        return Screen(
            panes(board, log),
            frozenset(tuple(placed.target.option.split(" ", 1)) for placed in held),
            _tasks(board, self._reader),
            max(1, self._terminal.size().lines - draw.AROUND - 1),
            self._reader.context.masker.text if self._reader.context else str,
        )

    def _key(self, key: str) -> None:
        if key == "redraw":
            self._terminal.forget()
            return
        screen = self._screen._replace(rows=max(1, self._terminal.size().lines - draw.AROUND - 1))
        self._state, order = pressed(self._state, key, screen)
        if self._paging is not None and (self._state.page is None or (order is not None and order.title)):
            self._paging.end()
            self._paging = None
        if order is not None:
            self._begin(order)

    def _begin(self, order: Order) -> None:
        width = self._terminal.size().columns
        if order.title:
            live = "--follow" in order.arguments
            self._partial = b""
            self._state = self._state._replace(page=Page(order.title, (), None if live else 0, live=True))
            self._paging = Call(order.arguments, width, inked=self._terminal.ink)
        elif len(self._calls) >= MOST_CALLS:
            self._say("Too many commands at once: wait until the earlier ones are done.", bad=True)
        else:
            self._calls.append(Call(order.arguments, 400, inked=False, changes=True, drains=order.drains))
            self._say(f"{' '.join(order.arguments) or 'exec'} ...", bad=False)

    def _heard(self, call: Call, data: bytes) -> None:
        if call is self._paging:
            self._turn_page(call, data)
            return
        call.text = (call.text + data)[-65536:]
        if call.ended:
            self._calls.remove(call)
            said = (line.strip() for line in harmless(without(call.text.decode("utf-8", "replace"))))
            text = ". ".join(line.rstrip(".") for line in said if line)
            words = " ".join(call.arguments)
            self._say(text or (f"{words}: done" if words else STARTED), bad=call.status != 0)
            self._reader.soon()
            self._looked = -GLANCE

    def _turn_page(self, call: Call, data: bytes) -> None:
        page = self._state.page
        if page is None:
            return
        *whole, self._partial = (self._partial + data).split(b"\n")
        if call.ended and self._partial:
            whole.append(self._partial)
        lines = harmless(b"\n".join(whole).decode("utf-8", "replace")) if whole else []
        page = grown(page, lines)
        if call.ended:
            page = page._replace(live=False)
            self._paging = None
        self._state = self._state._replace(page=page)

    def _say(self, text: str, *, bad: bool) -> None:
        self._state = self._state._replace(message=text, bad=bad)

    def _noticed(self, number: int, _frame: Optional[FrameType]) -> None:
        self._suspended = self._suspended or number == signal.SIGTSTP

    def _suspend(self) -> None:
        """Give the terminal back while we are stopped (Ctrl-Z), and take it again afterwards."""
        self._suspended = False
        self._terminal.__exit__()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._terminal.__enter__()
        self._looked = -GLANCE


def _ready(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def _tasks(board: Board, reader: Reader) -> tuple[str, ...]:
    if reader.context is None or board.status is None:
        return ()
    try:
        return tuple(sorted(taskfile.names(reader.context.home)))
    except OSError:
        return ()


def show(environ: Mapping[str, str]) -> int:
    """Show it until it is closed; the number of the signal that closed it, or 0. Raises ClodputerError without a home."""
    homes.existing(environ)
    with Stop() as stop:
        with Terminal(environ) as terminal:
            Dashboard(environ, terminal, stop).run()
        return stop.signal
