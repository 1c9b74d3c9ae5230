"""Exec's side of the keeper: the agent behind it is started, asked to leave and cleared away as if it were our own child."""

from __future__ import annotations

import os
import select
import signal
from fcntl import F_DUPFD_CLOEXEC, fcntl
from functools import partial
from time import monotonic
from typing import Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.run import Launch
from clodputer.runner.processes.child import KILL_PATIENCE, Child
from clodputer.runner.processes.keeper import process, words
from clodputer.runner.processes.leftovers import sweep
from clodputer.runner.processes.spawn import spawn
from clodputer.runner.processes.stop import Stop
from clodputer.store.files.doing import doing, said

# What the keeper is given to kill an agent and then the rest; after that, or at its death, we do it ourselves.
LONGEST_CLEARING = KILL_PATIENCE + sweep.PATIENCE + 5.0

# A keeper answers at once; if it does not within so many seconds, somebody may have stopped it, and it is woken.
STOPPED = 2.0

CHUNK = 65536

# Our ends of the pipes for orders. A keeper takes the end of its pipe for our death, so no other process that we fork may
# keep one open.
_ours: set[int] = set()


class Kept:
    """The agent of a run and its keeper, from the fork of the keeper to the moment when nothing of the run is left.

    pid: the agent's, 0 before `go`. status: the agent's wait status, None until `clear`, and afterwards when nobody saw it:
    the keeper was killed where there is no subreaper, or before it could say whom it had started. Where there is one, a
    keeper that is killed leaves all of its children to us, and the run goes on.
    """

    def __init__(
        self,
        launch: Launch,
        stdin: int,
        stdout: str,
        stderr: str,
        reach: sweep.Reach,
        process_json: str,
        by_fork: bool = False,
    ) -> None:
        """Fork the keeper; nothing of the run is started yet. Raises OSError.

        stdout, stderr: files that are there. process_json: what a keeper without a subreaper goes by when we are dead.
        """
        self.pid = 0
        self.status: Optional[int] = None
        self._reach, self._depth = reach, launch.depth
        self._own: Optional[Child] = None  # the agent, once the keeper is dead
        self._ended = self._cleared = False
        self._swept: sweep.Swept = ()
        self._data = b""
        with doing("creating pipes to the keeper of a run"):
            orders, self._orders = _pipe()
            _ours.add(self._orders)
            self._reports, reports = _pipe()
            kept_stdin = _above_the_standard_ones(stdin)
        work = process.Work(
            orders,
            reports,
            kept_stdin,
            partial(spawn, launch, kept_stdin, stdout, stderr, by_fork),
            partial(sweep.sweep_by_file, launch.env.get("CLODPUTER_RUN_ID", ""), process_json),
            reach,
            launch.depth,
        )
        try:
            with doing("starting the keeper of a run"):
                self._keeper = os.fork()
            if self._keeper == 0:
                process.be(work)
        except OSError:
            self._let_go()
            raise
        finally:
            for descriptor in (orders, reports, kept_stdin):
                os.close(descriptor)
        os.set_blocking(self._reports, False)
        self._alive = True
        found = reach.tree.find(self._keeper)
        # It is about to lead a session of its own; we do not wait for that.
        self.identity = found.identity._replace(session=self._keeper) if found is not None else None

    def go(self) -> None:
        """Have the agent started. Raises ClodputerError "not_started"; without a pid nobody knows whether it was."""
        self._order(words.GO)
        if not self._alive:
            message = "the Clodputer process that was to start the agent was killed"
            raise ClodputerError("not_started", message, "Look for the out-of-memory killer.")
        report = self._wait_for(words.STARTED, words.REFUSED)
        if report is not None and report.kind == words.REFUSED:
            self.close()
            error = words.error_of(report.value)
            if isinstance(error, OSError):
                message = f"the agent could not be started: {said(error, 'opening its output files')}"
                raise ClodputerError("not_started", message)
            raise error

    @property
    def root(self) -> int:
        """The process whose descendants are the run: the keeper, or when it is dead we ourselves."""
        return self._keeper if self._alive else os.getpid()

    def filenos(self) -> tuple[int, ...]:
        """What becomes readable when there is something new to ask `ended` about, for a select."""
        return (self._reports,) if self._alive else ()

    def ended(self) -> bool:
        """Whether the agent has ended; if nobody can tell any more, it is taken to have."""
        self._hear()
        if self._own is not None:
            return self._own.ended()
        return self._ended or not self._alive

    def terminate(self) -> None:
        """Ask the agent to leave by SIGTERM."""
        self._order(words.TERMINATE)
        if self._own is not None:
            self._own.ask_to_leave()

    def clear(self, stop: Stop, traces: sweep.Traces) -> sweep.Swept:
        """Kill all that is left of the run and say what that was; the agent's status is known afterwards, if it can be."""
        self._order(words.CLEAR)
        deadline = monotonic() + LONGEST_CLEARING
        while self._alive and not self._cleared and monotonic() < deadline:
            stop.wait(deadline - monotonic(), *self.filenos())
            self._hear()
        self.close()
        if self._own is not None:
            self._own.kill_and_reap(stop.wait)
            self.status = self._own.status
        if self._cleared and self._reach.subreaper:
            return self._swept
        return sweep.after_run(self._reach, traces)

    def close(self) -> None:
        """Part from the keeper, whose work is done or who is too late with it; may be repeated."""
        if self._alive:
            self._bury()

    @property
    def exit_status(self) -> Optional[int]:
        """The agent's exit status, when it exited."""
        return os.WEXITSTATUS(self.status) if self.status is not None and os.WIFEXITED(self.status) else None

    @property
    def signal(self) -> Optional[int]:
        """The signal that ended the agent, when one did."""
        return os.WTERMSIG(self.status) if self.status is not None and os.WIFSIGNALED(self.status) else None

    def _order(self, order: bytes) -> None:
        if not self._alive:
            return
        try:
            os.write(self._orders, order)
            os.kill(self._keeper, signal.SIGCONT)  # if somebody has stopped it
        except BrokenPipeError:
            self._bury()

    def _wait_for(self, *kinds: str) -> Optional[words.Report]:
        """The next report of these kinds; None when the keeper died instead."""
        while self._alive:
            if not select.select([self._reports], [], [], STOPPED)[0]:
                os.kill(self._keeper, signal.SIGCONT)
            for report in self._hear():
                if report.kind in kinds:
                    return report
        return None

    def _hear(self) -> list[words.Report]:
        """Take in what the keeper has reported, and notice its death."""
        found: list[words.Report] = []
        while self._alive:
            try:
                data = os.read(self._reports, CHUNK)
            except BlockingIOError:
                break
            if not data:
                self._bury()
                break
            reports, self._data = words.read(self._data + data)
            for report in reports:
                self._note(report)
            found += reports
        return found

    def _note(self, report: words.Report) -> None:
        if report.kind == words.STARTED:
            self.pid = int(report.value)
        elif report.kind == words.ENDED:
            self._ended = True
        elif report.kind == words.CLEARED:
            self._cleared, self.status = True, report.value["status"]
            self._swept = tuple(report.value["swept"])

    def _bury(self) -> None:
        """End the keeper for good; only then have we inherited its children."""
        self._alive = False
        self._let_go()
        try:
            # Done with its work it is about to exit, and otherwise it must not come back to it beside us.
            os.kill(self._keeper, signal.SIGKILL)
            os.waitpid(self._keeper, 0)
        except (ChildProcessError, ProcessLookupError):
            pass
        if self.pid and not self._cleared:
            self._own = Child(self.pid, self._depth)

    def _let_go(self) -> None:
        _ours.discard(self._orders)
        os.close(self._orders)
        os.close(self._reports)


def _close_in_child() -> None:
    for descriptor in _ours:
        os.close(descriptor)
    _ours.clear()


os.register_at_fork(after_in_child=_close_in_child)


def _pipe() -> tuple[int, int]:
    reader, writer = os.pipe()
    return _moved(reader), _moved(writer)


def _moved(descriptor: int) -> int:
    if descriptor > 2:
        return descriptor
    moved = _above_the_standard_ones(descriptor)
    os.close(descriptor)
    return moved


def _above_the_standard_ones(descriptor: int) -> int:
    """A second descriptor of the same file, above 2, should some of the standard ones be closed."""
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
