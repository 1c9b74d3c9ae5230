"""`clodputer reset`: a task whose breaker opened starts again."""

from __future__ import annotations

import os
from time import time

import click

from clodputer.cli.arguments import held
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.model.gates.waiting import BREAKER
from clodputer.runner.requests import holding
from clodputer.store.holds import TASK, Target
from clodputer.store.taskstate import resets
from clodputer.views.tasks import tasks as taskview


@click.command()
@click.argument("task", metavar="TASK", shell_complete=complete.tasks)
@persons.of_person("reset")
@json_option
def command(task: str) -> Result:
    """Forget that a task failed, and let its requests run again.

    After failures in a row the breaker of a task keeps the requests of its triggers waiting (breaker in the task file). What
    failed until now does not count any more, and what waited goes back to its queue; it runs at the next alarm, or now by:
    clodputer exec. A change of the task file has the same effect.

    \b
    Examples:
      clodputer reset nightly
      clodputer reset nightly && clodputer exec
    """
    context = look(os.environ)
    now = time()
    good, _ = taskview.check(context.home, context.environ)
    holding.known(context, Target(TASK, task), good)
    resets.reset(context.home, task, now)
    woken = holding.wake(context, BREAKER)
    context.log(now, "reset", task=task)
    text = f"{ink(task, 'bold')}: its failures up to now no longer count"
    if woken:
        text += f"\n{held.back_in_queue(woken)}"
    return Result({"task": task, "woken": woken}, text)
