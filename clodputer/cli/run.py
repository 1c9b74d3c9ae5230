"""`clodputer run`: drop a request for one task, drain, and tell how its run ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, Callable, NamedTuple, Optional

import click

from clodputer.cli import complete, recordtext
from clodputer.cli.group import json_option
from clodputer.cli.ink import ink, is_terminal, shown
from clodputer.cli.printable import one_line
from clodputer.cli.result import Result
from clodputer.model import outcome
from clodputer.model.errors import ClodputerError, ExitCode
from clodputer.model.task import Task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.runner.stop import Stop
    from clodputer.runner.surroundings import Surroundings

# How often we look whether another exec has settled our run, in seconds: a person does not notice, a machine neither.
GLANCE = 0.1


class Settled(NamedTuple):
    """The end of our request: its latest run, and that run's record."""

    run_id: str
    record: Mapping[str, Any]


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@click.option(
    "--context", "-c", metavar="NAME=VALUE", multiple=True, help="Sets {{ context.NAME }}; may be repeated."
)
@json_option
@click.pass_obj
def command(as_json: bool, task: str, context: tuple[str, ...]) -> Result:
    """Run a task now and tell how it ended.

    Drops a request, drains the spool as `clodputer exec` does, and waits for the end of that request's run,
    in whichever process it is. Ctrl-C cancels the run.

    Exit code 0 when the run succeeded, 1 when it did not, 75 when its lane is on hold or a usage limit was reached.

    \b
    Examples:
      clodputer run nightly
      clodputer run greet --context name=Ada --json
    """
    from clodputer.runner.stop import Stop

    say = _no_word if as_json or not is_terminal(sys.stderr) else _word
    with Stop() as stop:
        return run(os.environ, task, parse_context(context), stop, say)


def parse_context(pairs: Sequence[str]) -> dict[str, str]:
    """The mapping that NAME=VALUE pairs make. Raises ClodputerError (a usage error)."""
    context = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise ClodputerError("usage", f"--context takes NAME=VALUE with a plain name, found {pair[:80]!r}",
                                 "For example: --context name=Ada", ExitCode.USAGE)  # fmt: skip
        context[name] = value
    return context


def run(
    environ: Mapping[str, str], name: str, context: Mapping[str, Any], stop: Stop, say: Callable[[str], None]
) -> Result:
    """Run a task and return the result of its run. Raises ClodputerError when there was none, OSError."""
    from clodputer.runner.submit import submit
    from clodputer.runner.surroundings import look
    from clodputer.store import runs, taskfile

    around = look(environ)
    task = taskfile.load(around.home, name, environ)
    if not task.enabled:
        raise ClodputerError(
            "task_disabled", f"task {task.name} is disabled", f"Set enabled: true in {task.path}."
        )
    _refuse_held(around, task, "Nothing was dropped.")
    request_id = stop.mine = submit(around, task.name, context=context, trigger="manual")
    say(f"{ink(task.name, 'bold')}: request {request_id} dropped, running ...")
    settled = _settle(around, task, request_id, stop, say)
    record = settled.record
    folder = runs.folder(around.home, task.name, settled.run_id)
    data = {"record": record, "folder": folder}
    text = recordtext.summary(record, folder)
    if record["outcome"] == outcome.SUCCEEDED:
        return Result(data, text)
    code, reason = ExitCode.EXPECTED, outcome.REASONS.get(record["reason"])
    if record["outcome"] == outcome.LIMITED:
        code = ExitCode.LATER
    elif record["reason"] == "cancelled":
        code = ExitCode.INTERRUPTED
    error = ClodputerError(record["reason"], record["message"] or (reason.meaning if reason else ""),
                           reason.remedy if reason else "")  # fmt: skip
    return Result(data, text, code, (error,))


def _settle(
    around: Surroundings, task: Task, request_id: str, stop: Stop, say: Callable[[str], None]
) -> Settled:
    """Drain until our request is settled, by us or by the exec that holds the slot."""
    from clodputer.runner.drain import work

    waited = False
    while True:
        work(around, stop)
        settled = _settled(around, task, request_id)
        if settled is not None:
            return settled
        _refuse_set_aside(around, request_id)
        if stop.requested:
            raise _interrupted(around, task, request_id)
        _refuse_held(around, task, f"The request {request_id} waits in the queue.")
        if not waited:
            say(ink("another exec is at work in this lane; waiting for it", "dim"))
            waited = True
        stop.wait(GLANCE)


def _settled(around: Surroundings, task: Task, request_id: str) -> Optional[Settled]:
    from clodputer.store import runs, slot

    attempts = runs.of_request(around.home, task.name, request_id)
    record = runs.record(around.home, task.name, attempts[0]) if attempts else None
    if record is None:
        return None
    content = slot.content(around.home, task.lane)
    still_there = content.run_id == attempts[0] or (
        content.place is not None and content.place.id == request_id
    )
    return None if still_there else Settled(attempts[0], record)


def _refuse_held(around: Surroundings, task: Task, and_so: str) -> None:
    """Raise ClodputerError (exit code 75) when the task's lane is on hold."""
    from clodputer.store import hold

    held = hold.current(around.home, task.lane, time())
    if held is not None:
        message = f"lane {task.lane} is on hold {recordtext.until(held.until)} ({held.reason}). {and_so}"
        raise ClodputerError("held", message, held.message, ExitCode.LATER)


def _refuse_set_aside(around: Surroundings, request_id: str) -> None:
    """Raise ClodputerError when the request was rejected or buried without a run."""
    from clodputer.store.home import entries
    from clodputer.store.spool import REASON_SUFFIX

    for folder, code, verb in (
        (around.home.rejected, "rejected", "rejected"),
        (around.home.dead, "dead", "given up"),
        (around.home.closed, "cancelled", "cancelled by somebody else"),
    ):
        for name in entries(folder):
            # The reason is written first: without the file it belongs to, it tells of what did not come about.
            if request_id not in name or not name.endswith(REASON_SUFFIX):
                continue
            if os.path.lexists(f"{folder}/{name[: -len(REASON_SUFFIX)]}"):
                with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                    reason, _, again = file.read().strip().partition("\n\n")
                raise ClodputerError(
                    code, f"the request {request_id} was {verb}: {one_line(reason, 400)}", again
                )


def _withdraw(around: Surroundings, task: Task, request_id: str) -> str:
    """Take our request out of the queue after Ctrl-C, into `dead/`; where it is now, if it was there."""
    from clodputer.model.request import parse_place
    from clodputer.runner.settle import bury
    from clodputer.store import home as homes
    from clodputer.store import queue

    for priority in homes.PRIORITIES:
        folder = f"{homes.lane(around.home, task.lane)}/queue/{priority}"
        for name in os.listdir(folder):
            place = parse_place(name)
            if place is None or place.id != request_id:
                continue
            try:
                kept = bury(
                    around, queue.path(around.home, task.lane, place), place, "Taken back with Ctrl-C."
                )
            except FileNotFoundError:
                return ""  # somebody claimed it in this moment
            around.log(time(), "buried", task=task.name, request_id=request_id, reason="cancelled", kept=kept)
            return kept
    return ""


def _interrupted(around: Surroundings, task: Task, request_id: str) -> ClodputerError:
    if _withdraw(around, task, request_id):
        return ClodputerError("interrupted", f"interrupted; the request {request_id} was taken back before it ran",
                              exit_code=ExitCode.INTERRUPTED)  # fmt: skip
    return ClodputerError("interrupted", f"interrupted; the request {request_id} is with another exec, which goes on",
                          f"See how it ends with: clodputer show {task.name}", ExitCode.INTERRUPTED)  # fmt: skip


def _word(text: str) -> None:
    sys.stderr.write(shown(text + "\n", sys.stderr, os.environ))
    sys.stderr.flush()


def _no_word(text: str) -> None:
    del text
