"""A worktree of real git, by itself: what it begins at, what keeps it, and that nothing in it is ever lost."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import psutil
import pytest

from clodputer.isolate.worktree import base, end, enter, plan, undo
from clodputer.model.isolate.worktree import Worktree
from clodputer.model.task import Task
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from tests.repositories import branches, git, repository, worktrees
from tests.wait import until

RUN = "20270115T080000.123Z-abcd1234"


def token(tmp_path: Path, folder: Path, run_id: str = RUN, **rule: Any) -> dict[str, Any]:
    """The plan of a run's worktree."""
    task = Task("tidy", "tidy.yaml", isolation="worktree", worktree=Worktree(**rule))
    planned = plan(task, {"CLODPUTER_HOME": str(tmp_path / "home")}, run_id)
    assert planned is not None
    return {**planned, "folder": str(folder), "continues": ""}


def entered(planned: Mapping[str, Any]) -> Tree:
    """The tree that a plan makes."""
    enter(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    return tree


def test_it_is_made_at_the_remotes_branch_and_removed_clean(tmp_path: Path) -> None:
    """At what the remote has now, on a branch without an upstream, in the folder that the task names; and all of it goes."""
    checkout = repository(tmp_path)
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(tmp_path / "git" / "remote.git"), str(other))
    git(other, "commit", "--quiet", "--allow-empty", "-m", "second")
    git(other, "push", "--quiet")
    planned = token(tmp_path, checkout / "sub")
    prepared = enter(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    assert prepared.working_directory == f"{tree.path}/sub"
    assert Path(tree.path) == tmp_path / "home" / "trees" / "tidy" / RUN
    assert tree.commit == git(other, "rev-parse", "HEAD") != git(checkout, "rev-parse", "HEAD")
    assert tree.branch == "clodputer/tidy/20270115T080000-123Z-abcd1234"
    assert git(tree.path, "branch", "--show-current") == tree.branch
    assert git(tree.path, "config", "--get", f"branch.{tree.branch}.remote", check=False) == ""
    Path(tree.path, "ignored").touch()
    for _ in range(2):
        undo(planned)
        assert (worktrees(checkout), branches(checkout)) == ([], [])
        assert os.listdir(tmp_path / "home" / "trees") == []


def commit(tree: Tree) -> None:
    """A commit that no remote has."""
    git(tree.path, "commit", "--quiet", "--allow-empty", "-m", "work")


def _dirty(tree: Tree) -> None:
    Path(tree.path, "file").write_text("changed\n")


def _untracked(tree: Tree) -> None:
    git(tree.path, "config", "status.showUntrackedFiles", "no")
    Path(tree.path, "sub", "new").touch()


def _detached(tree: Tree) -> None:
    git(tree.path, "checkout", "--quiet", "--detach")
    commit(tree)


def _on_another_branch(tree: Tree) -> None:
    commit(tree)
    git(tree.path, "switch", "--quiet", "-c", "mine", "HEAD~1")


def _locked(tree: Tree) -> None:
    git(tree.path, "worktree", "unlock", tree.path)
    git(tree.path, "worktree", "lock", "--reason", "mine", tree.path)


def _merging(tree: Tree) -> None:
    Path(tree.admin, "MERGE_HEAD").write_text(tree.commit)


def _repository_inside(tree: Tree) -> None:
    git(tree.path, "init", "--quiet", "inside")
    Path(tree.path, "inside", "file").touch()


def _git_file_rewritten(tree: Tree) -> None:
    Path(tree.path, ".git").write_text("gitdir: /nowhere\n")
    _dirty(tree)


def _head_lost(tree: Tree) -> None:
    git(tree.path, "checkout", "--quiet", "--orphan", "fresh")


def _index_lock_and_dirty(tree: Tree) -> None:
    Path(tree.admin, "index.lock").touch()
    _dirty(tree)


WORK: tuple[Callable[[Tree], None], ...] = (
    commit,
    _dirty,
    _untracked,
    _detached,
    _on_another_branch,
    _locked,
    _merging,
    _repository_inside,
    _git_file_rewritten,
    _head_lost,
    _index_lock_and_dirty,
)


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("keep", ["unpushed", "failed"])
def test_work_keeps_the_tree(tmp_path: Path, work: Callable[[Tree], None], keep: str) -> None:
    """Whatever it is; the record says that it is undelivered, however often it is looked at."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout, keep=keep)
    work(entered(planned))
    for _ in range(2):
        undo(planned)
        tree = trees.read(planned["record"])
        assert tree is not None
        assert tree.undelivered, tree
        assert tree.commits or tree.changes or tree.problems
        assert os.path.isdir(tree.path)
        assert worktrees(checkout) == [tree.path]
        assert tree.branch in branches(checkout)


def test_what_is_pushed_is_delivered(tmp_path: Path) -> None:
    """From a detached HEAD and by a branch of the run's own as well."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout)
    tree = entered(planned)
    commit(tree)
    git(tree.path, "push", "--quiet", "origin", "HEAD:refs/heads/done")
    git(tree.path, "checkout", "--quiet", "--detach")
    undo(planned)
    assert (worktrees(checkout), branches(checkout), trees.read(planned["record"])) == ([], [], None)


@pytest.mark.parametrize(
    ("keep", "failed", "there"), [("always", False, True), ("failed", True, True), ("failed", False, False)]
)
def test_a_clean_tree_is_kept_where_the_task_says_so(
    tmp_path: Path, keep: str, failed: bool, there: bool
) -> None:
    """`always`, or after a run that did not succeed."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout, keep=keep)
    enter(planned)
    tree = end.close(planned["record"], failed=failed)
    assert tree is not None
    assert (tree.state, tree.why) == (("kept", keep) if there else ("removed", ""))
    assert len(worktrees(checkout)) == there
    assert not tree.undelivered


def test_never_keeps_the_work_as_files(tmp_path: Path) -> None:
    """A bundle with the commits and a patch with the rest, from which both can be had again."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout, keep="never")
    tree = entered(planned)
    commit(tree)
    head = git(tree.path, "rev-parse", "HEAD")
    Path(tree.path, "new").write_text("precious\n")
    undo(planned)
    assert (worktrees(checkout), branches(checkout)) == ([], [])
    beside = tmp_path / "home" / "trees" / ".discarded" / f"tidy-{RUN}"
    git(checkout, "fetch", "--quiet", f"{beside}.bundle", "HEAD:again")
    assert git(checkout, "rev-parse", "again") == head
    git(checkout, "apply", f"{beside}.patch")
    assert (checkout / "new").read_text() == "precious\n"


def test_never_keeps_a_tree_whose_work_cannot_be_put_away(tmp_path: Path) -> None:
    """A repository inside it, say."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout, keep="never")
    _repository_inside(entered(planned))
    undo(planned)
    assert len(worktrees(checkout)) == 1


def test_a_session_gets_its_tree_back(tmp_path: Path) -> None:
    """With all that is in it, but what an agent obeys is restored, and what stood there is kept beside it."""
    checkout = repository(tmp_path)
    first = token(tmp_path, checkout)
    tree = entered(first)
    _dirty(tree)
    Path(tree.path, "CLAUDE.md").write_text("Be bold.\n")
    Path(tree.path, ".mcp.json").write_text("{}")
    closed = end.close(first["record"], session=True)
    assert closed is not None
    assert (closed.why, closed.undelivered) == ("session", False)
    second = {**token(tmp_path, checkout, f"{RUN}2"), "continues": RUN}
    again = entered(second)
    assert (again.path, again.branch, again.earlier) == (tree.path, tree.branch, (RUN,))
    assert Path(tree.path, "file").read_text() == "changed\n"
    assert Path(tree.path, "CLAUDE.md").read_text() == "Be careful.\n"
    assert not os.path.lexists(f"{tree.path}/.mcp.json")
    assert len(os.listdir(tmp_path / "home" / "trees" / "tidy" / f".{RUN}.aside")) == 2
    assert len(again.notes) == 2
    git(tree.path, "checkout", "file")
    end.close(second["record"])
    assert worktrees(checkout) == []
    assert trees.records(str(tmp_path / "home" / "trees")) == []


def test_files_that_git_does_not_track_are_copied(tmp_path: Path) -> None:
    """They are no work of the run's as long as they are as they came; links are not followed."""
    checkout = repository(tmp_path)
    (checkout / ".env").write_text("KEY=1\n")
    (checkout / "local").mkdir()
    (checkout / "local" / "one").write_text("1")
    tree = entered(token(tmp_path, checkout, copy=(".env", "local", "file")))
    assert sorted(tree.copied) == [".env", "local/one"]
    assert Path(tree.path, ".env").read_text() == "KEY=1\n"
    assert end.close(token(tmp_path, checkout)["record"])._replace(ended_at=0).state == "removed"  # type: ignore[union-attr]
    planned = token(tmp_path, checkout, f"{RUN}2", copy=("local",))
    Path(entered(planned).path, "local", "one").write_text("2")
    undo(planned)
    assert len(worktrees(checkout)) == 1


def test_the_last_known_state_of_a_remote_that_is_gone(tmp_path: Path) -> None:
    """It is used, and the record says so."""
    checkout = repository(tmp_path)
    (tmp_path / "git" / "remote.git").rename(tmp_path / "away")
    tree = entered(token(tmp_path, checkout))
    assert "could not be fetched" in tree.notes[0]
    assert entered(token(tmp_path, checkout, f"{RUN}2", fetch=False)).notes == ()


def test_a_remote_that_never_answers(tmp_path: Path) -> None:
    """It is given up after its time, the last known state is used, and no git is left that waits for it."""
    checkout = repository(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent, open(tmp_path / "held", "w") as held:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.git"
        git(checkout, "remote", "set-url", "origin", url)
        found = base.resolve(
            base.find(str(checkout), str(tmp_path / "cache")), "", held.fileno(), fetch=True, patience=0.5
        )
        assert "could not be fetched" in found.notes[0]
        assert found.commit == git(checkout, "rev-parse", "HEAD")
        until(
            lambda: (
                not any(
                    url in " ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])
                )
            )
        )
