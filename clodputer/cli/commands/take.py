"""`clodputer take`: the work of a run's worktree brought into the person's checkout."""

from __future__ import annotations

import os
from shlex import quote

import click

from clodputer.cli.arguments.treeof import told, tree_of
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import printable
from clodputer.model.text.plural import counted
from clodputer.runner.place import reclaim


@click.command()
@click.argument("run", metavar="RUN", shell_complete=complete.run_ids)
@persons.of_person("take")
@json_option
def command(run: str) -> Result:
    """Bring the work of a run's worktree into your checkout.

    What the tree has and its base has not is applied to the checkout of the repository, as changes that you can look at and
    commit. When it does not fit what you have there, nothing at all is changed. When it was cut off, the same command finishes
    it. The tree stays: clodputer discard RUN.

    \b
    Examples:
      clodputer take tidy
    """
    context = look(os.environ)
    tree = tree_of(context, run)
    with told():
        taken = reclaim.take(context, tree)
    data = {
        "task": tree.task,
        "run_id": tree.run_id,
        "checkout": taken.checkout,
        "files": list(taken.files),
        "notes": list(taken.notes),
    }
    changed = f"{counted(len(taken.files), 'file')} changed in {taken.checkout}"
    then = f"Look at it: git -C {quote(taken.checkout)} diff; then: clodputer discard {tree.run_id}"
    lines = [changed, *taken.notes, then] if taken.files else ["Nothing was changed.", *taken.notes]
    return Result(data, printable("\n".join(lines)))
