"""What cannot be shown, taken or put away is told, with what helps; and no file of it is thrown away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from clodputer.isolate.worktree import review, undo
from clodputer.isolate.worktree.reclaim import discard
from clodputer.model.errors import ClodputerError
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from tests.isolate.test_take import changed, taken, worked
from tests.isolate.test_worktree import entered, token
from tests.repositories import git, repository


@pytest.mark.parametrize("operation", ["merge", "rebase", "cherry-pick", "revert", "bisect"])
def test_nothing_is_taken_into_an_operation_that_is_under_way(tmp_path: Path, operation: str) -> None:
    """It would become part of it, or get lost when that is aborted."""
    checkout, tree = worked(tmp_path, lambda tree: (tree / "new").write_text("new\n"))
    if operation == "bisect":
        git(checkout, "bisect", "start")
    else:
        git(checkout, "switch", "--quiet", "-c", "other")
        for branch in ("other", "main"):
            git(checkout, "switch", "--quiet", branch)
            (checkout / "file").write_text(f"{branch}\n")
            git(checkout, "commit", "--quiet", "--all", "-m", branch)
        (checkout / "file").write_text("later\n")
        git(checkout, "commit", "--quiet", "--all", "-m", "later")
        git(checkout, operation, "HEAD~1" if operation == "revert" else "other", check=False)
    with pytest.raises(ClodputerError) as failure:
        taken(tree)
    assert failure.value.code == "under_way"
    assert operation.split("-", maxsplit=1)[0] in failure.value.message
    assert not (checkout / "new").exists()


def test_other_repositories_within_it_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A submodule at another commit, and repositories with and without a commit, which git cannot take."""
    (tmp_path / ".gitconfig").write_text('[protocol "file"]\n\tallow = always\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    checkout = repository(tmp_path)
    inner = str(tmp_path / "git" / "remote.git")
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner, "inner")
    git(checkout, "commit", "--quiet", "-m", "with a submodule")
    git(checkout, "push", "--quiet")
    planned = token(tmp_path, checkout, submodules=True)
    path = entered(planned).path
    changed(Path(path))
    git(f"{path}/inner", "commit", "--quiet", "--allow-empty", "-m", "precious")
    for name in ("empty", "full"):
        git(path, "init", "--quiet", name)
    git(f"{path}/full", "commit", "--quiet", "--allow-empty", "-m", "first")
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    shown = review.diff(tree)
    assert "Subproject commit" in shown.text
    assert [note.split()[0] for note in shown.notes] == ["empty", "full"]
    done = taken(tree)
    assert done.files == ("file", "new", "sub/deep")
    assert [note.split()[0] for note in done.notes] == ["inner", "empty", "full"]
    with pytest.raises(ClodputerError) as failure:
        discard(planned["record"])
    assert "Move it away" in failure.value.hint
    assert Path(path, "full").exists()


def test_work_of_many_megabytes(tmp_path: Path) -> None:
    """It is too much to be shown, but it is taken, and put away."""
    content = os.urandom(17 * 1024 * 1024)
    checkout, tree = worked(tmp_path, lambda tree: (tree / "large").write_bytes(content))
    with pytest.raises(ClodputerError) as failure:
        review.diff(tree)
    assert "--stat" in failure.value.hint
    assert "large" in review.diff(tree, stat=True).text
    taken(tree)
    assert (checkout / "large").read_bytes() == content
    done = discard(f"{tree.path}.json")
    assert done is not None
    (patch,) = done.kept
    assert os.path.getsize(patch) > len(content)


def test_commits_that_are_not_checked_out_are_told(tmp_path: Path) -> None:
    """The run has left its branch for another one."""

    def work(tree: Path) -> None:
        git(tree, "commit", "--quiet", "--allow-empty", "-m", "left behind")
        git(tree, "switch", "--quiet", "-c", "mine", "HEAD~1")

    _, tree = worked(tmp_path, work)
    for notes in (review.diff(tree).notes, taken(tree).notes):
        assert tree.branch in notes[0]


def _no_tree(tree: Tree, checkout: Path) -> None:
    shutil.rmtree(tree.path)


def _no_admin(tree: Tree, checkout: Path) -> None:
    shutil.rmtree(tree.admin)


def _no_repository(tree: Tree, checkout: Path) -> None:
    checkout.rename(checkout.parent / "moved")


def _another_repository(tree: Tree, checkout: Path) -> None:
    checkout.rename(checkout.parent / "moved")
    repository(checkout.parent.parent / "other").rename(checkout)


@pytest.mark.parametrize("gone", [_no_tree, _no_admin, _no_repository, _another_repository])
def test_what_is_gone_is_told_and_no_file_is_thrown_away(
    tmp_path: Path, gone: Callable[[Tree, Path], None]
) -> None:
    """Each with what can be done; the person's word that it may go is carried out once nothing is left to lose."""
    (tmp_path / "other").mkdir()
    checkout, tree = worked(tmp_path, changed)
    gone(tree, checkout)
    for call in (review.diff, taken):
        with pytest.raises(ClodputerError) as failure:
            call(tree)
        assert failure.value.code == "no_tree"
        assert failure.value.hint
    if gone is not _no_tree:
        with pytest.raises(ClodputerError) as failure:
            discard(f"{tree.path}.json")
        assert f"rm -r {tree.path}" in failure.value.hint
        assert Path(tree.path, "new").read_text() == "new\n"
        shutil.rmtree(tree.path)
    done = discard(f"{tree.path}.json")
    assert done is not None
    assert done.removed
    assert discard(f"{tree.path}.json") is None


def test_a_bare_repository_has_no_checkout(tmp_path: Path) -> None:
    """What to do instead is said."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout.parent / "remote.git", fetch=False)
    changed(Path(entered(planned).path))
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    with pytest.raises(ClodputerError) as failure:
        taken(tree)
    assert failure.value.code == "no_checkout"
    assert "push" in failure.value.hint


def test_a_locked_tree_is_not_discarded(tmp_path: Path) -> None:
    """It is said how to unlock it; looked at and taken it can be."""

    def work(tree: Path) -> None:
        changed(tree)
        git(tree, "worktree", "unlock", str(tree))
        git(tree, "worktree", "lock", "--reason", "mine", str(tree))

    _, tree = worked(tmp_path, work)
    assert taken(tree).files
    with pytest.raises(ClodputerError) as failure:
        discard(f"{tree.path}.json")
    assert "worktree unlock" in failure.value.hint
    git(tree.common, "worktree", "unlock", tree.path)
    done = discard(f"{tree.path}.json")
    assert done is not None
    assert done.removed
