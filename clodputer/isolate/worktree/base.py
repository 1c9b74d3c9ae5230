"""What a worktree begins at: the repository of a folder, its remote fetched, and the commit that a base names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

from clodputer.isolate.worktree import BUSY, CANNOT
from clodputer.model.errors import ClodputerError
from clodputer.store.git import git, gitplain
from clodputer.store.processes.bounded import TOO_LATE

# The exit status of git for an option that it does not know.
_USAGE = 129


class Repository(NamedTuple):
    """top: a folder of it in which git can be called; common: its git folder; own: that of the worktree which `top` is in.

    prefix: the folder's place within a checkout. cache: where git's view of it is kept.
    """

    top: str
    common: str
    own: str
    cache: str
    prefix: str = ""

    def call(self, arguments: Sequence[str], seconds: float = git.LOOK, held: int = -1) -> git.Said:
        """git in it, whatever its own configuration has git run. Raises git.Missing, OSError."""
        where = gitplain.variables(self.common, self.own, self.cache)
        return git.call(arguments, self.top, seconds, where, held=held)


class Base(NamedTuple):
    """name: how the commit was named; notes: what went otherwise than asked for."""

    name: str
    commit: str
    notes: tuple[str, ...] = ()


def find(folder: str, cache: str) -> Repository:
    """The repository that a folder lies in. cache: for git's view of it. Raises ClodputerError (CANNOT), OSError."""
    if not os.path.isdir(folder):
        raise ClodputerError(
            CANNOT, f"there is no working directory {folder}", "Make it, or correct working_directory."
        )
    try:
        said = git.call(["rev-parse", "--git-common-dir", "--absolute-git-dir", "--show-prefix"], folder)
    except git.Missing:
        raise ClodputerError(
            CANNOT, "there is no git in PATH", "Install git, then: clodputer install"
        ) from None
    if said.status == TOO_LATE:
        raise ClodputerError(BUSY, f"git in {folder}: {said.why}", "Is its network drive mounted?")
    if said.status:
        if "dubious ownership" in said.err:
            remedy = f"Trust it: git config --global --add safe.directory {quote(folder)}"
        else:
            remedy = "Set working_directory to a folder of a git repository, or take `isolation` and `worktree` out."
        raise ClodputerError(CANNOT, f"no worktree of {folder}: {said.why}", remedy)
    common, own, prefix = said.out.split("\n", 2)
    real = os.path.realpath(folder)
    common = os.path.realpath(os.path.join(real, common))
    return Repository(real, common, os.path.realpath(own), cache, prefix.strip("\n").rstrip("/"))


def resolve(
    repository: Repository,
    base: str,
    held: int,
    *,
    fetch: bool,
    published: str = "",
    patience: float = git.FETCH,
) -> Base:
    """The commit that a base names, after a fetch. held: the descriptor of the repository's lock, which must be ours.

    published: a branch that comes before it, while the remote has it: what an earlier run about the same thing has published.
    patience: how long a fetch may take, in seconds. Raises ClodputerError (CANNOT), OSError.
    """
    remote = _remote(repository, base)
    notes: tuple[str, ...] = ()
    if remote and published:
        # By its name: a branch that was deleted on the remote stays known here.
        there = f"refs/remotes/{remote}/{published}"
        said = _fetch(repository, (remote, f"+refs/heads/{published}:{there}"), patience, held)
        commit = _commit(repository, there) if said.status == 0 else ""
        if commit:
            return Base(there, commit)
    if remote and fetch:
        said = _fetch(repository, (remote,), patience, held)
        if said.status:
            notes = (f"{remote} could not be fetched ({said.why}); its last known state is used.",)
    for name in _names(repository, remote, base):
        commit = _commit(repository, name)
        if commit:
            return Base(name, commit, notes)
    if base:
        raise ClodputerError(
            CANNOT,
            f"{repository.top} has no branch, tag or commit {base!r}. {' '.join(notes)}".rstrip(),
            "Correct `base` in the task's `worktree`; git branch -a lists the branches.",
        )
    raise ClodputerError(CANNOT, f"{repository.top} has no commit yet", "Make the first one: git commit")


def _fetch(repository: Repository, what: Sequence[str], patience: float, held: int) -> git.Said:
    # A run beside this one could have put a link in the place of FETCH_HEAD, through which git would write.
    asked = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
    said = repository.call([*asked, "--no-write-fetch-head", *what], patience, held)
    # Before version 2.29 git does not know that, and says how it is used.
    return repository.call([*asked, *what], patience, held) if said.status == _USAGE else said


def _remote(repository: Repository, base: str) -> str:
    """The remote that a base comes from; empty when the repository has none."""
    names = repository.call(["remote"]).out.split()
    named = base.partition("/")[0]
    if "/" in base and named in names:
        return named
    return "origin" if "origin" in names else names[0] if names else ""


def _names(repository: Repository, remote: str, base: str) -> list[str]:
    """What a base may mean, the likeliest first."""
    if base:
        return [f"refs/remotes/{remote}/{base}", base] if remote else [base]
    if not remote:
        return ["HEAD"]
    branch = repository.call(["symbolic-ref", "--quiet", "--short", "HEAD"]).out.strip()
    likely = [f"refs/remotes/{remote}/{name}" for name in (branch, "main", "master") if name]
    return [f"refs/remotes/{remote}/HEAD", *likely, "HEAD"]


def _commit(repository: Repository, name: str) -> str:
    said = repository.call(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"])
    return said.out.strip() if said.status == 0 else ""
