"""`clodputer discard`: a run's worktree and branch removed, after the work in it was saved elsewhere."""

from __future__ import annotations

import os
import sys
from time import time

import click

from clodputer.cli.arguments.treeof import told, tree_of
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.place import reclaim
from clodputer.runner.place.worktree import words


@click.command()
@click.argument("run", metavar="RUN", shell_complete=complete.run_ids)
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def command(as_json: bool, run: str, *, yes: bool) -> Result:
    """Remove a run's worktree, after saving its work elsewhere.

    The tree and its branch go. Commits that no remote has are saved elsewhere as a bundle, all other changes as a patch, in
    trees/.discarded in the home; they are kept for 30 days.

    \b
    Examples:
      clodputer discard tidy --yes
    """
    context = look(os.environ)
    tree = tree_of(context, run)
    if not yes:
        if as_json or not is_terminal(sys.stdin):
            raise ClodputerError(
                "usage", "there is no terminal here in which to ask", "Add --yes.", ExitCode.USAGE
            )
        if not click.confirm(f"Remove {tree.path}, which holds {words(tree)}?", default=False):
            return Result(
                {"task": tree.task, "run_id": tree.run_id, "removed": False, "why": "", "kept": []},
                "Left as it is.",
            )
    with told():
        done = reclaim.discard(context, tree, time())
    data = {
        "task": tree.task,
        "run_id": tree.run_id,
        "removed": done.removed,
        "why": done.why,
        "kept": list(done.kept),
    }
    if not done.removed:
        error = ClodputerError("in_use", f"{tree.path} stays: {done.why}", "See: clodputer trees")
        return Result(data, printable(str(error)), ExitCode.EXPECTED, (error,))
    put = "".join(f"\nits work is kept in {path}" for path in done.kept)
    what = f"{tree.path} is removed; its branch {done.branch} stays, as no remote has its commits"
    said = what if done.branch else f"{tree.path} and its branch are removed"
    return Result(data, printable(f"{said}{put}"))
