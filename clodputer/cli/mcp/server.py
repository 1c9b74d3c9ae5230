"""The server: lines in, answers out, and the calls between them; one thread, which ends with its client."""

from __future__ import annotations

import os
import select
import selectors
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from json import dumps
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Optional

from clodputer.cli.mcp import calls, protocol, tools
from clodputer.cli.mcp.calls import Running
from clodputer.cli.mcp.protocol import About, Call, Cancel, Json, Say

ABOUT = About(tools.INSTRUCTIONS, [tool.to_json() for tool in tools.TOOLS])
# In bytes: a line holds at most a task file as JSON, every character of it escaped.
LONGEST_LINE = 8 << 20
# Calls at work at once, and calls that wait for one of these to end.
MOST_AT_WORK, MOST_WAITING = 4, 32
# As long as so many bytes of answers were not taken, nothing more is read.
MOST_UNSENT = 4 << 20
_CHUNK = 1 << 16
# How often it is looked whether our parent is still there, in seconds; a client that ends closes our standard input, too.
_GLANCE = 5.0


class Server:
    """One connection, from standard input to standard output. Main thread only."""

    def __init__(self, reader: int, writer: int, environ: Mapping[str, str]) -> None:
        self._reader, self._writer, self._environ = reader, writer, environ
        self._parent = os.getppid()
        self._selector = selectors.PollSelector()  # epoll takes no plain file as standard input
        self._line, self._skipping, self._ended = bytearray(), False, False
        self._unsent = bytearray()
        self._at_work: list[Running] = []
        self._waiting: deque[Call] = deque()
        self._reading = self._writing = False

    def serve(self) -> None:
        """Answer until the client has gone, or a signal asks us to end; whatever is at work then ends with us."""
        try:
            with _Signals() as signals:
                self._selector.register(signals.reader, selectors.EVENT_READ)
                while not (signals.asked or self._over()):
                    self._look_after_calls()
                    self._choose()
                    for key, _ in self._selector.select(self._patience()):
                        if key.fd == signals.reader:
                            signals.drain()
                        elif key.fd == self._reader:
                            self._read()
                        elif key.fd == self._writer:
                            self._write()
        except ConnectionError:
            pass  # the client has gone
        finally:
            for running in self._at_work:
                running.end()
            self._selector.close()

    def _over(self) -> bool:
        """Whether the client has gone, or has said that nothing more comes and has every answer."""
        if os.getppid() != self._parent:
            return True
        return self._ended and not (self._at_work or self._waiting or self._unsent)

    def _patience(self) -> float:
        until = min((running.until for running in self._at_work), default=monotonic() + _GLANCE)
        return max(0.0, min(_GLANCE, until - monotonic()))

    def _choose(self) -> None:
        """Wait for more, unless there is too much already, and for the client, if it is to take something."""
        reading = not self._ended and len(self._unsent) < MOST_UNSENT
        writing = bool(self._unsent)
        if reading != self._reading:
            self._reading = reading
            self._watch(self._reader, reading, selectors.EVENT_READ)
        if writing != self._writing:
            self._writing = writing
            self._watch(self._writer, writing, selectors.EVENT_WRITE)

    def _watch(self, descriptor: int, wanted: bool, event: int) -> None:
        if wanted:
            self._selector.register(descriptor, event)
        else:
            self._selector.unregister(descriptor)

    def _read(self) -> None:
        data = os.read(self._reader, _CHUNK)
        self._ended = not data
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._add(line)
            self._take()
        self._add(rest)
        if self._ended:
            self._take()

    def _add(self, piece: bytes) -> None:
        """A piece of a line; of one that is too long nothing is kept."""
        if self._skipping:
            return
        self._line += piece
        if len(self._line) > LONGEST_LINE:
            self._skipping = True
            self._line.clear()
            message = f"a line has more than {LONGEST_LINE:,} bytes"
            self._say(protocol.failed(None, protocol.INVALID_REQUEST, message))

    def _take(self) -> None:
        """The line is whole."""
        line, skipped = bytes(self._line), self._skipping
        self._line.clear()
        self._skipping = False
        if skipped:
            return
        for step in protocol.steps(line, ABOUT):
            if isinstance(step, Say):
                self._say(step.message)
            elif isinstance(step, Cancel):
                self._cancel(step)
            elif any(call.id == step.id for call in (*self._calls(), *self._waiting)):
                message = f"a request of id {str(step.id)[:80]!r} is being answered"
                self._say(protocol.failed(step.id, protocol.INVALID_REQUEST, message))
            elif len(self._waiting) >= MOST_WAITING:
                self._say(
                    protocol.answered(step, {}, "too many calls at once; wait for answers, and call again")
                )
            else:
                self._waiting.append(step)

    def _calls(self) -> list[Call]:
        return [running.call for running in self._at_work]

    def _cancel(self, cancel: Cancel) -> None:
        """End a call. It is not answered; one that has ended, or that there never was, is none of our business."""
        for running in [one for one in self._at_work if one.call.id == cancel.id]:
            self._at_work.remove(running)
            running.end()
        self._waiting = deque(call for call in self._waiting if call.id != cancel.id)

    def _look_after_calls(self) -> None:
        """Answer the calls that have ended, and begin those that wait, as far as they may."""
        for running in list(self._at_work):
            answer = running.answer(monotonic())
            if answer is not None:
                self._at_work.remove(running)
                running.end()
                self._say(answer)
        while self._waiting and len(self._at_work) < MOST_AT_WORK:
            begun = calls.start(self._waiting.popleft(), self._environ, monotonic())
            if isinstance(begun, Running):
                self._at_work.append(begun)
            else:
                self._say(begun)

    def _say(self, message: Json) -> None:
        self._unsent += dumps(message, separators=(",", ":")).encode() + b"\n"

    def _write(self) -> None:
        """As much as is taken without waiting: so much fits into what can be written to at all. Raises ConnectionError."""
        sent = os.write(self._writer, self._unsent[: select.PIPE_BUF])
        del self._unsent[:sent]


class _Signals:
    """While entered, SIGTERM, SIGINT and SIGHUP only ask; each, and the end of a child, can be read from `reader`."""

    def __init__(self) -> None:
        self.asked = False
        self.reader = self._writer = -1
        self._before: dict[int, Any] = {}
        self._wakeup = -1

    def __enter__(self) -> _Signals:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._ask)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return self

    def __exit__(
        self,
        _kind: Optional[type[BaseException]],
        _error: Optional[BaseException],
        _trace: Optional[TracebackType],
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        os.close(self.reader)
        os.close(self._writer)

    def drain(self) -> None:
        """Forget the signals that were read."""
        with suppress(BlockingIOError):
            while os.read(self.reader, _CHUNK):
                pass

    def _ask(self, _number: int, _frame: Optional[FrameType]) -> None:
        self.asked = True
