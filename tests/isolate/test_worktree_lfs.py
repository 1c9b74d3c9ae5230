"""Worktrees of repositories whose large files are kept by the real git-lfs: no content is lost, and what is missing is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clodputer.isolate.worktree import CANNOT, enter, pinned, review, taking, undo
from clodputer.isolate.worktree.reclaim import discard, reclaim
from clodputer.model.errors import ClodputerError
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from tests.isolate.test_worktree import RUN, entered, token
from tests.repositories import branches, git, repository, worktrees

pytestmark = pytest.mark.slow

FIRST, SECOND, THIRD, FOURTH = (bytes([number]) * 5000 for number in (1, 2, 3, 4))
POINTER = b"version https://git-lfs"
NAME = "[user]\n\tname = a\n\temail = a@example.org\n"
# As `git lfs install` sets it.
FILTER = (
    '[filter "lfs"]\n\tclean = git-lfs clean -- %f\n\tsmudge = git-lfs smudge -- %f\n'
    "\tprocess = git-lfs filter-process\n\trequired = true\n"
)


@pytest.fixture(autouse=True)
def _lfs() -> None:
    if subprocess.run(["git", "lfs", "version"], capture_output=True, check=False).returncode:
        assert os.environ.get("CI") != "true", "git-lfs is not installed"
        pytest.skip("git-lfs is not installed")


def persons(folder: Path | str, *arguments: str) -> str:
    """What a git with the person's own settings prints."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ["GIT_CONFIG_NOSYSTEM"] = "1"
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose `big.bin` is kept by git-lfs, as the person's own settings say; the remote's folder has the content."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text(f"{NAME}{FILTER}")
    folder = repository(tmp_path)
    (folder / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (folder / "big.bin").write_bytes(FIRST)
    persons(folder, "add", "--all")
    persons(folder, "commit", "--quiet", "-m", "big")
    persons(folder, "lfs", "push", "--all", "origin")
    persons(folder, "push", "--quiet")
    assert persons(folder, "show", "HEAD:big.bin").encode().startswith(POINTER)
    return folder


def never_used(tmp_path: Path) -> Path:
    """A clone of the same remote in which git-lfs has never been at work."""
    git(tmp_path, "clone", "--quiet", str(tmp_path / "git" / "remote.git"), "second")
    assert not (tmp_path / "second" / ".git" / "lfs").exists()
    assert (tmp_path / "second" / "big.bin").read_bytes().startswith(POINTER)
    return tmp_path / "second"


def work(tree: Tree) -> None:
    """A run commits one large file, changes another, and leaves a new one."""
    Path(tree.path, "committed.bin").write_bytes(SECOND)
    persons(tree.path, "add", "--all")
    persons(tree.path, "commit", "--quiet", "-m", "work")
    Path(tree.path, "big.bin").write_bytes(THIRD)
    Path(tree.path, "new.bin").write_bytes(FOURTH)


def contents(folder: Path | str) -> list[bytes]:
    return [Path(folder, name).read_bytes() for name in ("big.bin", "committed.bin", "new.bin")]


def had_again(checkout: Path, bundle: str, patch: str) -> None:
    """What was put away is had again, with the person's own git."""
    persons(checkout, "fetch", "--quiet", bundle, "HEAD:again")
    persons(checkout, "switch", "--quiet", "again")
    persons(checkout, "apply", patch)
    assert contents(checkout) == [THIRD, SECOND, FOURTH]


def kept(planned: dict[str, Any]) -> Tree:
    """The tree after its run."""
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    assert tree.undelivered
    return tree


@pytest.mark.parametrize("used", [True, False])
def test_large_files_come_and_go_with_their_content(tmp_path: Path, checkout: Path, used: bool) -> None:
    """From the repository's store or the remote's; and what a run made of them can be taken, and had again once put away."""
    folder = checkout if used else never_used(tmp_path)
    planned = token(tmp_path, folder)
    tree = entered(planned)
    assert Path(tree.path, "big.bin").read_bytes() == FIRST
    assert persons(tree.path, "status", "--porcelain") == ""
    undo(planned)
    assert (worktrees(folder), branches(folder)) == ([], [])

    planned = token(tmp_path, folder, f"{RUN}2")
    work(entered(planned))
    tree = kept(planned)
    assert (tree.commits, tree.changes, tree.problems) == (1, 2, ())
    assert review.diff(tree).text.count("+oid sha256:") == 3
    persons(folder, "reset", "--quiet", "--hard")  # the clone that knew no git-lfs has its content now
    assert taking.take(pinned.of(tree), tree).files == ("big.bin", "committed.bin", "new.bin")
    assert contents(folder) == [THIRD, SECOND, FOURTH]

    done = discard(planned["record"])
    assert done is not None
    assert done.removed
    persons(folder, "reset", "--quiet", "--hard")
    persons(folder, "clean", "--quiet", "--force")
    # Its content is with the repository, and not in what can be made again.
    shutil.rmtree(tmp_path / "home" / "cache")
    had_again(folder, *done.kept)


def test_content_that_nobody_has(tmp_path: Path, checkout: Path) -> None:
    """The run does not start, it is told what to do, and nothing is left; as pointers, where a person wants that, it does."""
    shutil.rmtree(checkout / ".git" / "lfs")
    shutil.rmtree(tmp_path / "git" / "remote.git" / "lfs")
    planned = token(tmp_path, checkout)
    with pytest.raises(ClodputerError) as raised:
        enter(planned)
    assert raised.value.code == CANNOT
    assert "git lfs fetch --all" in raised.value.hint
    undo(planned)
    assert (worktrees(checkout), branches(checkout), os.listdir(tmp_path / "home" / "trees")) == ([], [], [])


def test_pointers_where_a_person_wants_them(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By git-lfs's own variable: nothing is downloaded, and such a tree is clean."""
    shutil.rmtree(tmp_path / "git" / "remote.git" / "lfs")
    monkeypatch.setenv("GIT_LFS_SKIP_SMUDGE", "1")
    planned = token(tmp_path, checkout)
    assert Path(entered(planned).path, "big.bin").read_bytes().startswith(POINTER)
    undo(planned)
    assert worktrees(checkout) == []


def test_a_pointer_whose_content_nobody_has(tmp_path: Path, checkout: Path) -> None:
    """A run has written one: taking it changes nothing at all, not the other files either, and the tree has its own."""
    planned = token(tmp_path, checkout)
    tree = entered(planned)
    Path(tree.path, "file").write_text("changed\n")
    Path(tree.path, "ghost.bin").write_bytes(
        POINTER + b".github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    )
    tree = kept(planned)
    with pytest.raises(ClodputerError) as raised:
        taking.take(pinned.of(tree), tree)
    assert "git-lfs" in str(raised.value)
    assert "lfs fetch" in raised.value.hint
    assert persons(checkout, "status", "--porcelain") == ""
    assert discard(planned["record"])


def test_a_filter_that_the_repository_alone_has(tmp_path: Path, checkout: Path) -> None:
    """It is not run and that is told. The agent's own git runs it; all that comes of it is kept, and can be taken."""
    git(checkout, "config", "core.attributesFile", str(tmp_path / "attributes"))
    (tmp_path / "attributes").write_text("*.bin filter=own\n")
    (checkout / ".gitattributes").unlink()
    git(checkout, "commit", "--quiet", "-m", "by another name", ".gitattributes")
    git(checkout, "push", "--quiet")
    program, witness = tmp_path / "lfs", tmp_path / "witness"
    program.write_text(f'#!/bin/sh\necho "$*" >>{witness}\nexec git-lfs "$@"\n')
    program.chmod(0o755)
    with open(checkout / ".git" / "config", "a") as file:
        file.write(FILTER.replace('"lfs"', '"own"').replace("git-lfs", str(program)))
    planned = token(tmp_path, checkout)
    tree = entered(planned)
    assert "were not run (own)" in tree.notes[0]
    assert Path(tree.path, "big.bin").read_bytes().startswith(POINTER)
    undo(planned)
    assert worktrees(checkout) == []
    assert not witness.exists()

    planned = token(tmp_path, checkout, f"{RUN}2")
    tree = entered(planned)
    Path(tree.path, "big.bin").unlink()
    persons(tree.path, "checkout", "big.bin")
    assert Path(tree.path, "big.bin").read_bytes() == FIRST
    work(tree)
    assert witness.exists()
    witness.unlink()
    tree = kept(planned)
    assert tree.commits == 1
    assert review.diff(tree).commits
    with pytest.raises(ClodputerError, match=r"big\.bin: patch does not apply"):
        taking.take(pinned.of(tree), tree)
    assert persons(checkout, "status", "--porcelain") == ""
    looked = reclaim(planned["record"], dry=True)
    assert looked is not None
    assert not looked.removed
    witness.unlink(missing_ok=True)
    done = discard(planned["record"])
    assert done is not None
    assert done.removed
    assert not witness.exists()
    had_again(checkout, *done.kept)


def test_nothing_that_a_repository_tells_git_lfs_is_run(tmp_path: Path, checkout: Path) -> None:
    """Extensions and transfers name programs, in its configuration and in the tree: ours is the person's git-lfs alone."""
    program, witness = tmp_path / "evil", tmp_path / "witness"
    program.write_text(f'#!/bin/sh\necho "$*" >>{witness}\ncat\n')
    program.chmod(0o755)
    planned = token(tmp_path, checkout)
    tree = entered(planned)
    evil = (
        f'[lfs "extension.evil"]\n\tclean = {program} clean %f\n\tsmudge = {program} smudge %f\n\tpriority = 0\n'
        f'[lfs "customtransfer.evil"]\n\tpath = {program}\n[lfs]\n\tstandalonetransferagent = evil\n'
        f'[filter "lfs"]\n\tclean = {program}\n\tsmudge = {program}\n\tprocess = {program}\n'
    )
    # With a priority it would count as an extension without a program, which keeps git-lfs from working in that tree.
    Path(tree.path, ".lfsconfig").write_text(evil.replace("priority = 0", ""))
    Path(tree.path, "big.bin").write_bytes(SECOND)
    with open(checkout / ".git" / "config", "a") as file:
        file.write(evil)
    tree = kept(planned)
    assert tree.changes == 2
    assert "+oid sha256:" in review.diff(tree).text
    taking.take(pinned.of(tree), tree)
    assert (checkout / "big.bin").read_bytes() == SECOND
    shutil.rmtree(checkout / ".git" / "lfs")
    again = entered(token(tmp_path, checkout, f"{RUN}2"))
    assert Path(again.path, "big.bin").read_bytes() == FIRST
    assert discard(planned["record"])
    assert not witness.exists(), witness.read_text()
    git(checkout, "add", "big.bin", check=False)
    assert witness.exists(), "the attack works without our care"
