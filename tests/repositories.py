"""Repositories for tests: one small one with a remote is made for the session, and copied for each test."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

# Nothing of the person's own settings of git, and a name for commits.
GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder: Path | str, *arguments: str, check: bool = True) -> str:
    """What a git in a folder prints."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**environ, **GIT}, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()


@lru_cache(maxsize=1)
def _template() -> Path:
    folder = Path(mkdtemp(prefix="cp-repository-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    git(folder, "init", "--quiet", "--bare", "-b", "main", "remote.git")
    git(folder, "clone", "--quiet", "remote.git", "checkout")
    checkout = folder / "checkout"
    git(checkout, "switch", "--quiet", "-c", "main")
    (checkout / "file").write_text("one\n")
    (checkout / "sub").mkdir()
    (checkout / "sub" / "deep").write_text("two\n")
    (checkout / ".gitignore").write_text("ignored\n.env\n")
    (checkout / "CLAUDE.md").write_text("Be careful.\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "first")
    git(checkout, "push", "--quiet", "-u", "origin", "main")
    git(checkout, "remote", "set-head", "origin", "main")
    return folder


def repository(folder: Path) -> Path:
    """A checkout with one commit in `folder`, whose remote `origin` lies beside it."""
    shutil.copytree(_template(), folder / "git", symlinks=True)
    checkout = folder / "git" / "checkout"
    git(checkout, "remote", "set-url", "origin", str(folder / "git" / "remote.git"))
    return checkout


def worktrees(checkout: Path) -> list[str]:
    """The worktrees that git knows, but for the checkout itself."""
    lines = git(checkout, "worktree", "list", "--porcelain").splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith("worktree ")][1:]


def branches(checkout: Path) -> list[str]:
    """The branches of runs."""
    return git(checkout, "for-each-ref", "--format=%(refname:short)", "refs/heads/clodputer").split()
