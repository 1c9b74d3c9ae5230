"""The reader behind the dashboard: looked at every second, it reads only what has changed since, and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import monotonic
from typing import Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.queue.lanes import slots
from clodputer.model.text.jsontext import loads
from clodputer.store.context import Context, look_on
from clodputer.store.home import locate
from clodputer.views.dashboard.board import Board, Live
from clodputer.views.dashboard.stamps import Stamps, stamp, stamps
from clodputer.views.dashboard.streams import Streams
from clodputer.views.overview.status import Status, gather
from clodputer.views.queue import waiting
from clodputer.views.queue.waiting import Queue
from clodputer.views.runs import past
from clodputer.views.runs.seen import Seen

# So many past runs, slot times, waiting requests and events are shown at most: more than a screen has lines.
MOST_RUNS, MOST_QUEUED, MOST_EVENTS = 100, 200, 200
# So much of the end of the log is read for its last events, in bytes.
END_OF_LOG = 64 * 1024
# Time alone changes something as well (an exec dies, a budget starts again): all is read again after so many seconds, and after
# more in a home whose reading takes long.
LONGEST_REST = 20.0
# Of a home that changes all the time, reading takes no more than this part of one processor; of one at rest than the other.
SHARE, SHARE_AT_REST = 0.1, 0.005


class Reader:
    """Looks at one home again and again. It takes no lock, and writes nothing but the cache that `status` writes."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._streams = Streams()
        self._status: Optional[Status] = None
        self._queue: Optional[Queue] = None
        self._usual: dict[str, Optional[float]] = {}
        self._log: tuple[Mapping[str, Any], ...] = ()
        self._log_stamp = (0, 0, 0)
        self._stamps: Optional[Stamps] = None
        self._problem = self._fix = ""
        self._next = self._latest = 0.0
        self.context: Optional[Context] = None

    def look(self, now: float) -> Board:
        """Everything as it is at `now` (epoch seconds). What cannot be read is said in the board. Never raises OSError."""
        home = locate(self._environ)
        seen = stamps(home)
        moment = monotonic()
        changed = seen != self._stamps or self._slot_passed(now)
        if moment >= self._latest or (changed and moment >= self._next):
            self._stamps = seen
            self._gather(now)
            took = monotonic() - moment
            self._next, self._latest = moment + took / SHARE, moment + max(LONGEST_REST, took / SHARE_AT_REST)
        status = self._status
        return Board(
            home.root,
            now,
            None if status is None else status._replace(now=now),
            self._live(now),
            self._queue,
            self._log,
            self._problem,
            self._fix,
        )

    def soon(self) -> None:
        """Read everything in the next look, because something was just done."""
        self._next = self._latest = 0.0

    def close(self) -> None:
        """Let go of the files that are open."""
        self._streams.close()

    def _slot_passed(self, now: float) -> bool:
        return self._status is not None and any(one.slot <= now for one in self._status.coming[:1])

    def _gather(self, now: float) -> None:
        self._problem = self._fix = ""
        try:
            context = look_on(self._environ)
            self.context = context
            self._read_log(context)
            status = gather(context, now, MOST_RUNS)
            self._queue = waiting.queue(context, "", MOST_QUEUED, now)
            names = {one.task for one in status.running if one.task}
            if names:
                habits = past.habits(context.home, names, now)
                self._usual = {name: habit.usual for name, habit in habits.items()}
            self._status = status
        except ClodputerError as error:
            self._problem, self._fix = error.message, error.hint
        except OSError as error:
            self._problem, self._fix = f"The home cannot be read: {error}", "clodputer doctor"

    def _live(self, now: float) -> tuple[Live, ...]:
        context, status = self.context, self._status
        if context is None or status is None:
            return ()
        found = self._streams.look(context, status.running)
        lanes = context.settings.lanes
        return tuple(
            Live(
                one if one.started_at is None else one._replace(elapsed=now - one.started_at),
                found.get(one.run_id, Seen()),
                self._usual.get(one.task),
                slots(lanes, one.lane),
            )
            for one in status.running
        )

    def _read_log(self, context: Context) -> None:
        path = context.home.log
        known = stamp(path)
        if known != self._log_stamp:
            self._log_stamp, self._log = known, last_events(path, context)


def last_events(path: str, context: Context) -> tuple[Mapping[str, Any], ...]:
    """The last events of the log, the latest last, secrets masked; none without a log. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return ()
    try:
        begin = max(0, os.fstat(descriptor).st_size - END_OF_LOG)
        data = os.pread(descriptor, END_OF_LOG, begin)
    finally:
        os.close(descriptor)
    lines = data.split(b"\n")[1 if begin else 0 : -1]
    found = []
    for line in lines[-MOST_EVENTS:]:
        try:
            event = loads(line.decode("utf-8", "replace"))
        except ValueError:
            continue  # somebody has edited the log
        if isinstance(event, dict):
            found.append(context.masker.data(event))
    return tuple(found)
