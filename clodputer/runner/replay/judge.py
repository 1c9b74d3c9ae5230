"""A run judged from what is kept of it: its stream is folded and interpreted by the code that judges every run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer import agents
from clodputer.agents.lines import Lines
from clodputer.model.errors import ClodputerError
from clodputer.model.run import STOP_GRACE, TIMEOUT, Ended, Facts, Launch, Report
from clodputer.model.runs import rejudge
from clodputer.model.runs.rejudge import Verdict
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.tasks import taskfile

CHUNK = 1024 * 1024
# As much of stderr as a running exec keeps for the message.
TAIL = 4096


class Kept(NamedTuple):
    """What there is of a run. folder: with its streams. rules: the task by whose keys it is judged."""

    folder: str
    record: Mapping[str, Any]
    rules: Task


class Judged(NamedTuple):
    """A run by today's rules. now: None when these have nothing to say, and `why` says so."""

    task: str
    run_id: str
    was: Verdict
    now: Optional[Verdict]
    why: str = ""

    @property
    def changed(self) -> bool:
        """Whether the verdict would be another one."""
        return self.now is not None and (self.now.outcome, self.now.reason) != (
            self.was.outcome,
            self.was.reason,
        )

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.task,
            "run_id": self.run_id,
            "was": self.was.to_json(),
            "now": None if self.now is None else self.now.to_json(),
            "changed": self.changed,
            "why": self.why or None,
        }


def rules(context: Context, name: str, agent: str) -> Task:
    """The task of that name as it is now; one without any keys when there is none in order."""
    try:
        task = taskfile.load(context.home, name, context.environ)
    except ClodputerError:
        return Task(name, "", agent=agent if agent in agents.KINDS else "command")
    return task if task.agent == agent or agent not in agents.KINDS else task._replace(agent=agent)


def again(context: Context, task: str, run_id: str) -> Judged:
    """A run of this home by today's rules. Raises OSError."""
    folder, record = runs.folder(context.home, task, run_id), runs.record(context.home, task, run_id)
    if record is None:
        return Judged(task, run_id, Verdict("", "", ""), None, "it has no record")
    was = rejudge.recorded(record)
    why = rejudge.left_alone(record) or ("" if os.path.isfile(f"{folder}/stdout") else "its stream is gone")
    if why:
        return Judged(task, run_id, was, None, why)
    kept = Kept(folder, record, rules(context, task, str(record.get("agent"))))
    now = rejudge.of_outcome(report(kept).outcome)
    return Judged(task, run_id, was, now._replace(message=context.masker.text(now.message)))


def report(kept: Kept) -> Report:
    """What the run amounts to today. Raises OSError."""
    agent = agents.load(kept.rules.agent)
    progress = agent.begin(kept.rules)
    lines = Lines()
    for piece in _pieces(f"{kept.folder}/stdout"):
        block = lines.completed(piece)
        if block:
            progress = agent.observe(progress, block)
    if lines.last():
        progress = agent.observe(progress, lines.last())
    why = rejudge.stopped(kept.record, done=progress.done, hopeless=progress.hopeless)
    ended = Ended(_number(kept.record, "exit_status"), _number(kept.record, "signal"), why, tail(kept.folder))
    return agent.interpret(kept.rules, facts(kept.record), launch(kept), progress, ended)


def launch(kept: Kept) -> Launch:
    """How the run was started, as far as its judge asks."""
    argv = kept.record.get("argv")
    words = tuple(str(word) for word in argv) if isinstance(argv, list) else ()
    limits = kept.rules.limits
    return Launch(
        words,
        {},
        str(kept.record.get("working_directory") or ""),
        session_id=str(kept.record.get("session_id") or ""),
        resumed=any(word.startswith("--resume=") for word in words),
        startup_timeout=limits.startup_timeout,
        stall_timeout=limits.stall_timeout,
        timeout=TIMEOUT if limits.timeout is None else limits.timeout,
        stop_grace=STOP_GRACE if limits.stop_grace is None else limits.stop_grace,
    )


def facts(record: Mapping[str, Any]) -> Facts:
    """What is known of the surroundings of a past run: nothing."""
    return Facts(str(record.get("run_id") or ""), {}, {}, "")


def tail(folder: str) -> str:
    """The end of what it wrote to stderr. Raises OSError."""
    try:
        descriptor = os.open(f"{folder}/stderr", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    try:
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, TAIL, max(0, size - TAIL)).decode("utf-8", "replace")
    finally:
        os.close(descriptor)


def _pieces(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _number(record: Mapping[str, Any], key: str) -> Optional[int]:
    value = record.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
