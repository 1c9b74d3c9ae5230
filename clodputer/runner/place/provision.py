"""Provision: the task's setup before its agent, and its teardown afterwards, which recovery runs when we were killed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, NamedTuple, Optional

from clodputer import isolate
from clodputer.agents import environment
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate import provision
from clodputer.model.isolate.provision import TEARDOWN
from clodputer.model.proof import proof
from clodputer.model.proof.proof import Answer
from clodputer.model.run import DEFAULT_MAX_OUTPUT, STOP_GRACE, Facts, Launch
from clodputer.model.task import Task, from_json, to_json
from clodputer.runner.place import worktree
from clodputer.runner.processes.stop import Stop
from clodputer.runner.prompt import texts
from clodputer.runner.proof import check
from clodputer.runner.proof.check import Place
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.files.doing import said
from clodputer.store.records import runs
from clodputer.store.taskfiles import limited
from clodputer.store.taskfiles.template_terms import CannotRender
from clodputer.tasks import taskfile

# In the folder of a run whose teardown is still to be run: what that is, and how often it was begun.
DUE = "teardown.json"
# Whoever told us to stop, or has cancelled the run, does not wait for long: then a teardown gets so many seconds. systemd kills
# after 90.
WHEN_STOPPED = 30.0


class Ended(NamedTuple):
    """What the record says of a teardown: its entry, and a sentence when it failed."""

    entry: Mapping[str, Any]
    sentence: str


def begin(place: Place) -> None:
    """Note, before the setup, that there is something to take down from now on. Raises OSError."""
    task, launch = place.task, place.launch
    if not task.teardown:
        return
    _write(
        place.folder,
        {
            "argv": list(task.teardown),
            "working_directory": launch.working_directory,
            "timeout": task.setup_timeout,
            "temporary": launch.env.get("TMPDIR", ""),
            "given": {name: launch.env[name] for name in (provision.VARIABLE,) if name in launch.env},
            "in_worktree": task.in_worktree,
            "within": dict(launch.within),
            "sandboxed": bool(launch.prefix),
            "tries": 0,
        },
    )


def end(place: Place) -> Optional[Ended]:
    """Run the teardown of a run that is over; what came of it, None when none is due. Raises OSError.

    It is run also when the run was cancelled, or when we were told to stop.
    """
    due = _read(place.folder)
    if due is None:
        return None
    place = place._replace(launch=place.launch._replace(timeout=_limit(due, place.stop)))
    ended = _run(place, due)
    if ended.sentence:
        _log(place.context, place.task.name, os.path.basename(place.folder), ended.sentence)
    return ended


def recover(context: Context, task: str, run_id: str) -> None:
    """Run the teardown of a run whose exec was killed, unless it was begun often enough. Never raises."""
    folder = runs.folder(context.home, task, run_id)
    try:
        due = _read(folder)
        if due is None or os.path.lexists(f"{folder}/{runs.RESTORED}"):
            return
        if due["sandboxed"]:
            # Its sandbox is gone, and what it would call may be of the agent's making.
            _forget(folder)
            message = "It was not run after the kill, as it may run only in the sandbox of its run."
        elif due["tries"] >= provision.MOST_TEARDOWNS:
            _forget(folder)
            message = f"It was begun {due['tries']} times and did not finish; it is not tried again."
        else:
            message = _run(_place(context, task, run_id, due), due).sentence
    except (OSError, ClodputerError) as error:
        message = f"Its teardown could not be run: {said(error) if isinstance(error, OSError) else error}"
    if message:
        _log(context, task, run_id, message)


def _log(context: Context, task: str, run_id: str, message: str) -> None:
    context.log(time(), "not_torn_down", task=task, run_id=run_id, message=context.masker.text(message))


def _run(place: Place, due: Mapping[str, Any]) -> Ended:
    """Run it while no earlier wish to stop ends it: a signal that comes meanwhile does, and is passed on; so does a cancel."""
    _write(place.folder, {**due, "tries": due["tries"] + 1})
    with Stop() as stop:
        if not place.stop.cancelled():
            stop.cancel = place.stop.cancel
        answer = _ask(place._replace(stop=stop), due)
    if stop.signal:
        os.kill(os.getpid(), stop.signal)
    _forget(place.folder)
    return Ended(proof.entry(TEARDOWN, answer), provision.teardown_failed(answer))


def _ask(place: Place, due: Mapping[str, Any]) -> Answer:
    try:
        return check.ask(place, TEARDOWN, due["argv"])
    except OSError as error:
        return Answer(due["argv"], problem=said(error))


def _place(context: Context, name: str, run_id: str, due: Mapping[str, Any]) -> Place:
    """Where a teardown runs whose exec was killed: with the environment that the task's file describes now."""
    temporary = due["temporary"] if os.path.isdir(due["temporary"]) else "/tmp"  # noqa: S108
    facts = Facts(
        run_id, context.environ, context.secrets, temporary, home=context.home.root, given=due["given"]
    )
    env = environment.build(_known(context, name), facts)
    if due["in_worktree"]:
        env = worktree.without_git(env)
    launch = Launch((), env, due["working_directory"], timeout=due["timeout"], max_output=DEFAULT_MAX_OUTPUT)
    launch = launch._replace(stop_grace=STOP_GRACE, within=due["within"])
    folder = runs.folder(context.home, name, run_id)
    return Place(context, runs.request_of(run_id), folder, Task(name, ""), launch, Stop())


def _known(context: Context, name: str) -> Task:
    """The task with the variables that its file names, filled in; without them when the file is gone or broken by now."""
    try:
        task = taskfile.load(context.home, name, context.environ)
        bare = Task(name, task.path, env=task.env)
        return from_json(
            limited.call(lambda: to_json(texts.render_task(bare, context.environ, context.secrets)))
        )
    except (ClodputerError, CannotRender):
        return Task(name, "")


def _limit(due: Mapping[str, Any], stop: Stop) -> float:
    seconds = float(due["timeout"])
    return min(seconds, WHEN_STOPPED) if stop.requested or stop.cancelled() else seconds


def _read(folder: str) -> Optional[dict[str, Any]]:
    """What is due there, or None; a file that somebody has edited into something else is nothing. Raises OSError."""
    found = runs.read_json(f"{folder}/{DUE}")
    try:
        return None if found is None else _checked(found)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _checked(found: Mapping[str, Any]) -> dict[str, Any]:
    argv = [str(word) for word in found["argv"]]
    return {
        "argv": argv or [""],
        "working_directory": str(found["working_directory"]),
        "timeout": float(found["timeout"]),
        "temporary": str(found["temporary"]),
        "given": {str(name): str(value) for name, value in found["given"].items()},
        "in_worktree": bool(found["in_worktree"]),
        "sandboxed": bool(found["sandboxed"]),
        "within": {
            str(name): dict(facts) for name, facts in found["within"].items() if name in isolate.AROUND
        },
        "tries": int(found["tries"]),
    }


def _write(folder: str, due: Mapping[str, Any]) -> None:
    runs.write_json(f"{folder}/{DUE}", due, durable=False)


def _forget(folder: str) -> None:
    atomic.remove(f"{folder}/{DUE}")
