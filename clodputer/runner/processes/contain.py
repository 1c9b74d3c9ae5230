"""Contain: start a program, stay with it, and let nothing of it outlive it; what is started is on disk before it is."""

from __future__ import annotations

from time import time
from typing import Any, Callable

from clodputer import agents
from clodputer.model.run import Ended, Launch, Progress
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.runner.processes.hearing import Hearing
from clodputer.runner.processes.keeper.kept import Kept
from clodputer.runner.processes.leftovers import sweep
from clodputer.runner.processes.leftovers.recorded import Identity
from clodputer.runner.processes.stop import Stop
from clodputer.runner.processes.stream import Output
from clodputer.runner.processes.supervise import supervise
from clodputer.store.context import Context
from clodputer.store.processes import deadline
from clodputer.store.records import runs


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
        "sandbox": dict(launch.sandbox),
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
