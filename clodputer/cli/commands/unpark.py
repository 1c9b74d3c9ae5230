"""`clodputer unpark`: let requests about a parked item run again."""

from __future__ import annotations

import os
from typing import Optional

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.requests import unpark
from clodputer.store.spool import parked


@click.command()
@click.argument("item", metavar="ITEM|REQUEST")
@click.option("--task", metavar="TASK", help="Only the item of this task.", shell_complete=complete.tasks)
@persons.of_person("unpark")
@json_option
def command(item: str, task: Optional[str]) -> Result:
    """Let the requests about a parked item run again.

    A request is parked when several runs about the same thing ended without success. ITEM is that thing, such as the path of a
    file, or REQUEST the id of the request. It goes back to its queue, what waited for the item goes on with it, and its
    failures so far count no more.

    \b
    Examples:
      clodputer unpark "issue 42"
      clodputer unpark 3f9a2c1b
    """
    context = look(os.environ)
    found = unpark.find(context, item, task or "")
    if not found:
        there = sorted({one.reason.item for one in parked.everything(context.home)})
        hint = f"Parked are: {', '.join(there[:10])}." if there else "Nothing is parked."
        error = ClodputerError("not_parked", f"nothing parked fits {item[:80]!r}", context.masker.text(hint))
        return Result(
            {"unparked": []},
            f"{ink('not unparked:', 'red')} {printable(str(error))}",
            ExitCode.EXPECTED,
            (error,),
        )
    done = unpark.unpark(context, found)
    data = {"unparked": [each.to_json() for each in done]}
    lines = [
        f"{ink(printable(one.task), 'bold')} {one.request_id} is back in the queue of lane {one.lane}: {printable(one.item)}"
        for one in done
    ]
    return Result(
        context.masker.data(data), context.masker.text("\n".join(lines) or "It was released already.")
    )
