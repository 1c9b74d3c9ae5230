"""The agent `command`: any program; what it prints last is the result."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.agents import environment, lines, locate, nothing
from clodputer.agents.ending import not_by_itself
from clodputer.agents.needs import Needs
from clodputer.agents.own import Own
from clodputer.model import memory
from clodputer.model.config.keys import ARGUMENTS, Key
from clodputer.model.errors import ClodputerError
from clodputer.model.gates import windowrule
from clodputer.model.outcome import Outcome, of
from clodputer.model.run import STOP_GRACE, TIMEOUT, Description, Ended, Facts, Launch, Progress, Report
from clodputer.model.task import Task

LONGEST_LINE = 1024 * 1024

KEYS = (
    Key(
        "command",
        ARGUMENTS,
        (),
        "The program that is started. No shell reads it: each argument is one item, and `*`, `$X`, `>`, `;` mean nothing. "
        'Write `[sh, -c, "..."]` where you want a shell. A program\'s name with a `/` in it begins in the working '
        "directory, or at home with `~/`; without one it is looked for in PATH.",
        absent="needed",
        example=["rsync", "-a", "src/", "backup/"],
    ),
)


CANNOT: Mapping[str, str] = {}
OWN: Optional[Own] = None


class Notes(NamedTuple):
    """The last line that is not blank; `cut` when only its head is kept."""

    last: bytes = b""
    cut: bool = False


def faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:  # noqa: ARG001  (the protocol's)
    """Its own keys are all that it is asked by."""
    return iter(())


def launch(task: Task, facts: Facts) -> Launch:
    """How to start the program. Raises ClodputerError when there is none of that name."""
    env = environment.build(task, facts)
    return Launch(
        argv=(task.command[0] if facts.contained else _program(task, env), *task.command[1:]),
        env=env,
        working_directory=task.working_directory,
        # A program need not say anything before it has finished: no such clock unless the task sets one.
        startup_timeout=task.limits.startup_timeout,
        stall_timeout=task.limits.stall_timeout,
        timeout=TIMEOUT if task.limits.timeout is None else task.limits.timeout,
        stop_grace=STOP_GRACE if task.limits.stop_grace is None else task.limits.stop_grace,
        max_output=facts.max_output,
    )


def restrictions(task: Task) -> str:  # noqa: ARG001  (the protocol's)
    """Nothing is kept from a program: what comes in by its prompt is data to it."""
    return ""


def rights(task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:  # noqa: ARG001  (the protocol's)
    """A program may do whatever the account may."""
    return memory.rights(task.agent, "bypassPermissions", (), (), (), None, fed=False)


def _program(task: Task, env: dict[str, str]) -> str:
    if not task.command or not task.command[0]:
        raise ClodputerError(
            "not_started", f"task {task.name} names no program", "Add command: [program, argument]."
        )
    name = task.command[0]
    if "/" in name or name.startswith("~"):
        path = os.path.join(task.working_directory, os.path.expanduser(name))
        if locate.executable(path):
            return os.path.abspath(path)
        if os.path.isfile(path):
            raise ClodputerError("not_started", f"{path} is not executable", f"Run: chmod +x {path}")
        raise ClodputerError(
            "not_started", f"there is no program {path}", "Correct the first word of command."
        )
    found = locate.find(name, locate.folders(env["PATH"]))
    if not found:
        raise ClodputerError(
            "not_started",
            f"there is no program {name!r} in {env['PATH']}",
            "Write its absolute path in command, or set PATH in the task's env.",
        )
    return found


def warnings(task: Task, facts: Facts) -> Iterator[tuple[str, str]]:
    """That there is no such program, as the run would find it, and keys without effect; the task's templates are filled in."""
    if task.window != windowrule.NONE:
        yield "window", "a program uses no account, so this has no effect"
    if task.container.used:
        return  # its programs are those of the image
    try:
        _program(task, environment.build(task, facts))
    except ClodputerError as error:
        yield "command", error.message


def takes(task: Task, names: Collection[str], environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001  (the protocol's)
    """A program gets only what the task gives it."""
    return []


def needs(task: Task, launch: Launch) -> Needs:  # noqa: ARG001  (the protocol's)
    """Its program is known already."""
    return Needs()


def begin(task: Task) -> Progress:  # noqa: ARG001  (the protocol's)
    """The progress before the first byte."""
    return Progress(notes=Notes())


def observe(progress: Progress, lines: bytes) -> Progress:
    """The progress after one or more further lines of its stdout. Never raises."""
    written = lines.rstrip()
    if not written:
        return progress
    line = written.rpartition(b"\n")[2]
    return Progress(started=True, notes=Notes(line[:LONGEST_LINE], len(line) > LONGEST_LINE))


def describe(line: bytes) -> Description:
    """What it prints is shown unchanged, JSON too. Never raises."""
    return lines.printed(line)


def interpret(  # every agent is asked the same
    task: Task,  # noqa: ARG001
    facts: Facts,  # noqa: ARG001
    launch: Launch,
    progress: Progress,
    ended: Ended,
) -> Report:
    """What the run amounts to: exit status 0 is success, and JSON on the last line is the result.

    An object there with `nothing_to_do` says that there was nothing to do. It may also tell what a wrapped agent would:
    num_turns, cost_usd, usage, session_id, model; and with retry_after how many seconds to wait before the next attempt.
    """
    result = _result(progress.notes)
    given = lines.mapping(result)
    usage = lines.mapping(given.get("usage"))
    return Report(
        outcome=not_by_itself(launch, ended) or _ended_well(result),
        result=result,
        num_turns=lines.count(given.get("num_turns")),
        cost_usd=lines.amount(given.get("cost_usd")),
        usage={name: value for name, value in usage.items() if lines.amount(value) is not None},
        session_id=lines.text(given.get("session_id")),
        model=lines.text(given.get("model")),
        retry_after=lines.amount(given.get("retry_after")),
    )


def _ended_well(result: Any) -> Outcome:
    # A text is no line of JSON here, or it would have been read.
    why = None if isinstance(result, str) else nothing.said(result)
    if why is None:
        return of("completed")
    return of("nothing_to_do", f"It says: {why}" if why else "")


def _result(notes: Notes) -> Any:
    if not notes.cut:
        try:
            return lines.read(notes.last)
        except ValueError:
            pass
    return notes.last.decode("utf-8", "replace").strip() or None
