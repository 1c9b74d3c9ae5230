"""Supervise: follow a run under its clocks, stop it when one runs out, and leave nothing of it behind."""

from __future__ import annotations

from time import monotonic
from typing import Any, Callable, Protocol

from clodputer.model.run import Ended, Launch, Progress
from clodputer.model.runs import clocks
from clodputer.model.runs.clocks import Moments
from clodputer.runner.processes.keeper.kept import Kept
from clodputer.runner.processes.leftovers import sweep
from clodputer.runner.processes.leftovers.recorded import Identity
from clodputer.runner.processes.stop import REQUESTS, Stop
from clodputer.runner.processes.stream import Output


class Listener(Protocol):
    """The part of an agent that hears what the run says."""

    def observe(self, progress: Progress, lines: bytes) -> Progress: ...


# An ended child and a signal wake us at once. The files are measured this often, for a writer of 1 GB/s gets 200 MB
# further between two looks; once it is under way we look again before it can reach the limit.
PAUSE = 0.2
SHORTEST_PAUSE = 0.01
# Our descendants are looked at soon after the start, when MCP servers come up, and then once a second.
FIRST_LOOK, LOOK = 0.1, 1.0
# How long the reading of a run's last output may go on when we are told to stop: systemd waits 90 s before it kills us.
READING = 20.0
# At a shutdown the agent and we are signalled within this many seconds of each other.
TOGETHER = 0.2


def supervise(
    kept: Kept,
    launch: Launch,
    output: Output,
    agent: Listener,
    progress: Progress,
    stop: Stop,
    record: Callable[[tuple[Identity, ...]], Any],
    reach: sweep.Reach,
) -> tuple[Progress, Ended]:
    """Stay with the agent that was started until it and all it started are gone; what it said, and how it ended.

    progress: the agent's, before the first byte. record: called at once and whenever somebody new belongs to the run,
    with the agent's identity first, then all others that are alive. `stop` must be entered, and `reach` prepared, before
    the start. Whatever is raised here, by a fault or by `record`, is raised after the run was killed.
    """
    traces = _first_traces(kept.pid, launch, reach)
    try:
        watch = _Watch(kept, launch, output, agent, progress, stop, record, reach, traces)
        stopped = watch.follow()
        if stopped:
            watch.ask_to_leave()
        swept = kept.clear(stop, watch.traces)
        unread = watch.hear_the_rest()
        stopped = (
            stopped or unread or ("output_too_large" if output.too_large else _told_together(kept, stop))
        )
        if not stopped and kept.status is None:
            stopped = "exec_died"  # the part of it that was the agent's parent
        return watch.progress, Ended(kept.exit_status, kept.signal, stopped, output.stderr_tail(), swept)
    except BaseException:
        kept.clear(stop, traces)
        raise


def _first_traces(pid: int, launch: Launch, reach: sweep.Reach) -> sweep.Traces:
    found = reach.tree.find(pid) if pid else None
    run_id, sessions = launch.env.get("CLODPUTER_RUN_ID", ""), launch.env.get("CLODPUTER_SESSIONS", "")
    return sweep.Traces(run_id, (found.identity,) if found else (), sessions)


def _told_together(kept: Kept, stop: Stop) -> str:
    """Why we are told to stop, if it is what ended the agent too, before we could ask it to leave.

    At a shutdown under cron, and at the end of a session, everybody gets the signal at once. Such a run did not fail.
    """
    # claude handles it, and reports it by its status.
    number = kept.signal or (kept.exit_status or 0) - 128
    if number not in REQUESTS:
        return ""
    deadline = monotonic() + TOGETHER
    while not stop.requested and monotonic() < deadline:
        stop.wait(deadline - monotonic())
    return stop.reason


class _Watch:
    def __init__(
        self,
        kept: Kept,
        launch: Launch,
        output: Output,
        agent: Listener,
        progress: Progress,
        stop: Stop,
        record: Callable[[tuple[Identity, ...]], Any],
        reach: sweep.Reach,
        traces: sweep.Traces,
    ) -> None:
        self.kept, self.launch, self.output, self.agent = kept, launch, output, agent
        self.stop, self.record, self.reach, self.traces = stop, record, reach, traces
        self.progress = progress
        self.itself = traces.recorded
        self.written: frozenset[Identity] = frozenset()
        # The clock stands still while the machine sleeps, so a closed lid is no stall.
        self.began = self.heard_at = self.result_at = self.measured_at = monotonic()
        self.next_look, self.gap = self.began + FIRST_LOOK, FIRST_LOOK
        self.asked = ""

    def follow(self) -> str:
        """Until it ends by itself, or there is a reason to stop it, which is returned."""
        self.record(self.itself)
        while True:
            # Asked before the reading: of one that had ended by then, everything is read.
            ended = self.kept.ended()
            now = monotonic()
            pause = self.listen(now)
            if ended:
                return ""
            if self.output.too_large:
                return "output_too_large"
            if self.progress.hopeless:
                return self.progress.hopeless
            if self.asked:
                return self.asked
            if self.stop.requested:
                return self.stop.reason
            expired = clocks.expired(
                self.launch,
                self.progress,
                Moments(self.began, self.heard_at, self.result_at),
                now,
                bool(self.output.unread),
            )
            if expired:
                return expired
            self.look(now)
            self.stop.wait(pause, *self.kept.filenos())

    def listen(self, now: float) -> float:
        """Measure, hand some of what is new to the agent, and say how long we may wait before the next time."""
        output = self.output
        stdout_before, before = output.stdout_size, output.stdout_size + output.stderr_size
        output.measure()
        size = output.stdout_size + output.stderr_size
        if size != before:
            self.heard_at = now
        if output.stdout_size != stdout_before:
            self.result_at = now
        self.hear()
        rate = (size - before) / max(now - self.measured_at, 0.001)
        self.measured_at = now
        if output.unread:
            return 0.0
        until_full = (output.most - size) / rate / 2 if rate > 0 else PAUSE
        return min(PAUSE, max(SHORTEST_PAUSE, until_full))

    def hear(self) -> None:
        """Only some chunks at a time, so that the clocks are looked at however much there is to read."""
        for _ in range(16):
            if not self.output.unread:
                break
            lines = self.output.lines()
            if lines:
                self.progress = self.agent.observe(self.progress, lines)

    def look(self, now: float) -> None:
        """If it is time, see whether the run's end was asked for, and who belongs to it; somebody new is written down."""
        if now < self.next_look:
            return
        self.asked = self.asked or self.stop.asked()
        self.gap = min(2 * self.gap, LOOK)
        self.next_look = now + self.gap
        living = frozenset(sweep.look(self.reach, self.traces, self.kept.pid, self.kept.root)).difference(
            self.itself
        )
        self.traces = self.traces._replace(recorded=(*self.itself, *sorted(living)))
        if not living <= self.written:
            self.record(self.traces.recorded)
            self.written = living

    def ask_to_leave(self) -> None:
        """SIGTERM to the agent alone, which cleans up more than we could, and time to obey."""
        self.kept.terminate()
        deadline = monotonic() + self.launch.stop_grace
        while not self.kept.ended():
            now = monotonic()
            if now >= deadline:
                break
            self.output.trim()
            self.hear()
            self.look(now)
            pause = SHORTEST_PAUSE if self.output.too_large else PAUSE
            self.stop.wait(min(deadline - now, pause), *self.kept.filenos())

    def hear_the_rest(self) -> str:
        """All that was written to the end, the last line with or without its newline; why not all of it was read, if so.

        Of a run that a person has cancelled nothing more is read. When we are told to stop, we take some seconds more: the
        result of a run that has ended by itself is worth them.
        """
        self.output.trim()
        deadline = 0.0
        while self.output.unread:
            if self.stop.requested and not deadline:
                deadline = monotonic() + READING
            late = bool(deadline) and monotonic() >= deadline
            if late or self.stop.cancelled():
                self.output.skip()
                return self.stop.reason if late else "cancelled"
            self.hear()
        last = self.output.last_line()
        if last:
            self.progress = self.agent.observe(self.progress, last)
        return ""
