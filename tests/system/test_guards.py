"""Guards, from a dropped request to the record: what a run changed, how much it may change, and what it must leave alone."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.system import execs
from tests.workshop import clodputer, command_task, drop, execute, make_home, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]


class Stage:
    """A home whose claude is the fake one, and a git work tree without a commit for it to work in."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.home: Home = make_home(folder)
        self.tree = folder / "tree"
        self.tree.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=self.tree, check=True)
        Path(self.home.config).write_text(f"claude: {binary}\n")

    def task(self, name: str = "story", **keys: Any) -> None:
        """A task that works in the tree, its prompt the request's text."""
        fields = {"prompt": "{{ body }}", "working_directory": str(self.tree), **keys}
        write_task(self.home, name, json.dumps(fields))

    def run(self, text: str, **keys: Any) -> dict[str, Any]:
        """Drop, run exec, and return the record."""
        self.task(**keys)
        drop(self.home, "story.md", f"---\ntask: story\n---\n{text}\n")
        execute(self.home)
        return records(self.home, "story")[-1]


@pytest.fixture
def stage(tmp_path: Path, fake_claude: Path) -> Stage:
    """A stage of this test's own."""
    return Stage(tmp_path, fake_claude)


def test_what_a_run_changed_is_in_its_record(stage: Stage) -> None:
    """By its tools and by git; `show` says it, and what follows it can name it."""
    stage.tree.joinpath("mine").write_text("left alone")
    command_task(stage.home, "after", "/bin/cat", more="prompt: '{{ context.files }} {{ context.tests }}'")
    follow = {
        "run": "after",
        "context": {"files": "{{ record.files_changed }}", "tests": "{{ record.tests.passed }}"},
    }
    record = stage.run(
        "@fake write made.txt x\n@fake touch by-a-command\n@fake tool make test # 1 failed, 2 passed in 0.1s\n@fake say well",
        on_success=[follow],
    )
    assert record["files_changed"] == ["made.txt", "by-a-command"]
    assert (record["files_changed_total"], record["files_changed_by"]) == (2, ["tools", "git"])
    assert record["tests"] == {"run": 3, "passed": 2, "failed": 1}
    assert records(stage.home, "after")[0]["result"].strip() == "['made.txt', 'by-a-command'] 2"
    shown = clodputer(stage.home, "show", record["run_id"])[0]
    assert "by-a-command" in shown
    assert "3 run, 2 passed, 1 failed" in shown


def test_what_a_command_changed(stage: Stage, tmp_path: Path) -> None:
    """Git alone can tell, and without it nobody can."""
    for name, folder in (("inside", stage.tree), ("outside", tmp_path)):
        command_task(stage.home, name, "/bin/sh", "-c", "echo x > made", more=f"working_directory: {folder}")
        drop(stage.home, name)
    execute(stage.home)
    inside, outside = records(stage.home, "inside")[0], records(stage.home, "outside")[0]
    assert (inside["files_changed"], inside["files_changed_by"], inside["tests"]) == (["made"], ["git"], None)
    assert (outside["files_changed"], outside["files_changed_total"], outside["files_changed_by"]) == (
        [],
        None,
        [],
    )


def test_too_many_file_operations_end_a_run(stage: Stage) -> None:
    """It is stopped while it goes on; what it had changed is in the record, and stays."""
    text = "@fake write a x\n@fake write b x\n@fake write c x\n@fake hang"
    record = stage.run(text, max_file_operations=2, stop_grace="1s")
    assert (record["outcome"], record["reason"]) == ("failed", "file_operations")
    assert "file operation 3 (max_file_operations: 2)" in record["message"]
    assert set(record["files_changed"]) == {"a", "b", "c"}


def test_a_protected_file_is_touched(stage: Stage) -> None:
    """Claude is forbidden to edit it; one that does so all the same has failed, and the file is unchanged."""
    secret = stage.tree / "keys" / "secret"
    secret.parent.mkdir()
    secret.write_text("mine")
    record = stage.run(
        "@fake write keys/secret forged\n@fake write new x\n@fake say well",
        protect=["keys/"],
        protect_restore=True,
    )
    assert (record["outcome"], record["reason"]) == ("failed", "protected")
    assert f"--disallowedTools=Edit(/{stage.tree}/keys/**)" in record["argv"]
    touched = {"path": str(secret), "what": "changed", "restored": True, "problem": ""}
    assert record["protected"] == {"files": 1, "touched": [touched], "touched_total": 1}
    assert secret.read_text() == "mine"
    assert stage.tree.joinpath("new").exists()
    shown = clodputer(stage.home, "show", record["run_id"], status=0)[0]
    assert "changed, put back" in shown


def test_files_that_cannot_be_looked_at_keep_a_run_from_starting(stage: Stage) -> None:
    """It is never started unprotected."""
    os.mkdir(stage.tree / "many")
    for number in range(20_001):
        stage.tree.joinpath("many", str(number)).touch()
    record = stage.run("@fake write started x", protect="many")
    assert (record["outcome"], record["reason"]) == ("failed", "not_started")
    assert "more than 20,000 files match" in record["message"]
    assert not stage.tree.joinpath("started").exists()


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("rename protected.json", "failed"),
        ("rename .started", "failed"),
        ("rename touched.json", "failed"),
        ("rename record.json", "failed"),
    ],
)
def test_exec_is_killed(tmp_path: Path, step: str, outcome: str) -> None:
    """Whenever that is, the files are as before in the end, and the run that touched them has failed for that."""
    home = make_home(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    work.joinpath("kept").write_text("mine")
    keys = f"working_directory: {work}\nprotect: kept\nprotect_restore: true\n"
    command_task(home, "task", "/bin/sh", "-c", "echo x >> ran; echo forged > kept", more=keys)
    drop(home, "task")
    killed, what = execs.kill_at(home, step)
    assert killed, what
    execs.run(home, "exec")
    assert [(record["outcome"], record["reason"]) for record in records(home, "task")] == [
        (outcome, "protected")
    ]
    assert records(home, "task")[0]["protected"]["touched_total"] == 1
    assert work.joinpath("kept").read_text() == "mine"
    assert work.joinpath("ran").read_text() == "x\n"
