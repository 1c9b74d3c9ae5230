"""The keeper's own process: it starts the agent, stays its parent, and leaves nothing of the run behind."""

from __future__ import annotations

import gc
import os
import select
import signal
from time import monotonic
from types import FrameType
from typing import Callable, NamedTuple, NoReturn, Optional

from clodputer.runner.processes import keyring, subreaper
from clodputer.runner.processes.child import Child
from clodputer.runner.processes.keeper import decide, words
from clodputer.runner.processes.keeper.decide import Seen
from clodputer.runner.processes.keeper.words import Report
from clodputer.runner.processes.leftovers import sweep
from clodputer.store.files.atomic import write_all
from clodputer.store.processes.deadline import keep_only

NAME = "clodputer-keep"

# What is meant for exec, for the agent or for everybody: the keeper ends when exec says so, or when exec is dead.
IGNORED = (
    *(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGALRM),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
)

# Once exec is dead nobody else kills what resists, so the keeper goes on trying for so many seconds.
PERSISTENCE = 600.0

CHUNK = 4096


class Work(NamedTuple):
    """What a keeper is forked for. orders, reports: its ends of the two pipes. stdin: what the agent reads.

    start: starts the agent and returns its pid. hunt: where there is no subreaper, kills what is left of the run of a dead
    exec. depth: as in `Launch`.
    """

    orders: int
    reports: int
    stdin: int
    start: Callable[[], int]
    hunt: Callable[[], object]
    reach: sweep.Reach
    depth: int = 0


def be(work: Work) -> NoReturn:
    """Be the keeper, in a process that was just forked; never returns into the code of exec."""
    status = 1
    try:
        _settle_in(work)
        _Keeper(work).stay()
        status = 0
    finally:
        os._exit(status)


def _settle_in(work: Work) -> None:
    """Become a process of its own, small and out of reach of a terminal; of exec's files only those of `work` stay open."""
    gc.disable()  # a collection would touch, and so copy, every page that is shared with exec
    signal.set_wakeup_fd(-1)
    os.setsid()
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    keep_only(work.orders, work.reports, work.stdin)
    os.chdir("/")
    if work.reach.subreaper:
        subreaper.become()
    if work.depth:
        keyring.leave()  # no name space keeps it from a sandbox
    subreaper.be_named(NAME)


class _Keeper:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.seen = Seen()
        self.child = Child(0)
        self.woken, waker = os.pipe()
        for descriptor in (self.woken, waker):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, _noticed)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self.events = select.poll()
        self.events.register(work.orders, select.POLLIN | select.POLLHUP)
        self.events.register(self.woken, select.POLLIN)

    def stay(self) -> None:
        """Until nothing of the run is left, or nothing was ever started."""
        while True:
            step, seconds = decide.next_step(self.seen, monotonic())
            if step == decide.LEAVE:
                return
            if step == decide.CLEAR:
                self.clear()
                return
            if step == decide.START:
                self.start()
            elif step == decide.TERMINATE:
                self.child.ask_to_leave()
                self.seen = self.seen._replace(terminate=False, asked=self.seen.orphaned is not None)
            else:
                self.wait(seconds)

    def start(self) -> None:
        """Start the agent; what keeps it from being started is reported, and raised by exec."""
        try:
            pid = self.work.start()
        except Exception as error:  # noqa: BLE001  (exec raises it)
            self.report(Report(words.REFUSED, words.of_error(error)))
            self.seen = self.seen._replace(orphaned=monotonic())
            return
        self.child = Child(pid, self.work.depth)
        os.close(self.work.stdin)
        self.seen = self.seen._replace(started=True)
        self.report(Report(words.STARTED, pid))

    def wait(self, seconds: Optional[float]) -> None:
        """Until an order comes, exec dies, a child ends, or so many seconds are over; what happened is noted."""
        milliseconds = None if seconds is None else max(1.0, seconds * 1000)
        for descriptor, _ in self.events.poll(milliseconds):
            data = os.read(descriptor, CHUNK)
            if descriptor == self.work.orders:
                self.hear(data)
        if self.seen.started and not self.seen.ended and self.bury():
            self.seen = self.seen._replace(ended=True)
            self.report(Report(words.ENDED))

    def hear(self, data: bytes) -> None:
        """Orders, or exec's death, which closes the other end of their pipe."""
        if not data:
            self.events.unregister(self.work.orders)
            self.seen = self.seen._replace(orphaned=monotonic())
            return
        self.seen = self.seen._replace(
            go=self.seen.go or words.GO in data,
            terminate=self.seen.terminate or words.TERMINATE in data,
            clear=self.seen.clear or words.CLEAR in data,
        )

    def bury(self) -> bool:
        """Reap adopted children that have ended; whether the agent has. It stays unreaped, so that its number stays its own."""
        look = getattr(os, "waitid", None)
        if look is None or not self.work.reach.subreaper:
            return self.child.ended()
        while True:
            try:
                ended = look(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return True
            if ended is None:
                return False
            if ended.si_pid == self.child.pid:
                return True
            os.waitpid(ended.si_pid, os.WNOHANG)

    def clear(self) -> None:
        """Kill the agent and whatever else of the run is alive, and report it if exec is."""
        alone = self.seen.orphaned is not None
        self.child.kill_and_reap(self.pause)
        reach = self.work.reach._replace(spare=frozenset())  # what exec spares are children of its own
        swept: sweep.Swept = ()
        if reach.subreaper:
            swept = sweep.adopted(reach, PERSISTENCE if alone else sweep.PATIENCE)
            if self.work.depth:
                # What the run itself has left was inside, and has ended with the sandbox. Ours alone are the sandbox's own
                # processes, which were about to end by themselves.
                swept = tuple(row for row in swept if row["alive"])
        elif alone:
            self.work.hunt()
        self.report(Report(words.CLEARED, {"status": self.child.status, "swept": swept}))

    def pause(self, seconds: float) -> None:
        """Until a child ends, or so many seconds are over."""
        if select.select([self.woken], [], [], seconds)[0]:
            os.read(self.woken, CHUNK)

    def report(self, report: Report) -> None:
        """Send it to exec, unless exec is dead."""
        try:
            write_all(self.work.reports, words.write(report))
        except BrokenPipeError:
            pass


def _noticed(_number: int, _frame: Optional[FrameType]) -> None:
    pass
