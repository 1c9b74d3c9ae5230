"""The documents and examples say what the schema takes, no less and no more."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from clodputer import triggers
from clodputer.model.gates.approval import CONFIRM
from clodputer.model.request import Request
from clodputer.model.task import FLAT, Task
from clodputer.runner.prompt import texts
from clodputer.store import secrets
from clodputer.store.home import Home
from clodputer.tasks import tables, taskfile
from tests.runner.prompting import NONCE, unfenced
from tests.workshop import ROOT, make_home, write_secrets

TEMPLATES = sorted((ROOT / "templates" / "tasks").glob("*.yaml"))
TEXT = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
SECRETS = (ROOT / "docs" / "secrets.md").read_text(encoding="utf-8")
# The first cell of each row of its tables.
ROWS = re.findall(r"^\| (`.*?) \| (.*?) \|", TEXT, re.MULTILINE)
DOCUMENTED = {name for cell, _ in ROWS for name in re.findall(r"`([\w.]+)`", cell)}


def test_nothing_else_is_documented() -> None:
    """Every row is a key that exists, or a name that a template may use."""
    keys = {place.name for place in tables.walk()} | {"trigger.type"}
    keys |= {"env.NAME", "context.NAME", "body", "event", "files", "attempts"}
    keys |= {f"{root}.{field}" for root, fields in triggers.in_prompts().items() for field in fields}
    assert DOCUMENTED - keys == set()


@pytest.mark.parametrize("root", triggers.in_prompts())
def test_every_name_of_a_prompt_is_documented(root: str) -> None:
    """And so are its fields."""
    fields = triggers.in_prompts()[root]
    assert {f"{root}.{field}" for field in fields} <= DOCUMENTED
    assert root in {name.split(".")[0] for name in DOCUMENTED}


def test_the_words_that_make_a_variable_secret_are_documented() -> None:
    """A person must be able to know what is masked."""
    assert [word for word in secrets.SENSITIVE if word not in SECRETS] == []


def test_every_key_is_a_field_of_the_task() -> None:
    """A key that the task does not hold could have no effect."""
    held = set(Task._fields) - {"path", "triggers", *FLAT}
    held.update(field for part in FLAT.values() for field in part._fields)
    # Another way to write `approve: before`.
    assert set(tables.top()) - {"trigger", CONFIRM} == held


def _tasks(tmp_path: Path) -> tuple[Home, list[taskfile.Report]]:
    home = make_home(tmp_path)
    for template in TEMPLATES:
        shutil.copy(template, home.tasks)
    return home, taskfile.check_all(home, {})


def test_every_template_validates(tmp_path: Path) -> None:
    """What is shipped as an example works as it is."""
    _, reports = _tasks(tmp_path)
    assert [report.name for report in reports] == [
        "daily-email",
        "file-watcher",
        "log-triage",
        "manual",
        "repair",
        "repository-chore",
    ]
    assert [problem for report in reports for problem in report.problems] == []


@pytest.mark.parametrize(
    "last", [None, {"outcome": "failed", "result": {"a": 1}, "ended_at": "2026-01-01T00:00:00Z"}]
)
def test_every_template_renders(last: dict[str, object] | None, tmp_path: Path) -> None:
    """With and without a run before, and with a text from outside where one is taken."""
    _, reports = _tasks(tmp_path)
    for report in reports:
        assert report.task is not None
        body = "/cost?" if report.name == "manual" else ""
        came = {"file": {"path": "/a/b.txt", "name": "b.txt"}} if report.name == "file-watcher" else {}
        request = Request("abcd", report.name, 0.0, body=body, context=came)
        text = unfenced(texts.render(report.task, request, last, {}, {}, nonce=NONCE))
        assert body in text
        assert "{{" not in text
        assert texts.render_task(report.task, {"HOME": "/home/a"}, {}).working_directory.startswith("/home/a")


def test_the_example_of_the_document_validates(tmp_path: Path) -> None:
    """The task file at the head of docs/tasks.md is a good one."""
    home = make_home(tmp_path)
    example = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[0]
    Path(home.tasks, "changelog.yaml").write_text(example, encoding="utf-8")
    assert taskfile.load(home, "changelog", {}).limits.timeout == 1200.0


def test_the_errors_of_the_document_are_those_that_are_told(tmp_path: Path) -> None:
    """The messages that docs/tasks.md shows are the real ones."""
    home = make_home(tmp_path)
    Path(home.tasks, "changelog.yaml").write_text(
        "prompt: a\n\n\n\n\nmax_cost_us: 1\ntimeout: 20\n", encoding="utf-8"
    )
    (report,) = taskfile.check_all(home, {})
    shown = re.findall(r"```\n(tasks/changelog.*?)```", TEXT, re.DOTALL)[0]
    assert shown.splitlines() == [str(problem) for problem in report.problems]


def test_the_secrets_of_the_document_are_read(tmp_path: Path) -> None:
    """The secrets.env that docs/secrets.md shows is read as it says."""
    home = make_home(tmp_path)
    (example,) = (
        text for text in re.findall(r"```sh\n(.*?)```", SECRETS, re.DOTALL) if "PASSPHRASE=" in text
    )
    write_secrets(home, example)
    assert secrets.load(home)["PASSPHRASE"] == "taken as it is: $HOME \\n"
