"""Check: a program of the task's that looks, prepares or takes down, contained as its agent is, and what it answered."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import monotonic
from typing import NamedTuple

from clodputer import isolate
from clodputer.agents import locate
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.provision import SETUP, TEARDOWN
from clodputer.model.proof.proof import (
    AFTER,
    BEFORE,
    PRECHECK,
    PRECHECK_OUTPUT,
    PRECHECK_TIMEOUT,
    Answer,
)
from clodputer.model.run import Launch
from clodputer.model.task import Task
from clodputer.model.text.fence import LONGEST
from clodputer.runner.processes.contain import contain
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.records import masking

# A check after a run is to look, not to work. It gets what is left of the clock of its run, but at least so long that a run
# that ended just in time can be proved; in seconds.
CHECK_TIMEOUT, SHORTEST_CHECK = 600.0, 5.0

# Each has a folder of its own in that of its run, with process.json, stdout and stderr.
EXPECTED = "check"
FOLDERS = {
    PRECHECK: "precheck",
    SETUP: "setup",
    BEFORE: "verify-before",
    EXPECTED: "check",
    AFTER: "verify-after",
    TEARDOWN: "teardown",
}
# At most four bytes make a character; one character more shows that there were more of them.
_HEAD, _TAIL = 4 * (LONGEST + 1), 4096


class Place(NamedTuple):
    """Where a check runs: the run's folder, and the task and the launch of its agent, whose surroundings it shares.

    goes_on: the run goes on with the session in which an earlier one was cut off.
    """

    context: Context
    request_id: str
    folder: str
    task: Task
    launch: Launch
    stop: Stop
    goes_on: bool = False


def folders(run: str) -> list[str]:
    """Where the checks of a run leave what they are known by and what they print; `run` is the run's own folder."""
    return [f"{run}/{name}" for name in FOLDERS.values()]


def ask(place: Place, name: str, argv: Sequence[str], elapsed: float = 0.0) -> Answer:
    """Run a check and return what came of it. `elapsed`: for how long its run has gone on, in seconds.

    What is about to run is on disk before it is started, so that recovery can end it. Raises OSError when there is no room for
    that, say; a program that cannot be started is an answer.
    """
    task, launch = place.task, place.launch
    began = monotonic()
    program = _program(argv[0], launch)
    if not program:
        return Answer(argv, problem=f"there is no program {argv[0]!r} in {launch.env['PATH']}")
    limit = _limit(name, task, launch, elapsed)
    check = Launch(
        (program, *argv[1:]),
        # It is the person's program, whatever its agent reads.
        {**launch.withheld, **launch.env},
        launch.working_directory,
        timeout=limit,
        stop_grace=launch.stop_grace,
        max_output=min(launch.max_output, PRECHECK_OUTPUT) if name == PRECHECK else launch.max_output,
        within=launch.within,
        prefix=launch.prefix,
        depth=launch.depth,
    )
    inside = f"{place.folder}/{FOLDERS[name]}"
    os.makedirs(inside, mode=0o700, exist_ok=True)
    descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    kind = task._replace(agent="command")
    try:
        _, ended = contain(
            place.context,
            inside,
            kind,
            isolate.around(check, FOLDERS[name]),
            descriptor,
            place.stop,
            _nothing,
        )
    except ClodputerError as error:
        return Answer(argv, problem=error.message, seconds=monotonic() - began)
    finally:
        os.close(descriptor)
    printed = _tail(f"{inside}/stdout") if masking.only_files(inside) else ""
    output = place.context.masker.text(printed + ended.stderr_tail)
    status = None if ended.stopped else ended.exit_status
    complained = bool(ended.stderr_tail.strip())
    return Answer(argv, status, ended.stopped, "", output, monotonic() - began, limit, complained)


def found(folder: str) -> str:
    """What the precheck of a run printed, as much as a prompt takes; empty of one that has taken it away. Raises OSError."""
    try:
        with open(f"{folder}/{FOLDERS[PRECHECK]}/stdout", "rb") as file:
            return file.read(_HEAD).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _limit(name: str, task: Task, launch: Launch, elapsed: float) -> float:
    """How long it may take, in seconds. What prepares and takes down is work, which the run's own clock does not count."""
    if name == SETUP:
        return task.setup_timeout
    if name == TEARDOWN:
        return launch.timeout
    longest = PRECHECK_TIMEOUT if name == PRECHECK else CHECK_TIMEOUT
    return min(longest, max(SHORTEST_CHECK, launch.timeout - elapsed))


def _program(name: str, launch: Launch) -> str:
    return (
        name
        if "/" in name or launch.within.get("container")
        else locate.find(name, locate.folders(launch.env["PATH"]))
    )


def _nothing() -> None:
    """The slot's mark says nothing of a check: before the agent it may be repeated, and after it the run has been started."""


def _tail(path: str) -> str:
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        return file.read().decode("utf-8", "replace")
