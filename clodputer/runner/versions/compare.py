"""After an upgrade of claude, before the next run of a task that was tried: what the new version gives it, and what is less."""

from __future__ import annotations

import sys
from json import dumps
from shutil import rmtree
from tempfile import mkdtemp
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import BUDGET, CLAUDE_CHANGED, HOLD
from clodputer.model.rights.effective import Effective, from_json, weaker, words
from clodputer.model.task import Task
from clodputer.runner.admission import sharing, turn
from clodputer.runner.processes.stop import Stop
from clodputer.runner.versions import ask, paid
from clodputer.runner.versions.choose import LATER, located
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.holds import TASK, Hold, Target
from clodputer.store.records import runs
from clodputer.store.taskstate import tried
from clodputer.store.taskstate.tried import Tried

if TYPE_CHECKING:
    from subprocess import Popen

# How long a trial may take: worktree, setup, claude's start and one answer; in seconds.
PATIENCE = 600.0
# How long it gets to end what it has started when it is stopped, and how often it is looked at.
GRACE, GLANCE = 20.0, 0.5
# As we were started ourselves: `site` may be off, and then nothing else knows where packages are.
_START = (
    "import sys; from json import loads; sys.path[:] = loads(sys.argv.pop(1)); "
    "from clodputer.__main__ import program; program()"
)


def compare(context: Context, task: Task, stop: Stop) -> Optional[Wait]:
    """What keeps a run of the task waiting since claude was upgraded; None when nothing does. Raises OSError."""
    known = tried.read(context.home, task.name)
    if known is None or not known.accepted.version:
        return None
    try:
        version = ask.of(context, located(context))
    except (ClodputerError, OSError):
        return None  # the run itself says that there is no claude
    if version in ("", known.accepted.version):
        return None
    if known.seen is not None and known.seen.version == version:
        # The hold that reported it is gone: a person has accepted the difference.
        tried.write(context.home, task.name, Tried(known.seen, time()))
        return None
    over = paid.refused(context, task)
    if over is not None:
        return Wait(over.until, BUDGET, f"claude is {version} now, and has to be tried first. {over.message}")
    return _try(context, task, known, version, stop)


def _try(context: Context, task: Task, known: Tried, version: str, stop: Stop) -> Optional[Wait]:
    with turn.take(context.home) as ours:
        held = sharing.take(context, task) if ours else None
    if held is None:
        return Wait(time() + LATER, CLAUDE_CHANGED, "Another exec is still deciding whether a run may begin.")
    try:
        hindrance = None if held.alone else sharing.hindrance(context, task)
        if hindrance is not None:
            return sharing.expect(context, hindrance, time())
        found, why = trial(context, task.name, stop)
    finally:
        sharing.give_back(context, held)
    now = time()
    upgrade = f"claude is {version}, and the task was tried with {known.accepted.version}"
    if found is None:
        return Wait(now + LATER, CLAUDE_CHANGED, f"{upgrade}. What it provides could not be found out: {why}")
    differences = weaker(known.accepted, found)
    event = {"task": task.name, "version": version, "before": known.accepted.version}
    if not differences:
        tried.write(context.home, task.name, Tried(found, now))
        context.log(now, "compared", **event, message="The task can use everything that it could before.")
        return None
    message = context.masker.text(
        f"{upgrade}: {words(differences)}. Accept it with resume, or correct it and: clodputer try {task.name}"
    )
    tried.write(context.home, task.name, known._replace(seen=found))
    holds.place(context.home, Target(TASK, task.name), Hold(CLAUDE_CHANGED, message, now, None), extend=True)
    context.log(now, "compared", **event, message=message)
    return Wait(None, HOLD, f"task {task.name} is on hold ({CLAUDE_CHANGED}): {message}")


def trial(context: Context, task: str, stop: Stop) -> tuple[Optional[Effective], str]:
    """What a trial of the task finds, made here and now by an exec of its own; or None, and why it found nothing.

    That exec is asked to stop when we are, or when it takes too long, and then ends what it has started.
    """
    # As subprocess, for the runs that need it.
    from subprocess import DEVNULL, Popen

    folder = mkdtemp(suffix="-probe", dir=context.home.cache)
    path = f"{folder}/seen.json"
    argv = [sys.executable, "-IS", "-c", _START, dumps(sys.path), "exec", "--probe", path, "--try", task]
    environ = {**context.environ, "CLODPUTER_HOME": context.home.root}
    try:
        process = Popen(argv, env=environ, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, cwd="/")
        try:
            late = _followed(process, stop)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        found, why = outcome(runs.read_json(path))
        return found, late or why
    finally:
        rmtree(folder, ignore_errors=True)


def _followed(process: Popen[bytes], stop: Stop) -> str:
    """Wait for the end of a trial; why it was ended before, as a sentence."""
    give_up, killed_at, why = monotonic() + PATIENCE, float("inf"), ""
    while process.poll() is None and monotonic() < killed_at:
        if not why and (stop.requested or monotonic() >= give_up):
            why = "it was stopped." if stop.requested else f"it took longer than {PATIENCE:.0f} s."
            killed_at = monotonic() + GRACE
            process.terminate()
        stop.wait(GLANCE)
    return why


def outcome(seen: Optional[dict[str, Any]]) -> tuple[Optional[Effective], str]:
    """What a trial has written: what it found, or None, and why."""
    if seen is None:
        return None, "the trial printed nothing."
    try:
        return from_json(seen["effective"]), str(seen.get("message", ""))
    except (KeyError, ValueError):
        return None, str(seen.get("message") or "the trial found nothing.")
