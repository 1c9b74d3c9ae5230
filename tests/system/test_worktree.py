"""Runs in worktrees, from the drop on: where the agent works, what is kept of it, and who is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

from clodputer.store.git import trees
from clodputer.store.home import Home
from tests.repositories import branches, repository, worktrees
from tests.system import execs
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    program,
    records,
    write_task,
)


def test_a_run_works_in_its_tree(home: Home, tmp_path: Path) -> None:
    """In the folder that its task names, without variables that would lead git elsewhere; and the tree goes with the run."""
    checkout = repository(tmp_path)
    more = f"working_directory: {checkout}/sub\nisolation: worktree\nenv: {{GIT_DIR: /nowhere, GIT_AUTHOR_NAME: me}}\n"
    command_task(home, "tidy", "sh", "-c", "env | grep ^GIT_; pwd", more=more)
    drop(home, "tidy")
    execute(home)
    (record,) = records(home, "tidy")
    assert record["outcome"] == "succeeded"
    tree = record["worktree"]
    assert record["result"] == record["working_directory"] == f"{tree['path']}/sub"
    stdout = Path(home.runs, "tidy", record["run_id"], "stdout").read_text()
    assert stdout.split()[0] == "GIT_AUTHOR_NAME=me"
    assert "GIT_DIR" not in stdout
    assert (tree["state"], tree["undelivered"], tree["notes"]) == ("removed", False, [])
    assert (worktrees(checkout), branches(checkout), os.listdir(home.trees)) == ([], [], [])


def test_work_that_is_left_is_told(home: Home, tmp_path: Path) -> None:
    """In the record, in `show`, in `status` and in the log, with the commands."""
    checkout = repository(tmp_path)
    command_task(
        home, "tidy", "touch", "new", more=f"working_directory: {checkout}\nworktree: {{base: main}}\n"
    )
    drop(home, "tidy")
    execute(home)
    (record,) = records(home, "tidy")
    tree = record["worktree"]
    assert (tree["undelivered"], tree["changes"], tree["base"]) == (True, 1, "refs/remotes/origin/main")
    assert Path(tree["path"], "new").exists()
    assert not (checkout / "new").exists()
    assert f"Undelivered work in {tree['path']}" in " ".join(
        clodputer(home, "show", record["run_id"])[0].split()
    )
    assert "tidy has left work in its worktree" in clodputer(home, "status")[0]
    status = json.loads(clodputer(home, "status", "--json")[0])
    assert status["data"]["attention"]["trees"][0]["run_id"] == record["run_id"]
    assert [event["run_id"] for event in events(home, "work_kept")] == [record["run_id"]]
    clodputer(home, "discard", record["run_id"], "--yes")
    said = " ".join(clodputer(home, "show", record["run_id"])[0].split())
    assert f"It was kept after the run, and is gone by now: {tree['path']}" in said
    assert "push" not in said


def test_a_run_whose_tree_cannot_be_made_does_not_start(home: Home, tmp_path: Path) -> None:
    """Its reason says so, and nothing is left."""
    command_task(
        home,
        "tidy",
        "touch",
        str(tmp_path / "ran"),
        more=f"working_directory: {tmp_path}\nisolation: worktree\n",
    )
    drop(home, "tidy")
    execute(home)
    (record,) = records(home, "tidy")
    assert (record["outcome"], record["reason"], record["worktree"]) == ("failed", "no_worktree", None)
    assert "not a git repository" in record["message"]
    assert not (tmp_path / "ran").exists()
    assert trees.records(home.trees) == []


def test_a_tree_of_an_exec_that_was_killed_is_kept_with_its_work(home: Home, tmp_path: Path) -> None:
    """The next exec says in the record of the lost run what is in it."""
    checkout = repository(tmp_path)
    command_task(home, "tidy", "touch", "new", more=f"working_directory: {checkout}\nisolation: worktree\n")
    drop(home, "tidy")
    assert execs.kill_at(home, "open record.json")[0]
    execs.run(home, "exec")
    (record,) = records(home, "tidy")
    assert (record["outcome"], record["worktree"]["undelivered"]) == ("lost", True)
    assert Path(record["worktree"]["path"], "new").exists()


def test_isolation_none_comes_before_a_worktree(home: Home, tmp_path: Path) -> None:
    """So it can be switched off without taking the rest out."""
    write_task(
        home,
        "plain",
        f"command: ['true']\nisolation: none\nworktree: {{base: main}}\nworking_directory: {tmp_path}\n",
    )
    drop(home, "plain")
    execute(home)
    assert records(home, "plain")[0]["worktree"] is None


def test_a_worktree_that_could_not_be_made_at_that_moment_is_tried_again(home: Home, tmp_path: Path) -> None:
    """As when the disk is full, which only the checkout shows; the second attempt has one."""
    checkout = repository(tmp_path)
    fakes = tmp_path / "fakes"
    script = f'case "$*" in *"worktree add"*) [ -e {tmp_path}/once ] || {{ touch {tmp_path}/once; '
    script += 'echo "fatal: No space left on device" >&2; exit 128; };; esac; exec /usr/bin/git "$@"'
    path = program(fakes, "git", script).parent
    more = f"working_directory: {checkout}\nisolation: worktree\n"
    command_task(home, "tidy", "true", more=more)
    drop(home, "tidy")
    extra = {"PATH": f"{path}:{environment(home)['PATH']}"}
    execute(home, extra=extra)
    (record,) = records(home, "tidy")
    assert (record["reason"], record["effects"][0]["effect"]) == ("worktree_busy", "retry")
    assert (worktrees(checkout), branches(checkout), os.listdir(home.trees)) == ([], [], [])
