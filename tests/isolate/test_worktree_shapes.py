"""Worktrees of repositories of every shape, and those that none can be made of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest

from clodputer.isolate.worktree import BUSY, CANNOT, enter, undo
from clodputer.model.errors import ClodputerError
from clodputer.store.git import git as our_git
from clodputer.store.git import trees, waiting
from tests.isolate.test_worktree import RUN, commit, entered, token
from tests.repositories import branches, git, repository, worktrees


@pytest.mark.parametrize("shape", ["no remote", "shallow", "worktree", "bare", "detached"])
def test_shapes_of_repositories(tmp_path: Path, shape: str) -> None:
    """Each has a commit to begin at; clean trees go, a commit keeps them."""
    checkout = repository(tmp_path)
    if shape == "no remote":
        git(checkout, "remote", "remove", "origin")
    elif shape == "shallow":
        git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path}/git/remote.git", "shallow")
        checkout = tmp_path / "shallow"
    elif shape == "worktree":
        git(checkout, "worktree", "add", "--quiet", str(tmp_path / "second"))
        checkout = tmp_path / "second"
    elif shape == "bare":
        checkout = tmp_path / "git" / "remote.git"
    else:
        git(checkout, "checkout", "--quiet", "--detach")
    before = worktrees(checkout)
    planned = token(tmp_path, checkout)
    entered(planned)
    undo(planned)
    assert worktrees(checkout) == before
    planned = token(tmp_path, checkout, f"{RUN}2")
    commit(entered(planned))
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    assert (tree.commits, tree.undelivered) == (1, True)


def _unborn(folder: Path) -> Path:
    git(folder, "init", "--quiet", "unborn")
    return folder / "unborn"


def _no_base(folder: Path) -> Path:
    return repository(folder)


def _no_lfs(folder: Path) -> Path:
    checkout = repository(folder)
    (checkout / ".gitattributes").write_text("big filter=lfs\n")
    (checkout / "big").write_text("x")
    (folder / ".gitconfig").write_text(
        '[filter "lfs"]\nsmudge = git-lfs-that-is-not-here smudge %f\nclean = cat\nprocess =\nrequired = true\n'
    )
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "big")
    git(checkout, "push", "--quiet")
    return checkout


def _branch_in_the_way(folder: Path) -> Path:
    checkout = repository(folder)
    git(checkout, "branch", "clodputer")
    return checkout


def _nothing(folder: Path) -> Path:
    return folder / "nothing"


@pytest.mark.parametrize("made", [_unborn, _no_base, _no_lfs, _branch_in_the_way, _nothing, Path])
def test_what_cannot_be_made_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], Path]
) -> None:
    """With what to do about it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = made(tmp_path)
    planned = token(tmp_path, folder, base="nowhere" if made is _no_base else "")
    with pytest.raises(ClodputerError) as raised:
        enter(planned)
    assert raised.value.code == CANNOT
    assert raised.value.hint
    undo(planned)
    assert not os.path.lexists(planned["record"])
    assert not os.path.lexists(trees.tree_path(planned["record"]))
    if made is not Path and folder.exists():
        assert (worktrees(folder), branches(folder)) == (
            [],
            ["clodputer"] if made is _branch_in_the_way else [],
        )


def test_a_git_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    """They hold the lock with it, so that it is free only when the last of them is gone."""
    checkout = repository(tmp_path)
    with our_git.writer(str(checkout / ".git")) as held:
        said = our_git.call(["-c", "alias.wait=!sleep 60", "wait"], str(checkout), 0.2, held=held)
        assert said.why == "git took too long"
        with pytest.raises(TimeoutError), our_git.writer(str(checkout / ".git"), 0.0):
            pass
    with our_git.writer(str(checkout / ".git"), 20.0) as held:
        assert held >= 0


def test_submodules_are_checked_out_where_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit in one that no remote has keeps the tree, which git itself would not."""
    (tmp_path / ".gitconfig").write_text('[protocol "file"]\n\tallow = always\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    checkout = repository(tmp_path)
    inner = tmp_path / "git" / "remote.git"
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    git(checkout, "commit", "--quiet", "-m", "with a submodule")
    git(checkout, "push", "--quiet")
    planned = token(tmp_path, checkout, submodules=True)
    tree = entered(planned)
    assert Path(tree.path, "inner", "file").exists()
    undo(planned)
    assert worktrees(checkout) == []
    planned = token(tmp_path, checkout, f"{RUN}2", submodules=True)
    tree = entered(planned)
    git(f"{tree.path}/inner", "commit", "--quiet", "--allow-empty", "-m", "precious")
    undo(planned)
    assert worktrees(checkout) == [tree.path]


@pytest.mark.parametrize("where", ["the checkout", "the tree"])
def test_no_link_leads_copies_out(tmp_path: Path, where: str) -> None:
    """Neither is a file read through a folder that is a link, nor written through one that the base has."""
    checkout, outside = repository(tmp_path), tmp_path / "outside"
    outside.mkdir()
    (checkout / "settings").symlink_to(outside)
    if where == "the tree":
        git(checkout, "add", "settings")
        git(checkout, "commit", "--quiet", "-m", "link")
        git(checkout, "push", "--quiet")
        (checkout / "settings").unlink()
        (checkout / "settings").mkdir()
    (checkout / "settings" / "key").write_text("secret")
    planned = token(tmp_path, checkout, copy=("settings/*",))
    with pytest.raises(ClodputerError, match=f"leads out, to {outside}") as caught:
        enter(planned)
    assert caught.value.code == CANNOT
    assert os.listdir(outside) == ([] if where == "the tree" else ["key"])
    undo(planned)
    assert len(worktrees(checkout)) == 0


def test_no_link_in_the_place_of_the_lock_is_written_through(tmp_path: Path) -> None:
    """A run beside this one can put it into the git folder. This one waits until it is gone, and nothing is changed."""
    checkout, letter = repository(tmp_path), tmp_path / "letter"
    letter.write_text("123456 is what somebody has written")
    lock = checkout / ".git" / "clodputer.lock"
    lock.symlink_to(letter)
    planned = token(tmp_path, checkout)
    with pytest.raises(ClodputerError, match="is a link") as caught:
        enter(planned)
    assert caught.value.code == BUSY
    lock.unlink()
    lock.symlink_to(tmp_path / "new")
    undo(planned)
    assert (letter.read_text(), (tmp_path / "new").exists()) == ("123456 is what somebody has written", False)
    lock.unlink()
    entered(planned)
    undo(planned)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/proc/self/stat", path), os.mkdir])
def test_who_has_the_lock_is_read_from_a_file_alone(tmp_path: Path, make: Callable[[str], None]) -> None:
    """A pipe would hang whoever asks."""
    make(f"{tmp_path}/lock")
    with waiting.telling(lambda _, holder: told.append(holder)):
        told: list[int] = []
        ask = waiting.teller("", f"{tmp_path}/lock", moment=0.0)
        ask()
    assert told == [0]


def test_a_fetch_writes_through_no_link(tmp_path: Path) -> None:
    """A run beside this one can put it in the place of the file that says what was fetched."""
    checkout, letter = repository(tmp_path), tmp_path / "letter"
    letter.write_text("a person's")
    (checkout / ".git" / "FETCH_HEAD").symlink_to(letter)
    assert entered(token(tmp_path, checkout)).notes == ()
    assert letter.read_text() == "a person's"
