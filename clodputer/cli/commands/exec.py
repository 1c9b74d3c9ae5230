"""`clodputer exec` as click sees it: the help, the mistakes, and the long forms of its options."""

from __future__ import annotations

import os

import click

from clodputer.cli import door
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed
from clodputer.views.tasks.probe import answer


@click.command()
@click.option(
    "--task", metavar="NAME", default="", help="First drop a request for this task: its alarm went off."
)
@click.option(
    "--probe", metavar="FILE", default="", hidden=True, help="Only look around, for `doctor --canary`."
)
@click.option(
    "--real", type=float, default=0.0, hidden=True, help="With --probe: seconds for a run of claude."
)
@click.option(
    "--job", metavar="NAME", default="", hidden=True, help="Run the request of that job, on its node."
)
@click.option("--try", "trial", default="", hidden=True, help="With --probe: the task to try, of `try`.")
@json_option
@click.pass_obj
def command(as_json: bool, task: str, probe: str, real: float, job: str, trial: str) -> Printed:
    """Run everything that waits in the spool; schedulers call this.

    Takes in what was dropped, runs it one by one, highest priority first, and leaves when nothing is runnable. Never
    asks, and never waits for another exec: with one at work it leaves at once, as that one will see the request.

    With --task it first drops one request for that task, unless an earlier one still waits or runs.

    In a terminal it prints a line when a run begins and when it ends; elsewhere it is silent.

    The exit code is 0 when the work was done, however the runs ended; that is in their records.

    \b
    Examples:
      clodputer exec
      0 7 * * *  ~/clodputer/bin/clodputer exec --task morning    (a crontab line)
    """
    if probe:
        answer(probe, os.environ, real, trial)
        return Printed(0)
    if job:
        return Printed(door.execute_job(job, as_json))
    # `door.parse` has already taken the plain forms; what comes by here is `--task=NAME` and the like.
    return Printed(door.execute(task, as_json))
