"""A worktree is made: recorded first, then added by git, then what the task wants copied into it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, Optional

from clodputer.isolate.prepared import Prepared
from clodputer.isolate.worktree import BUSY, CANNOT, base, copy, pinned
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate import worktree
from clodputer.model.isolate.worktree import Worktree
from clodputer.store.git import git, gitplain, trees
from clodputer.store.git.trees import Tree
from clodputer.store.processes.bounded import TOO_LATE

# git says so when the machine is at its limits, or another git is at work; it passes.
_PASSES = (
    "No space left",
    "Disk quota",
    "Cannot allocate memory",
    "unable to create thread",
    ".lock'",
    "Input/output",
)


def enter(token: Mapping[str, Any]) -> Prepared:
    """Make the worktree that a token plans. Raises ClodputerError (CANNOT, BUSY), OSError."""
    rule = Worktree(**{**token["rule"], "copy": tuple(token["rule"]["copy"])})
    record = token["record"]
    home_of = os.path.dirname(os.path.dirname(record))
    repository = base.find(token["folder"], pinned.cache(home_of))
    try:
        with git.writer(repository.common) as held:
            tree = _given_back(home_of, token, repository)
            if tree is None:
                tree = _added(home_of, token, rule, repository, held)
    except TimeoutError as error:
        raise ClodputerError(BUSY, str(error), "It is tried again.") from None
    except PermissionError as error:
        raise ClodputerError(
            CANNOT, f"no worktree of {repository.top}: {error.strerror}: {error.filename}", "Allow it: ls -ld"
        ) from None
    if tree.state == trees.PLANNED:
        if rule.submodules:
            _submodules(tree)
        tree = tree._replace(copied=copy.into(tree, repository, rule.copy))
        trees.write(home_of, tree._replace(state=trees.MADE))
    folder = os.path.join(tree.path, tree.folder) if tree.folder else tree.path
    if not os.path.isdir(folder):
        raise ClodputerError(
            CANNOT, f"{tree.base} has no folder {tree.folder}", "Commit it, or correct working_directory."
        )
    return Prepared(working_directory=folder)


def _given_back(home_of: str, token: Mapping[str, Any], repository: base.Repository) -> Optional[Tree]:
    """The tree of the run whose session is gone on with, now this run's; None when there is none any more."""
    before = token.get("continues")
    found = trees.of_session(home_of, token["task"], before) if before else None
    if found is None or found.common != repository.common or not os.path.isdir(found.path):
        return None
    tree = found._replace(
        run_id=trees.run_of(token["record"]),
        earlier=(*found.earlier, found.run_id),
        state=trees.MADE,
        why="",
        notes=copy.restored(found),
        problems=(),
    )
    # The new record first: killed in between there are two, and the older one is known to be replaced.
    trees.write(home_of, tree)
    return tree


def _added(
    home_of: str, token: Mapping[str, Any], rule: Worktree, repository: base.Repository, held: int
) -> Tree:
    published = str(token.get("published") or "")
    begin = base.resolve(repository, rule.base, held, fetch=rule.fetch, published=published)
    run_id, path = trees.run_of(token["record"]), trees.tree_path(token["record"])
    if os.path.lexists(path):
        raise ClodputerError(CANNOT, f"{path} exists already", "See: clodputer doctor")
    tree = Tree(
        token["task"],
        run_id,
        path,
        repository.common,
        repository.top,
        worktree.branch(rule, token["task"], run_id),
        begin.name,
        begin.commit,
        folder=repository.prefix,
        keep=rule.keep,
        ttl=rule.ttl,
        notes=(*begin.notes, *_not_run(repository)),
        made_at=time(),
    )
    trees.write(home_of, tree)
    said = git.call(
        [
            "worktree",
            "add",
            "--quiet",
            "--no-track",
            "--no-checkout",
            "--lock",
            "--reason",
            f"clodputer {run_id}",
            "-b",
            tree.branch,
            path,
            begin.commit,
        ],
        repository.top,
        git.WRITE,
        held=held,
    )
    _must(tree, said)
    tree = tree._replace(admin=admin_of(path))
    trees.write(home_of, tree)
    # By ourselves, as `worktree add` runs the filters that the repository names.
    _must(tree, pinned.call(tree, ("reset", "--hard", "--quiet", "--no-recurse-submodules"), held=held))
    return tree


def _not_run(repository: base.Repository) -> list[str]:
    """A note on filters of the repository's own, such as those of git-lfs or git-crypt where they are set for it alone."""
    found = gitplain.filters(repository.common)
    if not found:
        return []
    names = ", ".join(found)[:200]
    where = "set them in your own (git config --global), which counts"
    return [f"Filters in the repository's own configuration were not run ({names}); {where}."]


def _must(tree: Tree, said: git.Said) -> None:
    if said.status:
        passes = said.status == TOO_LATE or any(words in said.err for words in _PASSES)
        raise ClodputerError(
            BUSY if passes else CANNOT,
            f"git could not make a worktree of {tree.top}: {said.why}",
            _remedy(said),
        )


def _remedy(said: git.Said) -> str:
    if "git-lfs" in said.err:
        return (
            "Install git-lfs where the scheduler's PATH has it, or fetch what is missing: git lfs fetch --all"
        )
    if "cannot lock ref" in said.err or "already exists" in said.err:
        return "Another branch has a name that conflicts with it; set `branch` in the task's `worktree`."
    return "Try it by hand in the repository: git worktree add"


def admin_of(path: str) -> str:
    """The folder that git has of a worktree, as its `.git` file says. Never computed: git adds numbers to equal names."""
    try:
        with open(f"{path}/.git", encoding="utf-8", errors="surrogateescape") as file:
            line = file.readline(5000).strip()
    except OSError:
        return ""
    named = line.partition("gitdir: ")[2]
    return os.path.realpath(os.path.join(path, named)) if named else ""


def _submodules(tree: Tree) -> None:
    # The configuration of a repository can name a program instead of a checkout.
    asked = ["submodule", "--quiet", "update", "--init", "--checkout", "--recursive"]
    said = git.call(asked, tree.path, git.WRITE)
    if said.status:
        raise ClodputerError(
            BUSY if said.status == TOO_LATE else CANNOT,
            f"the submodules of {tree.top} could not be checked out: {said.why}",
            "Try it by hand: git submodule update --init --recursive",
        )
