"""What the doctor says of config.yaml, of the tasks and of their folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.views.doctor.home import tasks
from tests.doctoring import facts, one
from tests.workshop import command_task, write_task


def test_config(home: Home) -> None:
    one(tasks.config(facts(home)), "ok")
    Path(home.config).write_text("max_outputs: 1\n")
    assert "max_output" in one(tasks.config(facts(home)), "problem").message


def test_tasks(home: Home) -> None:
    one(tasks.tasks(facts(home)), "ok")
    write_task(home, "good", "prompt: do it\n")
    assert "good" in one(tasks.tasks(facts(home)), "ok").message
    write_task(home, "bad", "prompt: do it\ntimeout: 20\nmax_cost_us: 1\n")
    write_task(home, "worse", "prompt: do it\npriorty: 1\n")
    bad, worse = tasks.tasks(facts(home))
    assert (bad.level, worse.level) == ("problem", "problem")
    told = bad.message.split("\n")
    assert told[0] == "tasks/bad.yaml has 2 mistakes:"
    assert [line.partition(": ")[0] for line in told[1:]] == ["  line 2", "  line 3"]
    assert worse.message.startswith("tasks/worse.yaml:2: ")
    assert (bad.remedy, worse.remedy) == ("Fix: clodputer edit bad", "Fix: clodputer edit worse")


def test_a_great_many_mistakes_are_counted(home: Home) -> None:
    for place in range(tasks.MOST_FILES + 3):
        write_task(
            home, f"bad-{place:02}", "prompt: do it\n" + "".join(f"k{number}: 1\n" for number in range(30))
        )
    found = tasks.tasks(facts(home))
    assert len(found) == tasks.MOST_FILES + 1
    assert found[0].message.endswith("\n  and 20 more: clodputer validate bad-00")
    assert found[-1].message == "3 more broken task files"


def test_folders(home: Home, tmp_path: Path) -> None:
    """Where a task works and what it watches must be there; of a disabled task it may be gone."""
    inbox, gone = tmp_path / "inbox", tmp_path / "gone"
    inbox.mkdir()
    watch = "trigger: {{type: file_watch, path: {}}}\n"
    command_task(home, "here", "true", more=f"working_directory: {inbox}\n{watch.format(inbox)}")
    command_task(home, "off", "true", more=f"working_directory: {gone}\nenabled: false\n")
    one(tasks.folders(facts(home)), "ok")
    command_task(home, "works", "true", more=f"working_directory: {gone}\n")
    command_task(home, "watches", "true", more=watch.format("'{{ env.INBOX }}'"))
    tool = f"trigger: {{type: findings, format: ruff, command: [ruff], folder: {gone}}}\n"
    command_task(home, "tool", "true", more=tool)
    found = tasks.folders(facts(home, {"INBOX": str(gone)}))
    assert [finding.level for finding in found] == ["problem", "problem", "problem"]
    assert f"task tool works in {gone}" in found[0].message
    assert f"task watches watches {gone}" in found[1].message
    assert f"task works works in {gone}" in found[2].message
    gone.touch()
    assert "not a folder" in tasks.folders(facts(home, {"INBOX": str(gone)}))[0].message


@pytest.mark.usefixtures("mortal")
def test_a_folder_that_cannot_be_read(home: Home, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    command_task(home, "watches", "true", more=f"trigger: {{type: file_watch, path: {closed}}}\n")
    assert "cannot be read" in one(tasks.folders(facts(home)), "problem").message


def test_folders_that_macos_guards(home: Home) -> None:
    account = os.environ["HOME"]
    command_task(home, "plain", "true", more=f"working_directory: {account}\n")
    one(tasks.guarded(facts(home, platform="darwin")), "ok")
    command_task(home, "papers", "true", more="working_directory: ~/Documents/papers\n")
    found = one(tasks.guarded(facts(home, platform="darwin")), "note")
    assert f"{account}/Documents/papers (task papers)" in found.message
    assert tasks.guarded(facts(home, platform="linux")) == []


@pytest.mark.parametrize(
    ("path", "guarded"),
    [
        ("/h/Documents", True),
        ("/h/Documents/x", True),
        ("/h/Documents2", False),
        ("/h/src", False),
        ("/Volumes/x", True),
        ("/h/Library/Mobile Documents/x", True),
        ("/h/src/../Desktop", True),
    ],
)
def test_which_folders_are_guarded(path: str, guarded: bool) -> None:
    assert tasks.is_guarded(path, "/h/") is guarded
