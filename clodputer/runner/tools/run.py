"""One run of a tool: contained as an agent is, its streams kept in files, and how it ended written down last."""

from __future__ import annotations

import os
from time import monotonic, time

from clodputer.agents import environment, locate
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Facts, Launch
from clodputer.model.task import Task
from clodputer.model.triggers.tool import Ended, Tool
from clodputer.runner.place import surroundings
from clodputer.runner.processes.contain import contain
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.store.records import masking, runs
from clodputer.store.taskfiles.template_terms import CannotRender
from clodputer.store.triggers import tools

# Between SIGTERM and SIGKILL, in seconds.
GRACE = 5.0
_SAID = 300
TEMPORARY = "temporary"


def run(context: Context, task: Task, mark: str, tool: Tool, stop: Stop) -> bool:
    """Run a tool for its report, and write down how it ended; False when it was interrupted, as we are to end. Raises OSError.

    What keeps it from being started is part of how it ended.
    """
    began, since = time(), monotonic()
    run_id = runs.new_id(began, os.urandom(4).hex())
    place = tools.folder(context.home, task.name, mark, run_id)
    os.makedirs(f"{place}/{TEMPORARY}", mode=0o700)
    try:
        ended = _contained(context, task, tool, run_id, place, stop)
    except (ClodputerError, CannotRender) as error:
        text = error.message if isinstance(error, ClodputerError) else str(error)
        ended = Ended(began, 0.0, problem=context.masker.text(text))
    if stop.requested and ended.stopped:
        return False
    ended = ended._replace(began=began, seconds=round(monotonic() - since, 3))
    tools.end(context.home, task.name, mark, run_id, ended._asdict())
    return True


def _contained(context: Context, task: Task, tool: Tool, run_id: str, place: str, stop: Stop) -> Ended:
    """How it ended. Raises ClodputerError, CannotRender, OSError."""
    known = surroundings.of_task(context, task)._replace(agent="command")
    facts = Facts(run_id, context.environ, {}, f"{place}/{TEMPORARY}", home=context.home.root)
    env = environment.build(known, facts)
    program = expand(tool.argv[0], context.environ)
    if "/" not in program:
        program = locate.find(program, locate.folders(env["PATH"]))
    if not program:
        return Ended(0.0, 0.0, problem=f"there is no program {tool.argv[0]!r} in {env['PATH']}")
    launch = Launch(
        (program, *tool.argv[1:]),
        env,
        tool.folder,
        timeout=tool.timeout,
        stop_grace=GRACE,
        max_output=tool.most,
    )
    version = _version(program)
    descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, ended = contain(context, place, known, launch, descriptor, stop, _nothing)
    finally:
        os.close(descriptor)
    masking.mask_streams(place, context.masker)
    said = context.masker.text(" ".join(ended.stderr_tail.split()))[-_SAID:]
    return Ended(0.0, 0.0, ended.exit_status, ended.signal, ended.stopped, said=said, program=version)


def _version(program: str) -> str:
    """What changes when the program is replaced by another version of it."""
    try:
        status = os.stat(program)
    except OSError:
        return ""
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def _nothing() -> None:
    """Its order is there until it has ended."""
