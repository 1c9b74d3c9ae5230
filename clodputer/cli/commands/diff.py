"""`clodputer diff`: what a run has changed in its worktree, committed or not."""

from __future__ import annotations

import os

import click

from clodputer.cli.arguments.treeof import told, tree_of
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.isolate.worktree import review


@click.command()
@click.argument("run", metavar="RUN", shell_complete=complete.run_ids)
@click.option("--stat", is_flag=True, help="Only which files, and how many lines.")
@json_option
def command(run: str, stat: bool) -> Result:
    """Show what a run has changed in its worktree.

    Its commits since the base, and the whole difference to the base: what is committed, what is not, and files that git does
    not know. RUN is the id of a run or of its request, or a task, of which the latest run is meant.

    \b
    Examples:
      clodputer diff tidy --stat
    """
    context = look(os.environ)
    tree = tree_of(context, run)
    with told():
        found = review.diff(tree, stat=stat)
    data = {
        "task": tree.task,
        "run_id": tree.run_id,
        "path": tree.path,
        "branch": tree.branch,
        "base": tree.base,
    }
    lines = [ink(printable(line), "yellow") for line in found.commits]
    shown = [*lines, printable(found.text.rstrip("\n")), *map(printable, found.notes)]
    masked = context.masker.data(
        {**data, "commits": list(found.commits), "diff": found.text, "notes": list(found.notes)}
    )
    text = context.masker.text("\n".join(filter(None, shown)))
    return Result(masked, text or "It has changed nothing.")
