"""A run shown to the person who called it: a live line in place, and with --follow the conversation as it happens."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable
from time import monotonic, time
from typing import Any, NamedTuple, Optional

from clodputer import agents
from clodputer.cli.terminal import live_line
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.screen import Screen, ready
from clodputer.cli.text.runs.conversation import Before, heard, laid_out, repeats
from clodputer.model.task import Task
from clodputer.runner.place import withsecrets
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.store.spool import find
from clodputer.views.runs.seen import Seen, observe
from clodputer.views.runs.stream import Stream, stdout_of

# How often we look, and how often for a further attempt of the request, in seconds.
GLANCE, SEARCH = 0.1, 1.0
# Not larger than what a pipe takes at once when it takes anything: select promises no more.
PIECE = 512


class _Run(NamedTuple):
    """The run that is watched, the stream it is read from, and what was seen of it."""

    run_id: str
    stream: Optional[Stream]
    seen: Seen
    progress: Any


class Live:
    """Shows one request from its drop to its end. The waiting caller calls `glance`, which never waits itself."""

    def __init__(
        self, context: Context, task: Task, stop: Stop, screen: Optional[Screen], follow: bool
    ) -> None:
        self.request_id = ""
        self._began = 0.0
        self._around, self._task, self._stop, self._screen = context, task, stop, screen
        self._follow = follow
        self._agent = agents.load(task.agent)
        self._usual = live_line.usual(runs.records(context.home, task.name)) if screen else None
        self._run: Optional[_Run] = None
        self._next_look = self._next_search = 0.0
        self._unsent: deque[bytes] = deque()
        self._before = Before()
        self._broken = False
        self._hides: Optional[tuple[str, Callable[[str], str]]] = None

    def begin(self, request_id: str) -> None:
        """Watch for the runs of this request from now on."""
        self.request_id = request_id
        self._began = time()

    def glance(self) -> None:
        """Look, and show what is new. Never raises: a picture that fails must not hurt the run that it shows."""
        now = monotonic()
        if self._broken or not self.request_id or now < self._next_look:
            return
        self._next_look = now + GLANCE
        try:
            self._search(now)
            self._read()
            self._send(patiently=False)
            if self._screen is not None and not self._unsent:
                self._screen.show(self._line())
        except Exception:  # noqa: BLE001  (see above; how the run ended is shown at its end, from its record)
            self._broken = True

    def finish(self) -> None:
        """Show all that is left of the conversation, and take the line away. Raises OSError when nobody takes it."""
        if self._run is None or self._run.stream is None:
            self._search(monotonic() + SEARCH)
        if self._screen is not None:
            self._screen.clear(patiently=True)
        if self._run is not None and self._run.stream is not None:
            if self._follow and not self._broken:
                self._send(patiently=True)
                for line in self._run.stream.rest():
                    self._hear(line)
                    self._send(patiently=True)
            self._run.stream.close()

    def _search(self, now: float) -> None:
        """Find the latest run of the request, and its stream once that is there."""
        if now < self._next_search:
            return
        attempts = runs.of_request(self._around.home, self._task.name, self.request_id)
        if not attempts:
            return
        known = self._run
        if known is None or known.run_id != attempts[0]:
            if known is not None and known.stream is not None:
                known.stream.close()
            known = _Run(attempts[0], None, Seen(), self._agent.begin(self._task))
        if known.stream is None:
            known = known._replace(
                stream=stdout_of(runs.folder(self._around.home, self._task.name, known.run_id))
            )
            if known.stream is not None:
                self._next_search = now + SEARCH
        self._run = known

    def _read(self) -> None:
        # While somebody does not take the conversation, no more of it is read.
        if self._run is not None and self._run.stream is not None and not self._unsent:
            for line in self._run.stream.lines():
                self._hear(line)

    def _hear(self, line: bytes) -> None:
        run = self._run
        if run is None:
            return
        # Only when a run is over are the secrets in its file masked.
        line = self._hiding(run.run_id)(line.decode("utf-8", "replace")).encode()
        seen, progress, description = run.seen, run.progress, self._agent.describe(line)
        if self._screen is not None:
            progress = self._agent.observe(progress, line)
            tokens = progress.tokens
            seen = observe(seen, description)._replace(tokens=tokens)
            if self._task.claude.session == "continue":
                seen = seen._replace(cost=None)  # the cost that is reported then is that of the whole session
        self._run = run._replace(seen=seen, progress=progress)
        if self._follow:
            for said in description.said:
                before, self._before = self._before, heard(self._before, said)
                if repeats(said, before):
                    continue
                text = laid_out(said, sys.stdout) + "\n"
                self._unsent.append(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))

    def _hiding(self, run_id: str) -> Callable[[str], str]:
        """What hides the secrets of a run, also those that were looked up for it."""
        if self._hides is None or self._hides[0] != run_id:
            folder = runs.folder(self._around.home, self._task.name, run_id)
            self._hides = (run_id, withsecrets.hiding(self._around, folder))
        return self._hides[1]

    def _send(self, *, patiently: bool) -> None:
        if not self._unsent:
            return
        if self._screen is not None:
            self._screen.clear()
        sys.stdout.flush()
        number = sys.stdout.fileno()
        while self._unsent and (patiently or ready(number)):
            piece = self._unsent.popleft()
            sent = os.write(number, piece[:PIECE])
            if piece[sent:]:
                self._unsent.appendleft(piece[sent:])

    def _line(self) -> str:
        name, now = self._task.name, time()
        if self._run is None:
            return f"{name}  {live_line.clock(now - self._began)}  {self._waits()}"
        elapsed = now - runs.moment_of(self._run.run_id)
        if self._stop.requested:
            return f"{name}  {live_line.clock(elapsed)}  is being stopped, with all that it started ..."
        return live_line.line(name, elapsed, self._usual, self._run.seen)

    def _waits(self) -> str:
        """What the request waits for."""
        running = find.in_slot(self._around.home, self._task.lane)
        content = next((one for one in running if one.run_id), None)
        if content is None:
            return "waits for its turn"
        since = live_line.clock(time() - runs.moment_of(content.run_id))
        return printable(f"waits: lane {self._task.lane} is running {content.task} (for {since})")
