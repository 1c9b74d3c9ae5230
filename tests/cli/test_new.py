"""`clodputer new`: tasks from templates and from JSON, whole and in order or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.commands.new import new
from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from clodputer.store.program import templates
from clodputer.store.taskfiles import yamlfile
from clodputer.tasks import taskfile
from tests.workshop import clodputer, environment, write_task


def make(home: Home, name: str, keys: Any = None, template: str = "manual") -> Path:
    """A new task, of `keys` when there are any; the path of its file."""
    content = None if keys is None else keys if isinstance(keys, bytes) else json.dumps(keys).encode()
    result = new({"CLODPUTER_HOME": home.root, "HOME": os.environ["HOME"]}, name, template, content)
    assert result.data["path"] in result.text
    return Path(result.data["path"])


def test_the_templates_that_are_shipped() -> None:
    assert templates.tasks() == [
        "daily-email",
        "file-watcher",
        "log-triage",
        "manual",
        "repair",
        "repository-chore",
    ]


@pytest.mark.parametrize("template", templates.tasks())
def test_every_template_makes_a_task_that_is_in_order(home: Home, template: str) -> None:
    """Its comments are kept, and name the new task where they name a command or a request of it."""
    path = make(home, "mine", template=template)
    text = path.read_text()
    assert text.startswith("# ")
    assert "clodputer run mine" in text
    assert f"run {template}" not in text
    task = taskfile.load(home, "mine", {"HOME": os.environ["HOME"]})
    assert task.description
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(home.tasks)) == ["mine.yaml"]


def test_a_template_may_bear_its_own_name(home: Home) -> None:
    path = make(home, "log-triage", template="log-triage")
    assert path.read_text() == templates.task("log-triage")


def test_listing_and_next_steps(home: Home) -> None:
    stdout, _ = clodputer(home, "new", "--list-templates")
    assert "file-watcher      Summarise each new file in a folder\n" in stdout
    listed = json.loads(clodputer(home, "new", "--list-templates", "--json")[0])["data"]["templates"]
    assert [one["name"] for one in listed] == templates.tasks()
    stdout, _ = clodputer(home, "new", "mine")
    for part in (f"{home.tasks}/mine.yaml", "validate mine", "run mine --dry-run", "edit mine"):
        assert part in stdout
    assert "next mine" not in stdout
    text = new(
        {"CLODPUTER_HOME": home.root},
        "timed",
        "manual",
        b'{"prompt": "x", "trigger": {"type": "cron", "schedule": "@daily"}}',
    ).text
    assert "next timed" in text


ODD = {
    "prompt": "a: b\n  # no comment\n\n\ttab: {{ context.x }}\n",
    "description": "yes",
    "enabled": True,
    "timeout": "5m",
    "max_turns": 3,
    "max_cost_usd": 0.5,
    "context": {
        "number": "1e3",
        "long": "1" * 40,
        "list": [1, "true", None, 1.5, []],
        "deep": {"a b": {}},
        "": "-",
    },
    "env": {"A": " leading", "B": "trailing ", "C": "{{ env.HOME }}", "D": "é\u2028x", "E": "* &a !b %c @d"},
    "trigger": [{"type": "cron", "schedule": "0 7 * * mon-fri"}],
}


def test_json_becomes_a_file_with_the_same_keys(home: Home) -> None:
    """Whatever YAML would make of a text, it stays a text; several lines stay lines."""
    path = make(home, "odd", ODD)
    assert yamlfile.document(str(path)).value == ODD
    assert "prompt: |" in make(home, "plain", {"prompt": "one\ntwo\n"}).read_text()


@pytest.mark.parametrize(
    ("keys", "code", "parts"),
    [
        (
            {"prompt": "x", "max_cost_us": 1, "timeout": 5},
            "task_invalid",
            ("max_cost_us: unknown key (did you mean 'max_cost_usd'?)", "timeout: expected a duration"),
        ),
        ({}, "task_invalid", ("prompt",)),
        ({"prompt": None}, "task_invalid", ("prompt: has no value",)),
        ({"prompt": "x", "expect": {"file_exist": "y"}}, "task_invalid", ("expect.file_exist: unknown key",)),
        ({"prompt": "x", "name": "other"}, "task_invalid", ("name: expected mine",)),
        ([], "json_invalid", ("object",)),
        (b"{torn", "json_invalid", ("line 1",)),
        (b"\xff", "json_invalid", ("utf-8",)),
        (b'{"prompt": "x", "prompt": "y"}', "json_invalid", ("'prompt' is given a second time",)),
        (b'{"prompt": "x", "max_cost_usd": NaN}', "json_invalid", ("NaN",)),
        (b'{"prompt": "\\ud800"}', "task_invalid", ("half a character",)),
        (b'{"prompt": "\\u0000"}', "task_invalid", ("NUL",)),
        (b"[" * 100_000, "json_invalid", ("nested",)),
        (b" " * 1_100_000, "json_invalid", ("1,048,576",)),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(
    home: Home, keys: Any, code: str, parts: tuple[str, ...]
) -> None:
    with pytest.raises(ClodputerError) as caught:
        make(home, "mine", keys)
    assert caught.value.code == code
    for part in parts:
        assert part in str(caught.value)
    assert os.listdir(home.tasks) == []


def test_json_of_stdin(home: Home) -> None:
    """The way of a program: one object in, one envelope out."""

    def given(text: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "clodputer", "new", "mine", "--from-json", "-", "--json"],
            env=environment(home),
            input=text,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)

    refused = given('{"promt": "x"}')
    assert (refused["ok"], refused["errors"][0]["code"]) == (False, "task_invalid")
    assert "promt: unknown key (did you mean 'prompt'?)" in refused["errors"][0]["message"]
    assert given('{"prompt": "x"}')["data"] == {
        "task": "mine",
        "path": f"{home.tasks}/mine.yaml",
        "enabled": True,
        "first_looks": [],
    }
    again = given('{"prompt": "y"}')
    assert again["errors"][0]["code"] == "task_exists"
    assert Path(home.tasks, "mine.yaml").read_text() == "prompt: x\n"


@pytest.mark.parametrize("file", ["mine.yaml", "mine.yml", "MINE.yaml"])
def test_nothing_is_overwritten(home: Home, file: str) -> None:
    Path(home.tasks, file).write_text("prompt: [broken")
    with pytest.raises(ClodputerError) as caught:
        make(home, "mine", {"prompt": "x"})
    assert caught.value.code == "task_exists"
    assert file in caught.value.message
    assert os.listdir(home.tasks) == [file]
    assert Path(home.tasks, file).read_text() == "prompt: [broken"


def test_a_name_that_another_file_claims_is_taken(home: Home) -> None:
    write_task(home, "other", "name: mine\nprompt: x\n")
    with pytest.raises(ClodputerError, match=r"other\.yaml"):
        make(home, "mine", {"prompt": "x"})
    write_task(home, "third", "name: fourth\nprompt: x\n")
    with pytest.raises(ClodputerError, match=r"already, in .*third\.yaml"):
        make(home, "third", {"prompt": "x"})


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "x" * 65, "a b"])
def test_names_that_are_none(home: Home, name: str) -> None:
    with pytest.raises(ClodputerError) as caught:
        make(home, name)
    assert caught.value.code == "name_unfit"
    assert os.listdir(home.tasks) == []


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (["mine", "--template", "manul"], 1, "(did you mean 'manual'?)"),
        (["mine", "--template", "../home/hello"], 1, "there is no template"),
        (["mine", "--template", "manual", "--from-json", "-"], 2, "exclude each other"),
        ([], 2, "a NAME is missing"),
        (["mine", "--from-json", "/nonexistent"], 1, "/nonexistent cannot be read"),
    ],
)
def test_mistakes_on_the_command_line(home: Home, arguments: list[str], status: int, part: str) -> None:
    _, stderr = clodputer(home, "new", *arguments, status=status)
    assert part in stderr


def test_new_and_edited_in_one_go(home: Home) -> None:
    stdout, _ = clodputer(home, "new", "mine", "--edit", extra={"EDITOR": "sed -i.bak s/ten/three/"})
    assert "is replaced" in stdout
    assert "three sentences" in Path(home.tasks, "mine.yaml").read_text()
