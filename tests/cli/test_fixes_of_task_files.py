"""What is said to fix a broken task file does begin to fix it: the command opens that file, or the path is that of the file."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import program, run, write_task


def misspelled(home: Home) -> None:
    write_task(home, "work", "promt: x\n")


def named_otherwise(home: Home) -> None:
    write_task(home, "file", "name: work\npromt: x\n")


def with_both_endings(home: Home) -> None:
    write_task(home, "work", "prompt: x\n")
    Path(home.tasks, "work.yml").write_text("prompt: x\n")


def claimed_twice(home: Home) -> None:
    write_task(home, "one", "name: work\nprompt: x\n")
    write_task(home, "two", "name: work\nprompt: x\n")


def with_a_space(home: Home) -> None:
    write_task(home, "my work", "prompt: x\n")


def a_folder(home: Home) -> None:
    Path(home.tasks, "work.yaml").mkdir()


def a_link_to_nothing(home: Home) -> None:
    Path(home.tasks, "work.yaml").symlink_to("nowhere")


def a_pipe(home: Home) -> None:
    os.mkfifo(Path(home.tasks, "work.yaml"))


BROKEN = [
    *(misspelled, named_otherwise, with_both_endings, claimed_twice, with_a_space),
    *(a_folder, a_link_to_nothing, a_pipe),
]


@pytest.mark.parametrize("make", BROKEN, ids=lambda make: make.__name__)
@pytest.mark.parametrize("command", [("validate",), ("run", "work")], ids=["validate", "run"])
def test_a_fix_is_no_dead_end(home: Home, make: Callable[[Home], None], command: tuple[str, ...]) -> None:
    """Whichever command says so: an editor opens the file, or the file is to be changed by hand."""
    make(home)
    if make is with_a_space and command[0] == "run":
        command = ("run", "my work")
    editor = {"EDITOR": str(program(Path(home.root).parent / "editors", "leave", "true"))}
    told = json.loads(run(home, *command, "--json", extra=editor).stdout)
    hints = {error["hint"] for error in told["errors"] if error["code"] == "task_invalid"}
    assert hints
    for hint in hints:
        if hint.startswith("Fix by hand: "):
            assert os.path.lexists(hint[len("Fix by hand: ") :])
            continue
        assert hint == "Fix: clodputer edit work"
        opened = run(home, *shlex.split(hint)[2:], extra=editor)
        assert "is unchanged, and not in order" in opened.stdout, opened.stderr


def test_a_file_whose_name_no_task_can_have_is_named(home: Home) -> None:
    """It is not proposed in place of itself."""
    with_a_space(home)
    for words in (("edit", "my work"), ("remove", "my work"), ("why", "my work")):
        ended = run(home, *words)
        assert "did you mean" not in ended.stderr + ended.stdout
        assert f"Fix by hand: {home.tasks}/my work.yaml" in ended.stderr + ended.stdout
