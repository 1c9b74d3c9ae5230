"""`clodputer trees`: the worktrees of runs, and those removed that hold nothing that is not elsewhere."""

from __future__ import annotations

import os
from time import time
from typing import Any, Optional

import click

from clodputer.cli.arguments.treeof import told
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal import when
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.table import Column, table
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.moment import parse_duration
from clodputer.model.text.plural import counted
from clodputer.model.text.size import format_size
from clodputer.runner.place import reclaim as reclaiming
from clodputer.runner.place.worktree import words
from clodputer.views.published import trees

_COLUMNS = (
    Column("run"),
    Column("age"),
    Column("size", right=True, drops=True),
    Column("state"),
    Column("holds", gives_way=True),
    Column("branch", drops=True),
)


@click.group(invoke_without_command=True, subcommand_metavar="[reclaim [--dry-run] [--older-than DURATION]]")
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """List the worktrees of runs, or remove those without work.

    A tree stays when it holds work that no remote has, or as its task says. See docs/worktrees.md.

    \b
    Examples:
      clodputer trees
      clodputer trees reclaim --dry-run
    """
    return None if context.invoked_subcommand else _listed()


def _listed() -> Result:
    context, now = look(os.environ), time()
    found = trees.everything(context)
    rows = [
        (
            printable(f"{one.tree.task} {one.tree.run_id}"),
            when.ago(one.tree.ended_at or one.tree.made_at, now),
            format_size(one.size),
            one.tree.why or one.tree.state,
            one_line(words(one.tree), 300),
            printable(one.tree.branch),
        )
        for one in found
    ]
    data = {"trees": [one.to_json() for one in found]}
    return Result(data, table(_COLUMNS, rows) or "There are no worktrees of runs.")


@command.command("reclaim")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option(
    "--older-than", metavar="DURATION", default="0s", help="Only those whose run ended so long ago."
)
@json_option
def reclaim(dry_run: bool, older_than: str) -> Result:
    """Remove the worktrees in which nothing would be lost.

    That is proven of each: no run has it, no process works in it, it is not locked, every file in it is committed or ignored,
    and a remote has every commit. All others stay, with the reason.
    """
    context = look(os.environ)
    try:
        seconds = parse_duration(older_than)
    except ValueError as error:
        raise ClodputerError("usage", f"--older-than: {error}", "Write 12h or 7d.", ExitCode.USAGE) from None
    with told():
        done = list(reclaiming.reclaim(context, time(), older_than=seconds, dry=dry_run))
    listed: list[dict[str, Any]] = [
        {
            "task": one.tree.task,
            "run_id": one.tree.run_id,
            "path": one.tree.path,
            "removed": one.removed,
            "why": one.why,
        }
        for one in done
    ]
    verb = "would be removed" if dry_run else "removed"
    lines = [
        printable(f"{one.tree.task} {one.tree.run_id}: {verb if one.removed else f'stays. {one.why}'}")
        for one in done
    ]
    lines.append(f"{counted(sum(one.removed for one in done), 'tree')} {verb}")
    return Result({"dry_run": dry_run, "trees": listed}, "\n".join(lines))
