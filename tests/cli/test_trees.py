"""`trees`, `diff`, `take` and `discard`: a run's work is looked at, taken over, put away; and nothing of it is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.isolate.worktree.reclaim import processes
from clodputer.runner.place import reclaim
from clodputer.store import context as contexts
from clodputer.store.git import git as our_git
from clodputer.store.git import trees
from clodputer.store.home import Home
from tests.repositories import branches, git, repository, worktrees
from tests.wait import until
from tests.workshop import (
    ROOT,
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    records,
    start,
)

WORK = "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m 'a commit'; echo two >>file; echo new >new"


def worked(home: Home, tmp_path: Path, script: str = WORK, more: str = "") -> tuple[Path, str]:
    """A run that has worked in its tree: the checkout, and the run's id."""
    checkout = repository(tmp_path)
    more = f"working_directory: {checkout}\nisolation: worktree\n{more}"
    command_task(home, "tidy", "sh", "-c", script, more=more)
    drop(home, "tidy")
    execute(home)
    return checkout, str(records(home, "tidy")[0]["run_id"])


def test_work_is_seen_and_taken(home: Home, tmp_path: Path) -> None:
    """As changes in the checkout; what does not fit changes nothing there."""
    checkout, run_id = worked(home, tmp_path)
    shown, _ = clodputer(home, "diff", run_id)
    assert "a commit" in shown
    assert "+two" in shown
    assert "+new" in shown
    assert "2 files changed" in clodputer(home, "diff", "tidy", "--stat")[0]
    assert "tidy" in clodputer(home, "trees")[0]
    (checkout / "new").write_text("mine\n")
    _, said = clodputer(home, "take", run_id, status=1)
    assert "nothing was changed" in said
    assert (checkout / "file").read_text() == "one\n"
    assert (checkout / "new").read_text() == "mine\n"
    (checkout / "new").unlink()
    assert "2 files changed" in clodputer(home, "take", run_id)[0]
    assert (checkout / "file").read_text() == "one\ntwo\n"
    assert (checkout / "new").read_text() == "new\n"
    assert len(worktrees(checkout)) == 1


def test_a_run_that_is_at_work_is_not_disturbed(home: Home, tmp_path: Path) -> None:
    """It can be looked at; taken and discarded it can be once it has ended."""
    script = f"echo new >new; touch {tmp_path}/there; until [ -e {tmp_path}/go ]; do sleep 0.05; done"
    checkout = repository(tmp_path)
    more = f"working_directory: {checkout}\nisolation: worktree\n"
    command_task(home, "tidy", "sh", "-c", script, more=more)
    drop(home, "tidy")
    process = start(home, "exec")
    try:
        until((tmp_path / "there").exists)
        run_id = str(events(home, "started")[0]["run_id"])
        assert "+new" in clodputer(home, "diff", run_id)[0]
        said = clodputer(home, "take", run_id, status=1)[1]
        assert "at work" in said
        assert f"clodputer cancel {run_id}" in said
        assert "A run uses it" in clodputer(home, "discard", run_id, "--yes", status=1)[0]
        assert not (checkout / "new").exists()
    finally:
        (tmp_path / "go").touch()
        process.communicate(timeout=60)
    assert "1 file changed" in clodputer(home, "take", run_id)[0]


def test_commits_alone_are_taken(home: Home, tmp_path: Path) -> None:
    """What a run has committed on its branch, with nothing left uncommitted, comes into the checkout in the same way."""
    script = "echo two >> file && mkdir more && echo new > more/new && git add . && git commit --quiet -m all"
    identity = "git config user.name a && git config user.email a@b && "
    checkout, run_id = worked(home, tmp_path, identity + script)
    assert "2 files changed" in clodputer(home, "take", run_id)[0]
    assert (checkout / "file").read_text() == "one\ntwo\n"
    assert (checkout / "more" / "new").read_text() == "new\n"


def test_what_is_discarded_can_be_had_again(home: Home, tmp_path: Path) -> None:
    """Tree and branch go; a bundle and a patch stay, for a month."""
    checkout, run_id = worked(home, tmp_path)
    clodputer(home, "discard", run_id, status=2)
    assert len(worktrees(checkout)) == 1
    data = json.loads(clodputer(home, "discard", run_id, "--yes", "--json")[0])["data"]
    assert data["removed"]
    bundle, patch = data["kept"]
    assert (worktrees(checkout), branches(checkout)) == ([], [])
    git(checkout, "fetch", "--quiet", bundle, "HEAD:again")
    assert git(checkout, "log", "-1", "--format=%s", "again") == "a commit"
    git(checkout, "apply", patch)
    assert (checkout / "new").exists()
    clodputer(home, "diff", run_id, status=1)
    context = contexts.look(environment(home))
    reclaim.sweep(context, os.stat(patch).st_mtime + 86400)
    assert os.path.exists(patch)
    reclaim.sweep(context, os.stat(patch).st_mtime + 31 * 86400)
    assert not os.path.exists(patch)
    assert events(home, "tree_removed")[0]["by"] == "discard"


def test_only_what_nothing_is_lost_with_is_reclaimed(home: Home, tmp_path: Path) -> None:
    """After it was pushed, when nobody works in it, and when it is old enough."""
    checkout, run_id = worked(home, tmp_path)
    (path,) = worktrees(checkout)
    assert "0 trees removed" in clodputer(home, "trees", "reclaim")[0]
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "-m", "all of it")
    git(path, "push", "--quiet", "origin", "HEAD")
    assert "It is not old enough" in clodputer(home, "trees", "reclaim", "--older-than", "1h")[0]
    with subprocess.Popen([sys.executable, "-c", "input()"], cwd=path, stdin=subprocess.PIPE) as process:
        until(lambda: process.pid in processes(path))
        assert f"Process {process.pid} works in it" in clodputer(home, "trees", "reclaim")[0]
        process.communicate(b"\n")
    assert "1 tree would be removed" in clodputer(home, "trees", "reclaim", "--dry-run")[0]
    assert len(worktrees(checkout)) == 1
    assert "1 tree removed" in clodputer(home, "trees", "reclaim")[0]
    assert (worktrees(checkout), branches(checkout)) == ([], [])
    assert [event["run_id"] for event in events(home, "tree_removed")] == [run_id]
    clodputer(home, "trees", "reclaim", "--older-than", "soon", status=2)


def test_the_sweep_goes_by_the_ttl(home: Home, tmp_path: Path) -> None:
    """Of a tree that was kept without work in it."""
    checkout, _ = worked(home, tmp_path, "true", "worktree: {keep: always, ttl: 1h}\n")
    context = contexts.look(environment(home))
    (tree,) = trees.everything(home)
    reclaim.sweep(context, tree.ended_at + 3000)
    assert len(worktrees(checkout)) == 1
    reclaim.sweep(context, tree.ended_at + 4000)
    assert worktrees(checkout) == []


def test_a_tree_whose_request_was_given_up_is_told(home: Home, tmp_path: Path) -> None:
    """It was kept for a session that nobody goes on with."""
    worked(home, tmp_path)
    (tree,) = trees.everything(home)
    trees.write(home.trees, tree._replace(why="session"))
    reclaim.sweep(contexts.look(environment(home)), tree.ended_at + 90000)
    (tree,) = trees.everything(home)
    assert tree.undelivered


@pytest.mark.parametrize(
    ("pattern", "good"),
    [
        (".env", True),
        ("config/*.local", True),
        ("a/b/**", True),
        ("../x", False),
        ("a/../../x", False),
        ("/etc/passwd", False),
        ("~/x", False),
        (".git/config", False),
    ],
)
def test_what_may_be_copied_into_a_tree(home: Home, tmp_path: Path, pattern: str, good: bool) -> None:
    """Each pattern of a list by itself: paths inside of the repository, and not its git folder."""
    rule = f"isolation: worktree\nworktree: {{copy: ['{pattern}', .env]}}\nworking_directory: {tmp_path}\n"
    command_task(home, "copies", "true", more=rule)
    out = clodputer(home, "validate", "copies", status=0 if good else 1)[0]
    assert ("a pattern of paths inside the repository" in out) is not good


def test_whoever_waits_for_a_repository_is_told_for_whom(home: Home, tmp_path: Path) -> None:
    """On stderr, once, with the process; and it goes on when that one has ended."""
    checkout, run_id = worked(home, tmp_path)
    with our_git.writer(str(checkout / ".git")):
        waits = subprocess.Popen(
            [sys.executable, "-m", "clodputer", "take", run_id, "--json"],
            env=environment(home),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waits.stderr is not None
        said = waits.stderr.readline()
        assert waits.poll() is None
    assert f"process {os.getpid()} " in said
    assert str(checkout / ".git") in said
    out, more = waits.communicate()
    assert (more, json.loads(out)["data"]["files"]) == ("", ["file", "new"])
