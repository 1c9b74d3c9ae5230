"""The worktree that a person means by the id of a run, of its request, or by a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from clodputer.cli.commands.show import find
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.store.context import Context
from clodputer.store.git import git, trees, waiting
from clodputer.store.git.trees import Tree


def tree_of(context: Context, wanted: str) -> Tree:
    """The tree of that run. Raises ClodputerError ("no_tree", and as `show` does), OSError."""
    for tree in trees.everything(context.home):
        if wanted in (tree.run_id, *tree.earlier):
            return tree
    found = find(context.home, wanted)
    tree_there = trees.of_session(context.home.trees, found.task, found.run_id) if found.run_id else None
    if tree_there is None:
        raise ClodputerError(
            "no_tree",
            f"run {found.run_id or wanted} has no worktree, or has none any more",
            f"See what became of it: clodputer show {found.run_id or wanted}; all there are: clodputer trees",
        )
    return tree_there


@contextmanager
def told() -> Iterator[None]:
    """A git that is missing, as an error for people; and for whom it is waited, on stderr."""
    try:
        with waiting.telling(_wait_for):
            yield
    except git.Missing:
        raise ClodputerError("no_git", "there is no git in PATH", "Install git.") from None


def _wait_for(common: str, process: int) -> None:
    who = f"process {process} (to see what it is: ps -p {process})" if process else "another process"
    said = f"Waiting for {who}, which writes to {common}. Ctrl-C ends this; nothing is changed yet."
    click.echo(printable(said), err=True)
