"""`clodputer try`: one small run of a task as its scheduler starts it, and what it has there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, Optional

import click

from clodputer.cli.commands.doctor_canary import ticks
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.steps.sending import send
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.gates.waiting import CLAUDE_CHANGED
from clodputer.model.rights.effective import Effective, weaker
from clodputer.model.text.moment import iso
from clodputer.runner.requests import holding
from clodputer.runner.versions import paid
from clodputer.runner.versions.compare import outcome
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.holds import TASK, Target
from clodputer.store.taskstate import tried
from clodputer.store.taskstate.tried import Tried
from clodputer.tasks import taskfile
from clodputer.views.tasks import trying

# How long the scheduler is given to start it, unless --seconds says otherwise, and the trial to come to its end; in seconds.
SECONDS, UNTIL_SEEN = 90, 600.0
NOT_FOUND_OUT = "not looked at"


@click.command(name="try")
@click.argument("task", metavar="TASK", shell_complete=complete.tasks)
@click.option(
    "--here", is_flag=True, help="From this terminal, with its environment, instead of by the scheduler."
)
@click.option(
    "--seconds",
    metavar="N",
    type=click.IntRange(1, 3600),
    default=SECONDS,
    help=f"How long to wait for the scheduler to start it, in seconds; {SECONDS} without it.",
)
@persons.of_person("try")
@json_option
@click.pass_obj
def command(as_json: bool, task: str, here: bool, seconds: int) -> Result:
    """Try a task from its scheduler, and record what it can use there.

    The scheduler starts it as it starts the task: with its environment, in the task's folder, worktree and sandbox, with its
    permission mode and tools. Claude is asked for one word, which costs a cent or two and counts for the task's budgets; for a
    task of another agent only places are looked at. Nothing of the task itself is run.

    What it had is kept. When another version of claude is installed later, it is compared before the task's next run; when
    something is missing then, the task is put on hold with the difference. Trying it again ends that hold.

    \b
    Examples:
      clodputer try review
      clodputer try review --here
    """
    return attempt(
        look(os.environ), os.environ, task, here=here, seconds=float(seconds), tick=not as_json and ticks()
    )


def attempt(
    context: Context, environ: Mapping[str, str], name: str, *, here: bool, seconds: float, tick: bool
) -> Result:
    """Try it and keep what was found. Raises ClodputerError when it cannot be tried, or nothing was found."""
    task = taskfile.load(context.home, name, environ)
    over = paid.refused(context, task)
    if over is not None:
        raise ClodputerError(
            "over_budget",
            f"{task.name} is not tried, as a trial may cost ${paid.MOST_DOLLARS:.2f}. {over.message}",
            f"There may be room from {iso(over.until)} on; or raise the budget.",
            ExitCode.EXPECTED,
        )
    if here:
        seen: Optional[Mapping[str, Any]] = trying.turn(environ, task.name)
    else:
        seen = send(environ, ["--try", task.name], seconds, UNTIL_SEEN, tick=tick)
    found, why = outcome(dict(seen) if seen is not None else None)
    if found is None:
        raise ClodputerError(
            "not_tried",
            f"{task.name} was tried, and nothing was found out: {context.masker.text(why)}",
            "Correct that, and try it again. To see what is wrong with claude or the scheduler: clodputer doctor --canary",
            ExitCode.EXPECTED,
        )
    before, now = tried.read(context.home, task.name), time()
    tried.write(context.home, task.name, Tried(found, now))
    lifted = _let_go(context, task.name, now)
    differences = weaker(before.accepted, found) if before else []
    data = {
        "task": task.name,
        "by": "here" if here else "scheduler",
        "effective": found.to_json(),
        "differences": differences,
        "resumed": lifted,
        "cost_usd": seen.get("cost_usd") if seen else None,
        "message": why,
    }
    return Result(
        context.masker.data(data),
        context.masker.text(_page(task.name, found, differences, why, resumed=lifted)),
    )


def _let_go(context: Context, name: str, now: float) -> bool:
    """End the hold that another version of claude has placed; whether there was one."""
    target = Target(TASK, name)
    placed = next((one for one in holds.in_effect(context.home, now) if one.target == target), None)
    if (
        placed is None
        or placed.hold.reason != CLAUDE_CHANGED
        or not holds.lift(context.home, target, placed.hold)
    ):
        return False
    holding.wake(context, "hold")
    context.log(
        now, "resumed", scope=TASK, name=name, reason=CLAUDE_CHANGED, message="The task was tried again."
    )
    return True


def _page(name: str, found: Effective, differences: list[str], why: str, *, resumed: bool) -> str:
    servers = [f"{server} ({state})" for server, state in sorted(found.servers.items())]
    lines = (
        [
            ("claude", found.version),
            ("model", found.model),
            ("permission mode", found.mode),
            ("login", found.login),
            ("tools", ", ".join(found.tools)),
            ("MCP servers", ", ".join(servers) or "none"),
        ]
        if found.version
        else []
    )
    lines += [
        ("can write to", _listed(found.writable)),
        ("reaches", _listed(found.hosts)),
    ]
    text = [f"{name} has, as it is scheduled:"]
    text += [hung(f"  {title:<16} {printable(value)}", 19) for title, value in lines]
    if differences:
        text += [
            "",
            "What it had the last time, and has not now:",
            *(hung(f"  {one}", 4) for one in differences),
        ]
    if why:
        text += ["", printable(why)]
    if resumed:
        text += ["", "Its hold is over, and what waited goes on."]
    return "\n".join(text)


def _listed(values: Optional[tuple[str, ...]]) -> str:
    return NOT_FOUND_OUT if values is None else ", ".join(values) or "nothing that was tried"
