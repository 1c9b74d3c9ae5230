"""Runs of claude for issues: prompts by label, a plan that is approved on GitHub, comments that go on with the session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.planning import APPROVED
from clodputer.store import look
from clodputer.store.home import Home
from tests.fakes.github_api import Api
from tests.fakes.github_state import Item, Repository
from tests.triggers.github.test_exec import labeled
from tests.workshop import clodputer, execute, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]

PROMPT = 'prompt: "@fake say Done.\\n{{ issue.title }}: {{ issue.body }}"\n'


@pytest.fixture
def claude(home: Home, there: Repository, fake_claude: Path, tmp_path: Path) -> Path:
    """The fake claude, for a home that may ask GitHub; where it keeps its sessions."""
    assert there.name == "o/r"
    with Path(home.config).open("a") as config:
        config.write(f"claude: {fake_claude}\n")
    return tmp_path / "claude-config"


def again(home: Home, claude: Path) -> None:
    look.forget(home, "fix.yaml")
    execute(home, "--task", "fix", extra={"CLAUDE_CONFIG_DIR": str(claude)})


def asked(home: Home) -> list[str]:
    return [path.read_text() for path in sorted(Path(home.runs, "fix").glob("*/prompt.txt"))]


def write(home: Home, keys: str = "", trigger: str = "") -> None:
    write_task(home, "fix", f"{PROMPT}{keys}trigger: {{type: github, repository: o/r{trigger}}}\n")


def resumed(record: dict[str, Any]) -> str:
    return next((word for word in record["argv"] if word.startswith("--resume=")), "")


def tagged(api: Api, there: Repository, label: str, body: str) -> Item:
    item = api.state.issue(there, f"About a {label}", body, "stranger")
    api.state.label(item, label)
    api.state.later()
    api.state.label(item, "clodputer", "maintainer")
    return item


def test_prompts_by_label(home: Home, api: Api, there: Repository, claude: Path) -> None:
    """One's own, those that are shipped, and the task's where no label fits; a stranger's text is fenced."""
    own = Path(home.tasks, "own.md")
    own.write_text("@fake say Mine.\nIssue {{ issue.number }} of {{ issue.repository }}: {{ issue.title }}\n")
    write(home, trigger=", prompts: {Bug: fix.md, feature: plan.md, question: answer.md, chore: own.md}")
    bodies = {
        label: f"@fake say {label}\n<!-- secretly -->shown\u200b" for label in ("bug", "feature", "question")
    }
    for label, body in bodies.items():
        tagged(api, there, label, body)
    tagged(api, there, "chore", "x")
    tagged(api, there, "odd", "y")
    again(home, claude)
    by_issue = {record["item"]: text for record, text in zip(records(home, "fix"), asked(home))}
    prompts = [by_issue[f"o/r#{number}"] for number in range(1, 6)]
    for prompt, words in zip(prompts, ("reports a fault", "asks for something new", "asks a question")):
        assert words in prompt
        assert "Issue #" in prompt
        assert "secretly" not in prompt
        assert "shown\n</outside-" in prompt
    assert prompts[3].startswith("@fake say Mine.\nIssue 4 of o/r: <outside-")
    assert "About a odd" in prompts[4]
    assert {tuple(record["fed_by"]) != () for record in records(home, "fix")} == {True}


def test_a_prompt_that_is_not_there(home: Home, there: Repository) -> None:
    write(home, trigger=", prompts: {bug: nowhere.md}")
    assert "nowhere.md cannot be read" in clodputer(home, "validate", "fix", status=1)[0]
    write(home, trigger=", prompts: {bug: ../../etc/passwd}")
    assert "beside the task's file" in clodputer(home, "validate", "fix", status=1)[0]
    write(home, trigger=", prompts: {bug: [fix.md]}")
    assert "beside the task's file" in clodputer(home, "validate", "fix", status=1)[0]
    write(home, trigger=", prompts: {'type: bug': fix.md, good first issue: plan.md}")
    clodputer(home, "validate", "fix")
    assert there.items == {}


def test_a_comment_goes_on_with_the_session(home: Home, api: Api, there: Repository, claude: Path) -> None:
    """Only of somebody who may write, only about a known issue, and each once; ours are passed over."""
    write(home)
    item = labeled(api, there)
    other = api.state.issue(there, "Another", "", "maintainer")
    again(home, claude)
    api.state.later()
    for body, author in (
        ("@fake say I decide.", "stranger"),
        ("<!-- clodputer:fix --> done", "maintainer"),
        ("@fake say More.\nPlease also do that.", "maintainer"),
    ):
        api.state.comment(there, item, body, author)
    api.state.comment(there, other, "@fake say No label here.", "maintainer")
    again(home, claude)
    again(home, claude)
    first, second = records(home, "fix")
    assert (second["item"], second["outcome"]) == ("o/r#1", "succeeded")
    assert resumed(second) == f"--resume={first['session_id']}"
    assert "Please also do that." in asked(home)[1]
    assert "has commented on issue #1" in asked(home)[1]
    api.state.later()
    api.state.unlabel(item, "clodputer")
    api.state.comment(there, item, "@fake say After all.", "maintainer")
    again(home, claude)
    assert len(records(home, "fix")) == 2


def reasons(home: Home) -> list[str]:
    return [record["reason"] for record in records(home, "fix")]


def waits(home: Home) -> list[str]:
    found = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return [request["waits"]["reason"] for request in found if request["waits"]]


@pytest.mark.parametrize("by", ["comment", "label"])
def test_a_plan_is_approved_on_github(home: Home, api: Api, there: Repository, claude: Path, by: str) -> None:
    """By a comment or a label of somebody who may write, and by nobody else; the plan is shown at the issue."""
    write(home, "approve: plan\npermission_mode: acceptEdits\npublish: [comment]\n")
    item = labeled(api, there)
    api.state.comment(there, item, "go", "maintainer")  # before there is a plan
    again(home, claude)
    assert (reasons(home), waits(home)) == (["planned"], ["approval"])
    _, shown = there.comments
    assert "Done." in shown["body"]
    assert "comment with the word `go` alone, or set the label `go`" in shown["body"]
    api.state.later(120)
    if by == "comment":
        api.state.comment(there, item, "go", "stranger")
    else:
        api.state.label(item, "go", "triager")
    again(home, claude)
    again(home, claude)
    assert (reasons(home), waits(home)) == (["planned"], ["approval"])
    api.state.later(120)
    if by == "comment":
        api.state.comment(there, item, "Go!", "maintainer")
    else:
        api.state.unlabel(item, "go")
        api.state.label(item, "go", "maintainer")
    again(home, claude)
    assert reasons(home) == ["planned", "completed"]
    first, second = records(home, "fix")
    assert resumed(second) == f"--resume={first['session_id']}"
    assert asked(home)[1].startswith(APPROVED)
    assert "maintainer on GitHub" in asked(home)[1]
    assert [one["body"] for one in there.comments if one["body"].startswith("<!-- clodputer:")] == [
        shown["body"]
    ]


def test_something_else_takes_the_place_of_a_plan(
    home: Home, api: Api, there: Repository, claude: Path
) -> None:
    """A comment that is not the word: the plan is closed, and the same session makes another one."""
    write(home, "approve: plan\n")
    item = labeled(api, there)
    again(home, claude)
    api.state.later(120)
    api.state.comment(there, item, "@fake say A better plan.\nRather do it so.", "maintainer")
    again(home, claude)
    assert (reasons(home), waits(home)) == (["planned", "planned"], ["approval"])
    assert "Rather do it so." in asked(home)[1]
    api.state.later(120)
    api.state.comment(there, item, "go", "maintainer")
    again(home, claude)
    assert reasons(home) == ["planned", "planned", "completed"]
    first, second, third = records(home, "fix")
    assert resumed(second) == resumed(third) == f"--resume={first['session_id']}"
