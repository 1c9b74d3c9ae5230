"""The real claude asks for a pull request and a comment by its Bash tool, with a task that allows it nothing else of Bash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.publish.stage import NAME, Stage
from tests.workshop import drop, execute, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = pytest.mark.system


def bash(command: str) -> str:
    return f"@tool Bash {json.dumps({'command': command, 'description': 'x'})}"


def test_it_leaves_intents_by_its_own_tools(
    claude_binary: str, stage: Stage, api: Api, tmp_path: Path
) -> None:
    config = Path(stage.home.config)
    config.write_text(f"{config.read_text()}claude: {claude_binary}\n")
    task = {
        "prompt": "{{ body }}",
        "working_directory": str(stage.checkout),
        "isolation": "worktree",
        "allowed_tools": ["Edit", "Write", "Bash(git add:*)", "Bash(git commit:*)"],
        "env": {
            "CLAUDE_CODE_MAX_RETRIES": "0",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        },
        "publish": {"kinds": ["comment", "draft_pull_request"], "repository": NAME},
    }
    write_task(stage.home, "fix", json.dumps(task))
    steps = [
        bash("git commit --allow-empty -m 'An empty one'"),
        bash("clodputer intend draft_pull_request --title 'Fix it' --body 'By claude.'"),
        bash("clodputer intend label --label seen"),
        bash("clodputer intend comment --body 'Done by claude.'"),
        "@say done",
    ]
    drop(stage.home, "one.md", "\n".join(("---", "task: fix", "item: issue 1", "---", *steps, "")))
    execute(stage.home, extra=claude_environment(api, tmp_path / "scratch"))
    (record,) = records(stage.home, "fix")
    stdout = Path(stage.home.runs, "fix", record["run_id"], "stdout").read_text()
    assert record["outcome"] == "succeeded", (record["message"], stdout)
    assert [(one["kind"], one["state"]) for one in record["publish"]] == [
        ("draft_pull_request", "waiting"),
        ("comment", "waiting"),
    ], stdout
    assert "this task may not publish label" in stdout
    (pull,) = stage.pulls()
    assert (pull.title, pull.draft) == ("Fix it", True)
    assert "By claude." in str(pull.body)
    assert "Done by claude." in stage.comments()[0]
    # It was told how, and the token was not in what it was sent.
    sent = "\n".join(json.dumps(request.body) for request in api.requests)
    assert "clodputer intend KIND" in sent
    assert stage.api.token not in sent
