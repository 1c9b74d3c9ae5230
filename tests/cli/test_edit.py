"""`clodputer edit`: a task file is replaced by one in order, or stays; and what was written is never lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.cli.terminal import Terminal
from tests.workshop import clodputer, make_home, write_task

BEFORE = "prompt: before\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    write_task(home, "mine", BEFORE)
    return home


def editor(tmp_path: Path, *lines: str) -> dict[str, str]:
    """An editor that is a script; "$1" is the file."""
    path = tmp_path / "my editor"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)
    return {"EDITOR": f"'{path}'"}


def drafts(home: Home) -> list[str]:
    return [f"{home.tasks}/{name}" for name in os.listdir(home.tasks) if name.startswith(".")]


def text(home: Home) -> str:
    return Path(home.tasks, "mine.yaml").read_text()


def test_a_good_edit(home: Home, tmp_path: Path) -> None:
    """The file is replaced as a whole and keeps its mode; the editor is a command line, and VISUAL comes first."""
    Path(home.tasks, "mine.yaml").chmod(0o646)
    extra = editor(tmp_path, 'test "$1" = --wait || exit 9', 'echo "prompt: after" > "$2"')
    extra = {"VISUAL": f"{extra['EDITOR']} --wait", "EDITOR": "false"}
    stdout, stderr = clodputer(home, "edit", "mine", extra=extra)
    assert (stdout, stderr) == (
        f"ok  {home.tasks}/mine.yaml is replaced\n    prompt: before -> after\n",
        "",
    )
    assert text(home) == "prompt: after\n"
    assert Path(home.tasks, "mine.yaml").stat().st_mode & 0o777 == 0o646
    assert drafts(home) == []


def test_nothing_edited(home: Home) -> None:
    before = Path(home.tasks, "mine.yaml").stat()
    stdout, _ = clodputer(home, "edit", "mine", extra={"EDITOR": "true"})
    assert "is unchanged" in stdout
    after = Path(home.tasks, "mine.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert drafts(home) == []


def test_nothing_edited_in_a_file_that_is_broken(home: Home) -> None:
    """It stays as it is, and nobody takes that for being in order."""
    write_task(home, "mine", "promt: x\n")
    stdout, _ = clodputer(home, "edit", "mine", extra={"EDITOR": "true"}, status=1)
    assert "tasks/mine.yaml:1: promt: unknown key (did you mean 'prompt'?)" in stdout
    assert stdout.endswith("mine.yaml is unchanged, and not in order\n")
    envelope = json.loads(clodputer(home, "edit", "mine", "--json", extra={"EDITOR": "true"}, status=1)[0])
    assert envelope["data"] == {
        "task": "mine",
        "path": f"{home.tasks}/mine.yaml",
        "changed": False,
        "changes": [],
        "first_looks": [],
    }
    (error,) = envelope["errors"]
    assert (error["code"], error["hint"]) == ("task_invalid", "Fix: clodputer edit mine")
    with Terminal(home, "edit", "mine", extra={"EDITOR": "true"}) as terminal:
        terminal.wait_for("Edit it again? [Y/n]")
        terminal.type("n\n")
        assert terminal.end() == 1
    assert (text(home), drafts(home)) == ("promt: x\n", [])


def test_an_editor_that_fails_at_once_leaves_nothing_behind(home: Home, tmp_path: Path) -> None:
    _, stderr = clodputer(home, "edit", "mine", status=1, extra=editor(tmp_path, "exit 3"))
    assert "ended with status 3" in stderr
    assert stderr.endswith("mine.yaml is unchanged.\n")
    assert drafts(home) == []


def test_json_is_kept_clean_of_the_editor(home: Home, tmp_path: Path) -> None:
    extra = editor(tmp_path, "echo noise", 'echo "prompt: after" > "$1"')
    stdout, stderr = clodputer(home, "edit", "mine", "--json", extra=extra)
    assert json.loads(stdout)["data"] == {
        "task": "mine",
        "path": f"{home.tasks}/mine.yaml",
        "changed": True,
        "changes": [{"key": "prompt", "before": "before", "after": "after", "widens": False}],
        "first_looks": [],
    }
    assert stderr == "noise\n"


@pytest.mark.parametrize(
    ("lines", "code", "part"),
    [
        (['echo "promt: after" > "$1"'], "task_invalid", "tasks/mine.yaml:1: promt: unknown key"),
        (['echo "prompt: after" > "$1"', "exit 3"], "editor_failed", "ended with status 3"),
        (['echo "prompt: [" > "$1"'], "task_invalid", "tasks/mine.yaml:"),
        (['printf "name: other\\nprompt: x\\n" > "$1"'], "task_invalid", "also claimed by tasks/other.yaml"),
        (
            ['echo "prompt: theirs" > "$(dirname "$1")/mine.yaml"', 'echo "prompt: after" > "$1"'],
            "task_changed",
            "was changed by somebody else",
        ),
        (['rm "$(dirname "$1")/mine.yaml"', 'echo "prompt: after" > "$1"'], "task_changed", "was removed"),
    ],
)
def test_what_cannot_be_put_in_place_is_kept(
    home: Home, tmp_path: Path, lines: list[str], code: str, part: str
) -> None:
    """The task file is not touched, and the copy is where the message says."""
    write_task(home, "other", BEFORE)
    stdout, _ = clodputer(home, "edit", "mine", "--json", extra=editor(tmp_path, *lines), status=1)
    error = json.loads(stdout)["errors"][0]
    assert error["code"] == code
    assert part in error["message"]
    (draft,) = drafts(home)
    assert draft in error["hint"]
    assert Path(draft).read_text() != BEFORE
    if code != "task_changed":
        assert text(home) == BEFORE
    else:
        assert not Path(home.tasks, "mine.yaml").exists() or text(home) == "prompt: theirs\n"


def test_a_broken_task_can_be_mended(home: Home, tmp_path: Path) -> None:
    """It is found by its file's name; a link stays a link."""
    real = tmp_path / "elsewhere.yaml"
    real.write_text("prompt: [")
    Path(home.tasks, "broken.yaml").symlink_to(real)
    clodputer(home, "edit", "broken", extra=editor(tmp_path, 'echo "prompt: fixed" > "$1"'))
    assert Path(home.tasks, "broken.yaml").is_symlink()
    assert real.read_text() == "prompt: fixed\n"


@pytest.mark.parametrize(
    ("extra", "part"),
    [
        ({"EDITOR": "no-such-editor --wait"}, "there is no program 'no-such-editor', which EDITOR names"),
        ({"VISUAL": "'unfinished"}, "VISUAL cannot be read as a command"),
        ({}, "neither VISUAL nor EDITOR names an editor"),
    ],
)
def test_no_editor(home: Home, extra: dict[str, str], part: str) -> None:
    _, stderr = clodputer(home, "edit", "mine", extra=extra, status=1)
    assert part in stderr
    assert "export EDITOR=" in stderr
    assert drafts(home) == []


def test_an_unknown_task(home: Home) -> None:
    _, stderr = clodputer(home, "edit", "mien", extra={"EDITOR": "true"}, status=1)
    assert "(did you mean 'mine'?)" in stderr


def test_a_person_is_asked_and_may_go_on(home: Home, tmp_path: Path) -> None:
    """The second time it is in order."""
    extra = editor(
        tmp_path, 'grep -q promt "$1" && echo "prompt: after" > "$1" || echo "promt: after" > "$1"'
    )
    with Terminal(home, "edit", "mine", extra=extra) as terminal:
        terminal.wait_for("Edit it again? [Y/n]")
        assert "promt: unknown key (did you mean 'prompt'?)" in terminal.text
        terminal.type("\n")
        assert terminal.end() == 0
    assert text(home) == "prompt: after\n"
    assert drafts(home) == []


@pytest.mark.parametrize("answer", ["n\n", "\x03"])
def test_a_person_is_asked_and_may_leave(home: Home, tmp_path: Path, answer: str) -> None:
    with Terminal(home, "edit", "mine", extra=editor(tmp_path, 'echo "promt: x" > "$1"')) as terminal:
        terminal.wait_for("Edit it again? [Y/n]")
        terminal.type(answer)
        assert terminal.end() == 1
        (draft,) = drafts(home)
        assert draft in terminal.text
    assert text(home) == BEFORE


def test_ctrl_c_belongs_to_the_editor(home: Home, tmp_path: Path) -> None:
    """As long as it has the terminal."""
    lines = (
        'trap \'echo "prompt: caught" > "$1"; exit 0\' INT',
        "echo ready",
        "while :; do sleep 0.05; done",
    )
    with Terminal(home, "edit", "mine", extra=editor(tmp_path, *lines)) as terminal:
        terminal.wait_for("ready")
        terminal.type("\x03")
        assert terminal.end() == 0
    assert text(home) == "prompt: caught\n"
