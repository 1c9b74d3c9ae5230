"""The real claude, from a label on GitHub to a draft pull request and one comment, and on in its session after a review."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.store import look
from tests.fakes.messages_api import Api as MessagesApi
from tests.fakes.start import claude_environment
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, Stage, intend, staged
from tests.repositories import git
from tests.workshop import execute, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system]

# The stand-in of the model does what the issue and the review say, and nobody who may not write has said it.
ISSUE = f"@bash {WORK}\n@bash {intend(**PULL_REQUEST)}\n@bash {intend(**COMMENT)}\n@say I have fixed it."
REVIEW = "@bash echo two > two && git add two && git -c user.name=a -c user.email=a@b commit -qm second\n"
REVIEW += f"@bash {intend(**PULL_REQUEST)}\n@say I have added it."


def again(stage: Stage, extra: dict[str, str]) -> None:
    """The time for the next look has come."""
    look.forget(stage.home, "fix.yaml")
    execute(stage.home, "--task", "fix", extra=extra)


def test_from_label_to_pull_request(tmp_path: Path, claude_binary: str, api: MessagesApi) -> None:
    with staged(tmp_path) as stage:
        extra = claude_environment(api, tmp_path / "scratch")
        with Path(stage.home.config).open("a") as config:
            config.write(f"claude: {claude_binary}\n")
        task = {
            "prompt": "Solve {{ issue.title }}\n{{ issue.body }}",
            "working_directory": str(stage.checkout),
            "isolation": "worktree",
            "allowed_tools": ["Bash"],
            "publish": {"kinds": ["comment", "draft_pull_request"], "repository": "o/r"},
            "trigger": {"type": "github", "repository": "o/r", "kinds": ["issues", "reviews"]},
        }
        write_task(stage.home, "fix", json.dumps(task))
        stage.api.state.edit(stage.issue, body=ISSUE)
        stage.api.state.later()
        stage.api.state.label(stage.issue, "clodputer", "owner")
        again(stage, extra)
        (first,) = records(stage.home, "fix")
        assert (first["outcome"], first["item"]) == ("succeeded", "o/r#1"), first["message"]
        assert first["fed_by"] == ["issue.body", "issue.title"]
        (pull,) = stage.pulls()
        assert (pull.head, pull.draft, len(stage.comments())) == ("clodputer/fix/1", True, 1)
        token = stage.api.token
        assert all(token not in json.dumps(request.body) for request in api.requests)
        stage.api.state.later()
        stage.api.state.review(pull, REVIEW, "owner")
        again(stage, extra)
        _, second = records(stage.home, "fix")
        assert (second["outcome"], second["session_id"]) == ("succeeded", first["session_id"]), second[
            "message"
        ]
        assert git(stage.remote, "log", "--format=%s", "clodputer/fix/1").split("\n") == [
            "second",
            "work",
            "first",
        ]
        assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
