"""A task exported and imported: as it was, disabled, checked like any other, and never over anything unasked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive.tasks import one_task
from clodputer.archive.tasks.one_task import TaskDocument
from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from clodputer.store.taskstate import state
from tests.workshop import clodputer, make_home, write_secrets, write_task

TEXT = """\
# Why it is there.
prompt_file: texts/long.md   # the prompt
state: {}
working_directory: /srv/mine
timeout: 5m
"""


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """Another home."""
    (tmp_path / "other").mkdir()
    return make_home(tmp_path / "other")


@pytest.fixture
def exported(home: Home, tmp_path: Path) -> Path:
    """The document of a task with a prompt and a state."""
    write_task(home, "nightly", TEXT)
    Path(home.tasks, "texts").mkdir()
    Path(home.tasks, "texts", "long.md").write_text("Look at {{ env.PLACE }}.\n")
    clodputer(home, "state", "set", "nightly", "n:=41")
    path = tmp_path / "nightly.task.yaml"
    clodputer(home, "export", "nightly", str(path), "--with-state")
    return path


def imported(home: Home, path: Path, *more: str, status: int = 0) -> Any:
    envelope = json.loads(clodputer(home, "import", "task", str(path), *more, "--json", status=status)[0])
    return envelope["errors"][0] if status else envelope["data"]


def test_it_comes_as_it_was_and_is_disabled(exported: Path, other: Home) -> None:
    data = imported(other, exported)
    assert (data["task"], data["prompts"], data["enabled"], data["state_version"]) == (
        "nightly",
        ["texts/long.md"],
        False,
        1,
    )
    text = Path(other.tasks, "nightly.yaml").read_text()
    assert "# Why it is there." in text
    assert "enabled: false" in text
    assert text.replace("enabled: false\n", "") == TEXT
    assert Path(other.tasks, "texts", "long.md").read_text() == "Look at {{ env.PLACE }}.\n"
    assert state.read(other, "nightly").value == {"n": 41}


def test_under_another_name_and_enabled(exported: Path, other: Home) -> None:
    data = imported(other, exported, "--as", "copy", "--enable")
    assert (data["task"], data["enabled"]) == ("copy", True)
    assert Path(other.tasks, "copy.yaml").read_text() == TEXT


def test_a_name_in_the_file_goes_by_the_command(home: Home, other: Home, tmp_path: Path) -> None:
    Path(home.tasks, "file.yaml").write_text("name: inside\nprompt: hello\n")
    path = tmp_path / "x.json"
    clodputer(home, "export", "inside", str(path))
    assert imported(other, path, "--as", "copy")["task"] == "copy"
    assert imported(other, path)["task"] == "inside"


def test_json_and_yaml_say_the_same(home: Home, exported: Path, tmp_path: Path) -> None:
    clodputer(home, "export", "nightly", str(tmp_path / "x.json"), "--with-state")
    assert one_task.read((tmp_path / "x.json").read_bytes()) == one_task.read(exported.read_bytes())


def test_nothing_is_overwritten_unasked(exported: Path, other: Home) -> None:
    write_task(other, "nightly", "prompt: mine\n")
    assert imported(other, exported, status=1)["code"] == "task_exists"
    Path(other.tasks, "texts").mkdir()
    Path(other.tasks, "texts", "long.md").write_text("Mine.\n")
    assert imported(other, exported, "--as", "copy", status=1)["code"] == "prompt_exists"
    assert not Path(other.tasks, "copy.yaml").exists()
    kept = imported(other, exported, "--replace")["kept"]
    assert Path(kept).read_text() == "prompt: mine\n"
    assert Path(other.tasks, "texts", "long.md").read_text() == "Look at {{ env.PLACE }}.\n"


def test_a_task_with_mistakes_is_not_taken(home: Home, other: Home, tmp_path: Path) -> None:
    """And nothing of it is left, its prompt neither."""
    Path(home.tasks, "long.md").write_text("Say hello.\n")
    write_task(home, "bad", "prompt_file: long.md\ntimeout: soon\n")
    path = tmp_path / "x.yaml"
    clodputer(home, "export", "bad", str(path))
    assert "timeout" in imported(other, path, status=1)["message"]
    assert os.listdir(other.tasks) == []
    assert os.listdir(other.tmp) == []


def test_what_holds_here_only_and_what_is_needed_is_named(home: Home, exported: Path) -> None:
    data = json.loads(clodputer(home, "export", "nightly", "--json")[0])["data"]
    assert data["needs"] == ["PLACE"]
    assert any("/srv/mine" in warning for warning in data["warnings"])


def test_no_secret_leaves(home: Home) -> None:
    write_secrets(home, "TOKEN=abcdefghijk\n")
    write_task(home, "leaky", "prompt: use abcdefghijk\n")
    stdout, stderr = clodputer(home, "export", "leaky", status=1)
    assert "abcdefghijk" not in stdout + stderr
    write_task(home, "good", "prompt: hello\ncontext: {x: '{{ env.TOKEN }}'}\n")
    assert "abcdefghijk" not in clodputer(home, "export", "good")[0]


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"clodputer_task": 2, "name": "a", "file": "prompt: x"},
        {"clodputer_task": True, "name": "a", "file": "prompt: x"},
        {"clodputer_task": 1, "name": "../a", "file": "prompt: x"},
        {"clodputer_task": 1, "name": "a", "file": 5},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "promts": {}},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "prompts": {"../x": "y"}},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "prompts": {"/etc/x": "y"}},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "prompts": {"other.yaml": "y"}},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "prompts": {".hidden": "y"}},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "prompts": {"x": 5}},
        {"clodputer_task": 1, "name": "a", "file": "prompt: x", "state": []},
    ],
)
def test_what_is_no_document_is_refused(fields: object) -> None:
    with pytest.raises(ClodputerError) as caught:
        one_task.read(json.dumps(fields).encode())
    assert caught.value.code == "document_invalid"


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=40)


@given(TEXTS, TEXTS, st.booleans())
def test_whatever_is_exported_is_read_as_it_was(text: str, prompt: str, as_json: bool) -> None:
    made = TaskDocument("a", text, {"p.md": prompt}, {"k": prompt})
    assert one_task.read(one_task.to_text(made, as_json=as_json).encode()) == made
