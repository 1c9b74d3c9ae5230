"""What is in a worktree that would be lost with it: changes, files that git does not know, commits that no remote has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from errno import EINVAL
from shlex import quote
from typing import NamedTuple

from clodputer.isolate.worktree import pinned, submodules
from clodputer.isolate.worktree.copy import is_as_copied
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate import obeyed
from clodputer.store.git import git, gitplain
from clodputer.store.git.trees import REMOVING, Tree

# A submodule is a repository with settings of its own, which git would obey in there (submodules.py).
_STATUS = ("status", "--porcelain=v1", "-z", "--ignore-submodules=all")
# An entry of the log of HEAD by which a commit without a branch was left; so much of the log is read, in bytes, and so many
# of the latest are looked at.
_LEFT = re.compile(r"([0-9a-f]{40,64}) [0-9a-f]{40,64} .*\tcheckout: moving from \1 to ")
_LOG, _MOST_LEFT = 1024 * 1024, 100
_UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "BISECT_LOG": "a bisection",
}


class Found(NamedTuple):
    """head: the commit that is checked out. commits: that no remote has. changes: paths. problems: sentences.

    left: commits that were checked out by themselves and left, and that no branch has.
    """

    head: str = ""
    commits: int = 0
    changes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    submodules: bool = False
    left: tuple[str, ...] = ()

    @property
    def work(self) -> bool:
        """Whether anything would be lost with the tree, or whether nobody can tell."""
        return bool(self.commits or self.changes or self.problems)


def look(tree: Tree) -> Found:
    """Look, without obeying what the run may have written into the tree's own git files. Raises OSError."""
    if not tree.admin or not os.path.isdir(tree.admin):
        return Found(problems=("git does not know this worktree any more.",))
    try:
        return _look(tree)
    except OSError as error:
        if error.errno != EINVAL:
            raise
        return Found(problems=(f"{error.strerror}.",))


def _look(tree: Tree) -> Found:
    head = pinned.call(tree, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
    status = pinned.call(tree, (*_STATUS, "--untracked-files=all", "--no-renames"))
    problems = [f"git cannot say what is changed in it: {status.why}."] if status.status else []
    changes = [
        entry for entry in status.out.split("\0") if len(entry) > 3 and not is_as_copied(tree, entry[3:])
    ]
    if tree.state == REMOVING:
        # A removal was cut off: what it had removed already is no change of the run's.
        changes = [entry for entry in changes if entry[:2] != " D"]
    changes = [entry[3:] for entry in changes]
    gone_from = left(tree)
    commits, wrong = _commits(tree, head.out.strip(), gone_from)
    problems += wrong
    problems += [f"{words} is under way in it." for words in under_way(tree.admin)]
    problems += locked(tree)
    inside = os.path.isdir(f"{tree.admin}/modules")
    problems += submodules.problems(tree)
    return Found(head.out.strip(), commits, tuple(changes), tuple(problems), inside, gone_from)


def left(tree: Tree) -> tuple[str, ...]:
    """Commits made on a HEAD without a branch, which was left since: no branch has them, and they would go with the tree.

    The log of HEAD knows them: it says what it moved away from. Raises OSError.
    """
    try:
        with open(f"{tree.admin}/logs/HEAD", "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG))
            lines = file.read(_LOG).decode("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return ()
    tips = dict.fromkeys(found[1] for line in reversed(lines) if (found := _LEFT.match(line)))
    return tuple(tip for tip in list(tips)[:_MOST_LEFT] if _alone(tree, tip))


def nameless(tree: Tree) -> tuple[str, ...]:
    """Those, and what is checked out where no branch has it. Raises OSError."""
    head = pinned.call(tree, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")).out.strip()
    return (
        *([head] if head and _alone(tree, head, ("--branches", "--remotes", "--tags")) else []),
        *left(tree),
    )


def _alone(tree: Tree, commit: str, others: Sequence[str] = ("--all", "HEAD")) -> bool:
    """Whether none of the references of the repository has this commit; nor, unless told, what is checked out."""
    asked = ("rev-list", "--max-count=1", "--ignore-missing", commit, "--not", *others)
    said = pinned.call(tree, asked)
    return said.status == 0 and bool(said.out.strip())


def under_way(own: str) -> list[str]:
    """The operations that somebody has begun and not ended in a checkout, by the git folder that is its own."""
    return [words for name, words in _UNDER_WAY.items() if os.path.lexists(f"{own}/{name}")]


def there(tree: Tree) -> None:
    """Raise ClodputerError ("no_tree") unless the tree is there, and git knows it."""
    if not os.path.isdir(tree.common):
        raise ClodputerError(
            "no_tree",
            f"the repository {tree.common} of run {tree.run_id} is gone",
            f"If it was moved, move it back; the files of the run are still in {tree.path}",
        )
    if not os.path.isdir(tree.path):
        raise ClodputerError(
            "no_tree",
            f"the worktree {tree.path} is gone",
            f"What was committed is on its branch: git -C {quote(tree.common)} log {tree.branch}",
        )
    if not os.path.isdir(tree.admin):
        raise ClodputerError(
            "no_tree", f"git does not know the worktree {tree.path} any more", "Its files are still there."
        )


def remarks(tree: Tree) -> tuple[str, ...]:
    """Sentences on what is not seen in a tree's files."""
    found = [f"{words} is under way in the tree." for words in under_way(tree.admin)]
    count = pinned.call(tree, ("rev-list", "--count", tip(tree) or "HEAD", "--not", "HEAD")).out.strip()
    if count not in ("", "0"):
        found.append(
            f"Its branch has commits that are not in what is checked out in the tree ({count}): git log {tree.branch}"
        )
    found += [f"It was on no branch at {one[:12]}, and left that: git log {one[:12]}" for one in left(tree)]
    return tuple(found)


def read_first(tree: Tree, paths: Iterable[str]) -> tuple[str, ...]:
    """That some of the paths in a tree are obeyed by the person's own programs, as a sentence, if so. Raises OSError."""
    top = tree.top[: -len(tree.folder) - 1] if tree.folder else tree.top
    folders = (obeyed.hook_folder(value, top) for value in gitplain.hooks(tree.common))
    said = obeyed.sentence(obeyed.obeyed(paths, filter(None, folders)))
    return (said,) if said else ()


def tip(tree: Tree) -> str:
    """The commit of the tree's branch; empty when the branch is gone."""
    said = pinned.shared(tree, "rev-parse", "--verify", "--quiet", f"refs/heads/{tree.branch}")
    return said.out.strip() if said.status == 0 else ""


def unpushed(tree: Tree, *commits: str) -> int:
    """How many commits these have that neither a remote nor the tree's base has; -1 when git cannot say."""
    asked = ("rev-list", "--count", *commits, "--not", "--remotes", tree.commit)
    said = pinned.shared(tree, *asked, seconds=git.WRITE)
    return int(said.out) if said.status == 0 and said.out.strip().isdigit() else -1


def _commits(tree: Tree, head: str, more: Sequence[str]) -> tuple[int, list[str]]:
    if not head:
        return 0, ["its HEAD names no commit."]
    tips = [commit for commit in (head, tip(tree), *more) if commit]
    count = unpushed(tree, *tips)
    if count < 0:
        return 0, ["git cannot say which of its commits a remote has."]
    return count, []


def locked(tree: Tree) -> list[str]:
    """That somebody else than Clodputer has locked the tree, as a sentence, if so."""
    try:
        with open(f"{tree.admin}/locked", encoding="utf-8", errors="replace") as file:
            reason = file.read(500).strip()
    except OSError:
        return []
    return [] if reason.startswith("clodputer ") else [f"it is locked: {reason or 'without a reason'}."]
