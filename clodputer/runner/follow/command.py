"""The effect `command`: a program that follows a run, contained like an agent, for a short time, and started once at most."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from time import time
from typing import Any

from clodputer.agents import environment, locate
from clodputer.effects.settling import Settling
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Facts, Launch
from clodputer.runner.place import surroundings
from clodputer.runner.processes.contain import contain
from clodputer.runner.processes.leftovers.hunt import hunt
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.store.records import masking, runs
from clodputer.store.taskfiles.template_terms import CannotRender
from clodputer.tasks import taskfile

# The slot is kept while it runs: all of one run must begin within two minutes, in seconds.
ALL, GRACE = 120.0, 2.0
MOST_OUTPUT = 1024 * 1024
# So much of what it wrote is in the log, in bytes.
_TAIL = 500


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Start it and wait for its end, which is logged and changes nothing about the run. Raises OSError.

    The folder that is made for it says that it was begun: after a crash what is left of it is killed, and it is not begun
    again.
    """
    folder = f"{settling.folder}/follow-{effect.get('on')}-{effect.get('place')}"
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        if not os.path.lexists(f"{folder}/ended.json"):
            hunt(settling.run_id, {}, (folder,))
            masking.mask_streams(folder, settling.context.masker)
            _end(
                settling,
                effect,
                folder,
                "Clodputer was killed before it saw its end; it was not started again",
            )
        return
    problem = "" if _in_time(settling) else f"the commands before it took longer than {ALL:.0f} s"
    try:
        problem = problem or _run(settling, folder, list(effect["argv"]), float(effect["timeout"]))
    except (ClodputerError, CannotRender, KeyError, TypeError, ValueError) as error:
        problem = error.message if isinstance(error, ClodputerError) else str(error)
    _end(settling, effect, folder, problem)


def _in_time(settling: Settling) -> bool:
    """Whether the commands of this run have not taken too long already, by when its record was written."""
    return time() - os.stat(f"{settling.folder}/record.json").st_mtime < ALL


def _run(settling: Settling, folder: str, argv: Sequence[str], seconds: float) -> str:
    """What went wrong with it, empty for nothing. Raises ClodputerError, CannotRender, OSError."""
    context = settling.context
    task = surroundings.of_task(
        context, taskfile.load(context.home, str(settling.record["task"]), context.environ)
    )
    facts = Facts(settling.run_id, context.environ, context.secrets, folder, home=context.home.root)
    env = environment.build(task, facts)
    place = task.working_directory or expand("~", context.environ)
    program = expand(argv[0], context.environ)
    if "/" not in program:
        program = locate.find(program, locate.folders(env["PATH"]))
    if not program:
        return f"there is no program {argv[0]!r} in {env['PATH']}"
    launch = Launch(
        (program, *argv[1:]), env, place, timeout=seconds, stop_grace=GRACE, max_output=MOST_OUTPUT
    )
    descriptor = os.open(f"{settling.folder}/record.json", os.O_RDONLY | os.O_CLOEXEC)
    with Stop() as stop:
        try:
            _, ended = contain(
                context, folder, task._replace(agent="command"), launch, descriptor, stop, _nothing
            )
        finally:
            os.close(descriptor)
    if stop.signal:
        # Meant for the exec that we are in as well.
        signal.raise_signal(stop.signal)
    masking.mask_streams(folder, context.masker)
    if ended.stopped:
        return f"it was stopped ({ended.stopped})"
    if ended.signal is not None:
        return f"it was ended by signal {ended.signal}"
    return f"it exited with status {ended.exit_status}" if ended.exit_status else ""


def _nothing() -> None:
    """The folder says already that it was begun."""


def _end(settling: Settling, effect: Mapping[str, Any], folder: str, problem: str) -> None:
    """Log how it ended, and write that down last, so that it is logged once at least."""
    record, now = settling.record, time()
    about = {key: effect.get(key) for key in ("on", "place", "target")}
    ids = {"task": record["task"], "request_id": record["request_id"], "run_id": settling.run_id}
    if problem:
        said = _said(settling.context, folder)
        message = f"{problem}{f': {said}' if said else ''}"
        settling.context.log(now, "not_followed", **ids, reason="command_failed", message=message, **about)
    else:
        settling.context.log(now, "followed", **ids, **about)
    runs.write_json(f"{folder}/ended.json", {"problem": problem}, durable=False)


def _said(context: Context, folder: str) -> str:
    """The end of what it wrote to stderr, on one line."""
    try:
        with open(f"{folder}/stderr", "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return context.masker.text(" ".join(text.split()))
