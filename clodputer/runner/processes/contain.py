"""Contain: start a program, stay with it, and let nothing of it outlive it; what is started is on disk before it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import time
from typing import Any, Callable

from clodputer import agents
from clodputer.agents import locate
from clodputer.model.moment import iso
from clodputer.model.run import Ended, Launch, Progress
from clodputer.model.task import Task
from clodputer.runner.processes import sweep
from clodputer.runner.processes.hearing import Hearing
from clodputer.runner.processes.keeper.kept import Kept
from clodputer.runner.processes.recorded import Identity
from clodputer.runner.processes.stop import Stop
from clodputer.runner.processes.stream import Output
from clodputer.runner.processes.supervise import supervise
from clodputer.store import deadline, runs
from clodputer.store.context import Context

# A check after a run is to look, not to work. It gets what is left of the clock of its run, but at least so long that a run
# that ended just in time can be proved; in seconds.
CHECK_TIMEOUT, SHORTEST_CHECK = 600.0, 5.0
CHECK_FOLDER = "check"


def contain(
    context: Context,
    folder: str,
    task: Task,
    launch: Launch,
    stdin: int,
    stop: Stop,
    starting: Callable[[], object],
    account: str = "",
) -> tuple[Progress, Ended]:
    """Run the task's agent to its end; what it said and how it ended. Raises ClodputerError "not_started", OSError.

    starting: called when all is ready, just before the start. process.json is there by then and names the keeper, and soon
    every process seen, for a sweep after our own death. account: what it draws on, empty for none.
    """
    facts: dict[str, Any] = {
        "agent": task.agent,
        "account": account,
        "argv": context.masker.data(list(launch.argv)),
        "working_directory": launch.working_directory,
        "session_id": launch.session_id,
        "temporary": launch.env.get("TMPDIR", ""),
        "sessions": launch.env.get("CLODPUTER_SESSIONS", ""),
        "started_at": iso(time()),
    }
    path = f"{folder}/process.json"

    def record(processes: tuple[Identity, ...]) -> None:
        # Not for good: after a power cut none of them is there.
        try:
            runs.write_json(path, {**facts, "processes": processes}, durable=False)
        except OSError:
            if not processes:
                raise  # nothing is started yet
            # A full disk is no reason to end a run that goes well: if we die, the keeper is there.

    reach = sweep.prepare(deadline.left_behind())
    stdout, stderr = f"{folder}/stdout", f"{folder}/stderr"
    agent = agents.load(task.agent)
    with Output(stdout, stderr, launch.max_output) as output:
        kept = Kept(launch, stdin, stdout, stderr, reach, path)
        try:
            facts["keeper"] = kept.identity
            record(())
            starting()
            kept.go()
        except BaseException:
            kept.close()  # nothing was started
            raise
        hearing = Hearing(context.home, account, agent)
        return supervise(kept, launch, output, hearing, agent.begin(task), stop, record, reach)


def run_check(
    context: Context,
    folder: str,
    task: Task,
    launch: Launch,
    argv: Sequence[str],
    stop: Stop,
    elapsed: float,
) -> tuple[int, str]:
    """Run a check of the task's, contained like its agent and in the same surroundings; exit status and end of output.

    elapsed: how long the run has taken, in seconds; the check gets the rest of the run's clock, and the same cap on output.
    A check that had to be stopped, or that a signal ended, has status -1. Raises OSError when it cannot be started.
    """
    program = argv[0] if "/" in argv[0] else locate.find(argv[0], locate.folders(launch.env["PATH"]))
    if not program:
        raise FileNotFoundError(f"there is no program {argv[0]!r} in {launch.env['PATH']}")
    check = Launch(
        (program, *argv[1:]),
        launch.env,
        launch.working_directory,
        timeout=min(CHECK_TIMEOUT, max(SHORTEST_CHECK, launch.timeout - elapsed)),
        stop_grace=launch.stop_grace,
        max_output=launch.max_output,
    )
    inside = f"{folder}/{CHECK_FOLDER}"
    os.makedirs(inside, mode=0o700, exist_ok=True)
    descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, ended = contain(context, inside, task._replace(agent="command"), check, descriptor, stop, _nothing)
    finally:
        os.close(descriptor)
    output = _tail(f"{inside}/stdout") + ended.stderr_tail
    stopped = f" It was stopped: {_STOPPED.get(ended.stopped, ended.stopped)}." if ended.stopped else ""
    status = -1 if ended.stopped or ended.exit_status is None else ended.exit_status
    return status, context.masker.text(output + stopped)


_STOPPED = {
    "timeout": "the run's clock (timeout) ran out during this check, or it took ten minutes",
    "output_too_large": "it wrote more than max_output",
    "cancelled": "the run was cancelled",
    "interrupted": "Clodputer was told to stop",
}


def _nothing() -> None:
    """A check belongs to a run that has been started."""


def _tail(path: str) -> str:
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4096))
        return file.read().decode("utf-8", "replace")
