"""`clodputer advise`: what past runs teach, and advice to be taken or dismissed."""

from __future__ import annotations

import os
from time import time
from typing import Optional

import click

from clodputer.cli.commands.set import set_keys
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import printable
from clodputer.cli.text.figures import advised, learned
from clodputer.model.errors import ClodputerError
from clodputer.model.learning.advice import identity
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.context import Context
from clodputer.store.taskstate import dismissed
from clodputer.tasks import change
from clodputer.tasks.change import Edit
from clodputer.views.figures import advising, learning
from clodputer.views.figures.advising import Advised


@click.group(invoke_without_command=True, subcommand_metavar="[show TASK | apply ID | dismiss ID]")
@click.option("--all", "everything", is_flag=True, help="List dismissed advice as well.")
@json_option
@click.pass_context
def command(context: click.Context, everything: bool) -> Optional[Result]:
    """Show what past runs teach, and take or dismiss advice.

    Advice is a change of one key of a task that its runs of the last 90 days speak for, at least 8 of them: its timeout, tools
    that it was refused, an hour of its schedule, its model, its priority. Nothing is changed until you apply it.

    Below it stands for each task how many runs did their work, of those that say something about it, and between which
    bounds the true rate lies in 95 of 100 cases. Runs that were skipped, limited, cancelled or lost do not count, nor those
    that failed for something outside, such as the network, nor later attempts at a request.

    \b
    Examples:
      clodputer advise
      clodputer advise show nightly
      clodputer advise apply 1a2b3c4d-5e6f
      clodputer advise dismiss 1a2b3c4d-5e6f
    """
    if context.invoked_subcommand:
        return None
    surroundings, now = look(os.environ), time()
    runs = learning.past(surroundings, now)
    found = learning.gather(surroundings, runs, now)
    given = _wanted(advising.gather(surroundings, runs), everything=everything)
    data = {**found.to_json(), "advice": [one.to_json() for one in given]}
    parts = filter(None, (advised.listed(given), learned.overview(found)))
    text = "\n\n".join(parts) or "No run has ended in the last 90 days."
    return Result(surroundings.masker.data(data), surroundings.masker.text(text))


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@click.option("--all", "everything", is_flag=True, help="List dismissed advice as well.")
@json_option
def show(task: str, everything: bool) -> Result:
    """Show what the runs of a task teach: rates, durations, costs, what changed, what fails again, and advice.

    A prompt is known by the hash of its template: each change of it is another version.
    """
    context, now = look(os.environ), time()
    runs = learning.past(context, now)
    found = learning.gather(context, runs, now, task)
    one = found.tasks[0]
    given = _wanted(advising.gather(context, runs, task), everything=everything)
    data = {**found.to_json(), **one.to_json(), "advice": [each.to_json() for each in given]}
    del data["tasks"]
    parts = filter(None, (*learned.of_task(one), advised.listed(given)))
    return Result(context.masker.data(data), context.masker.text("\n\n".join(parts)))


@command.command()
@click.argument("identity_", metavar="ID", shell_complete=complete.advice)
@consent.confirm_option
@json_option
def apply(identity_: str, confirm: bool) -> Result:
    """Change a task as advised, as `set` does; the rest of its file stays as it is.

    An id holds for the task's file as it was when the advice was listed: after a change of it, look at the advice again.
    """
    found = _find(look(os.environ), identity_)
    one = found.advice

    def allowed(text: str) -> None:
        if identity(one, text.encode()) != found.id:
            raise _outdated(found.advice.task)

    edit = Edit(one.key, one.value, append=one.append)
    return set_keys(os.environ, one.task, [edit], confirm=confirm, allowed=allowed)


@command.command()
@click.argument("identity_", metavar="ID", shell_complete=complete.advice)
@json_option
def dismiss(identity_: str) -> Result:
    """Do not list this advice again, however many runs speak for it; `advise --all` still does."""
    context = look(os.environ)
    found = _find(context, identity_)
    with change.alone(context.home):
        dismissed.add(context.home, found.advice.edit, found.advice.task, found.advice.kind, time())
    data = found._replace(dismissed=True).to_json()
    return Result(context.masker.data(data), f"{found.id} is dismissed")


def _wanted(given: tuple[Advised, ...], *, everything: bool) -> list[Advised]:
    return [one for one in given if everything or not one.dismissed]


def _find(context: Context, identity_: str) -> Advised:
    given = advising.gather(context, learning.past(context, time()))
    found = next((one for one in given if one.id == identity_), None)
    if found is not None:
        return found
    edit = identity_.partition("-")[0]
    outdated = next((one for one in given if one.advice.edit == edit), None)
    if outdated is not None:
        raise _outdated(outdated.advice.task)
    near = did_you_mean(identity_, [one.id for one in given])
    raise ClodputerError(
        "advice_unknown",
        f"there is no advice {printable(identity_[:40])!r}{near}",
        "Past runs may not speak for it any more. See: clodputer advise --all",
    )


def _outdated(task: str) -> ClodputerError:
    return ClodputerError(
        "advice_outdated",
        f"the file of {task} was changed since this advice was listed",
        "Nothing was changed. Look at the advice again: clodputer advise",
    )
