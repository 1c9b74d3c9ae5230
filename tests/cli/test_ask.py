"""`clodputer ask`: a question without a task file, by the spool as every request; a claude that is a script answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.store.home import Home
from clodputer.store.taskfiles.document import Document
from clodputer.tasks import ask
from clodputer.tasks.check import check
from tests.cli.terminal import in_terminal
from tests.fakes.start import install_fake_claude
from tests.workshop import clodputer, drop, environment, everything, execute, make_home, records, write_task


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {install_fake_claude(tmp_path / 'bin')}\n")
    return home


def option(record: dict[str, Any], flag: str) -> list[str]:
    return [word.partition("=")[2] for word in record["argv"] if word.startswith(f"{flag}=")]


def test_a_question(home: Home, tmp_path: Path) -> None:
    """The answer alone is printed; the record has the question's folder, and tools that read and no others."""
    stdout, stderr = clodputer(home, "ask", "@fake say Forty-two.", "--cwd", str(tmp_path))
    assert (stdout, stderr) == ("Forty-two.\n", "")
    (record,) = records(home, "ask")
    assert record["working_directory"] == str(tmp_path)
    assert option(record, "--allowedTools") == ["Read", "Glob", "Grep"]
    assert option(record, "--disallowedTools") == ["Bash", "Edit", "Write", "NotebookEdit"]
    assert option(record, "--permission-mode") == ["default"]
    assert option(record, "--max-budget-usd") == ["1.000000"]
    assert option(record, "--model") == []
    assert Path(home.runs, "ask", record["run_id"], "prompt.txt").read_text() == "@fake say Forty-two."
    assert everything(home) == {}


def test_what_is_chosen(home: Home) -> None:
    arguments = ("--model", "haiku", "--max-cost", "0.25", "--timeout", "5m", "--json")
    told = json.loads(clodputer(home, "ask", "Why", "is", "that?", *arguments)[0])["data"]
    record = told["record"]
    assert option(record, "--model") == ["haiku"]
    assert option(record, "--max-budget-usd") == ["0.250000"]
    assert record["working_directory"] == os.getcwd()
    assert (Path(told["folder"]) / "prompt.txt").read_text() == "Why is that?"


def test_what_config_yaml_says_counts(home: Home) -> None:
    """Its limit of costs, where the command line names none."""
    with open(home.config, "a") as file:
        file.write("max_cost_usd: 0.10\nmodel: opus\n")
    clodputer(home, "ask", "Why?")
    (record,) = records(home, "ask")
    assert (option(record, "--max-budget-usd"), option(record, "--model")) == (["0.100000"], ["opus"])


def test_stdin_below_the_question(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clodputer", "ask", "Is this right?", "-", "--json"],
        env=environment(home),
        input=b"+ {{ new }}\n",
        capture_output=True,
    )
    folder = json.loads(done.stdout)["data"]["folder"]
    assert Path(folder, "prompt.txt").read_text() == "Is this right?\n\n+ {{ new }}\n"


def test_in_a_terminal(home: Home) -> None:
    """The answer stands below what is said of the run."""
    status, text = in_terminal(home, "ask", "@fake say Forty-two.")
    assert status == 0
    assert "Forty-two." in text
    assert records(home, "ask")[0]["run_id"] in text


def test_without_an_answer(home: Home) -> None:
    """Told as a run is told, with the exit code of a run that failed."""
    stdout, _ = clodputer(home, "ask", "@fake exit 1", status=1)
    assert "ask failed after" in stdout


def test_later_and_in_a_lane_of_its_own(home: Home) -> None:
    stdout, _ = clodputer(home, "ask", "Why?", "--no-wait")
    (name,) = everything(home)["new"]
    assert stdout.strip() in name
    (run,) = execute(home)["runs"]
    assert (run["task"], run["outcome"]) == ("ask", "succeeded")
    assert os.path.isdir(f"{home.lanes}/ask")


def test_dropped_by_a_program(home: Home) -> None:
    """The same request as a file; what it may choose are some keys, and anything else is rejected with the reason."""
    drop(home, "good.json", json.dumps({"task": "ask", "body": "Why?", "context": {"max_cost_usd": 0.5}}))
    drop(home, "tools.json", json.dumps({"task": "ask", "body": "x", "context": {"allowed_tools": ["Bash"]}}))
    drop(home, "typo.json", json.dumps({"task": "ask", "body": "x", "context": {"modle": "haiku"}}))
    drop(home, "secret.json", json.dumps({"task": "ask", "body": "x", "context": {"model": "{{ env.X }}"}}))
    drop(home, "wrong.json", json.dumps({"task": "ask", "body": "x", "context": {"timeout": "soon"}}))
    execute(home)
    assert [record["outcome"] for record in records(home, "ask")] == ["succeeded"]
    reasons = {
        path.name.split(".")[0]: json.loads(path.read_text())["message"]
        for path in Path(home.rejected).glob("*.reason.json")
    }
    assert set(reasons) == {"tools", "typo", "secret", "wrong"}
    assert (
        "context.allowed_tools: ask takes model, max_cost_usd, timeout, working_directory only"
        in reasons["tools"]
    )
    assert "(did you mean 'model'?)" in reasons["typo"]
    assert "templates are not allowed here" in reasons["secret"]
    assert "context.timeout: " in reasons["wrong"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (" ",),
        ("Why?", "--max-cost", "much"),
        ("Why?", "--max-cost", "-1"),
        ("Why?", "--timeout", "soon"),
        ("Why?", "--cwd", "/no/such/folder"),
        ("Why?", "--follow", "--json"),
        ("Why?", "--follow", "--no-wait"),
        ("Why?", "--model", "{{ env.X }}"),
    ],
)
def test_what_makes_no_sense(home: Home, arguments: tuple[str, ...]) -> None:
    clodputer(home, "ask", *arguments, status=2)
    assert everything(home) == {}


def test_no_file_takes_its_name(home: Home) -> None:
    """Neither by the file's name nor by the key; the built-in task goes on."""
    assert "belongs to `clodputer ask`" in clodputer(home, "new", "ask", status=1)[1]
    write_task(home, "ask", "prompt: mine\n")
    write_task(home, "other", "name: Ask\nprompt: mine\n")
    stdout, _ = clodputer(home, "validate", status=1)
    assert stdout.count("the name ask belongs to `clodputer ask`") == 2
    clodputer(home, "ask", "Why?")
    clodputer(home, "exec", "--task", "ask", status=1)


def test_the_built_in_task_is_in_order() -> None:
    """By the rules for task files; and without a choice it is what these rules make of its keys."""
    checked = check(Document(dict(ask.KEYS), {}, {}, ()), "ask.yaml", "ask", {}, dict, built_in=True)
    assert checked.problems == ()
    assert checked.task is not None
    assert checked.task._replace(path=ask.task().path) == ask.task()
    assert ask.fitted(ask.task(), Request("x", "ask", 0.0)) == ask.task()
    with pytest.raises(ClodputerError):
        ask.fitted(ask.task(), Request("x", "ask", 0.0, {"prompt": "x"}))
