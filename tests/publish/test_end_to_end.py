"""From a run's intents to one draft pull request and one comment, with real git and the stand-in of GitHub's API."""

from __future__ import annotations

import json
from pathlib import Path

from clodputer.store.git import trees
from clodputer.store.outgoing import parcels, published
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git
from tests.workshop import clodputer, events


def test_commits_a_draft_and_a_comment(stage: Stage) -> None:
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT), intend(kind="label", labels=["seen"])))
    record = stage.run()
    assert record["outcome"] == "succeeded", record["message"]
    assert [(one["kind"], one["state"]) for one in record["publish"]] == [
        ("draft_pull_request", "waiting"),
        ("comment", "waiting"),
        ("label", "waiting"),
    ]
    assert sorted(stage.branches()) == ["clodputer/fix/1", "main"]
    (pull,) = stage.pulls()
    assert (pull.title, pull.draft, pull.head, pull.base) == ("Fix it", True, "clodputer/fix/1", "main")
    assert "This fixes it." in str(pull.body)
    assert "Refs #1" in str(pull.body)
    assert "Fixes" not in str(pull.body)
    (comment,) = stage.comments()
    assert comment.startswith("<!-- clodputer:comment:")
    assert "I have fixed it." in comment
    assert stage.issue.labels == ["seen"]
    assert [one.kind for one in published.of_run(stage.home, record["run_id"])] == [
        "draft_pull_request",
        "comment",
        "label",
    ]
    assert list(parcels.everything(stage.home)) == []
    assert [event["kind"] for event in events(stage.home, "published")] == [
        "draft_pull_request",
        "comment",
        "label",
    ]
    # The token is in no file of the home but that of the secrets.
    token = stage.api.token.encode()
    held = [
        str(path)
        for path in Path(stage.home.root).rglob("*")
        if path.is_file() and token in path.read_bytes()
    ]
    assert held == [stage.home.secrets]


def test_a_second_run_goes_on_with_the_same_pull_request_and_comment(stage: Stage) -> None:
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)))
    stage.run()
    stage.task(
        script(
            "echo two > two && git add two",
            WORK,
            intend(**PULL_REQUEST),
            intend(kind="comment", body="More."),
        ),
        more="worktree: {base: clodputer/fix/1}\n",
    )
    stage.run()
    assert len(stage.pulls()) == 1
    (comment,) = stage.comments()
    assert "More." in comment
    assert "I have fixed it." not in comment
    assert git(stage.remote, "rev-list", "--count", "main..clodputer/fix/1") == "2"


def test_complete_and_verified_work_says_fixes(stage: Stage) -> None:
    stage.task(script(WORK, intend(**PULL_REQUEST, complete=True)), more="verify: [grep, more, file]\n")
    stage.run()
    (pull,) = stage.pulls()
    assert "Fixes #1" in str(pull.body)


def test_complete_without_a_proof_does_not(stage: Stage) -> None:
    stage.task(script(WORK, intend(**PULL_REQUEST, complete=True)))
    stage.run()
    assert "Refs #1" in str(stage.pulls()[0].body)


def test_intents_in_the_result(stage: Stage) -> None:
    """An agent with a structured result, or with JSON on its last line, needs no command."""
    stage.task(f"echo '{json.dumps({'intents': [dict(COMMENT)]})}'")
    record = stage.run()
    assert [one["state"] for one in record["publish"]] == ["waiting"]
    assert len(stage.comments()) == 1


def test_the_command_says_at_once_what_is_wrong(stage: Stage) -> None:
    """It works in the run's environment, with the home out of reach, and judges as the runner does."""
    stage.task(
        script(
            "unset CLODPUTER_HOME HOME",
            "clodputer intend comment --body 'first' > said",
            "clodputer intend label --label other >> said 2>&1 || echo status $? >> said",
            "clodputer intend comment --body x --number 99 >> said 2>&1 || echo status $? >> said",
            "clodputer intend comment >> said 2>&1 || echo status $? >> said",
            "cat said",
        ),
        publish="max_per_run: 5",
    )
    record = stage.run()
    said = Path(stage.home.runs, "fix", record["run_id"], "stdout").read_text()
    assert "comment noted (1 of 5)" in said
    assert "this task may not set the label 'other'" in said
    assert "this task may not write to #99; its own is #1" in said
    assert "comment needs body" in said
    assert [one["kind"] for one in record["publish"]] == ["comment"]
    assert len(stage.comments()) == 1


def test_outside_of_a_run_it_says_so(stage: Stage) -> None:
    _, stderr = clodputer(stage.home, "intend", "push", status=1)
    assert "this run may not publish" in stderr


def test_an_event_goes_to_the_routes(stage: Stage) -> None:
    config = Path(stage.home.config)
    config.write_text(config.read_text() + "routes: [{from: fix, type: report.ready, to: read}]\n")
    Path(stage.home.tasks, "read.yaml").write_text("agent: command\ncommand: ['true']\n")
    stage.task(intend(kind="event", type="report.ready", payload={"a": 1}), publish="kinds: [event]")
    record = stage.run()
    assert [(one["kind"], one["state"]) for one in record["publish"]] == [("event", "sent")]
    assert [event["task"] for event in events(stage.home, "finished")] == ["fix", "read"]


def test_what_is_filed_is_filed_once(stage: Stage) -> None:
    stage.task(intend(kind="file_issue", title="Flaky", body="b", key="test_x", labels=["seen"]))
    for _ in range(2):
        stage.run()
    filed = [item for item in stage.there.items.values() if item.title == "Flaky"]
    assert len(filed) == 1
    assert filed[0].labels == ["seen"]


def test_a_tree_whose_commits_were_pushed_is_no_undelivered_work(stage: Stage) -> None:
    stage.task(script(WORK, intend(kind="push")), publish="kinds: [push]")
    record = stage.run()
    assert stage.branches() == ["clodputer/fix/1", "main"]
    assert list(trees.everything(stage.home)) == []
    assert [event["by"] for event in events(stage.home, "tree_removed")] == ["pushed"]
    assert events(stage.home, "work_kept") == []
    assert [one.branch for one in published.of_run(stage.home, record["run_id"])] == ["clodputer/fix/1"]


def test_changes_in_no_commit_stay_where_they_are(stage: Stage) -> None:
    stage.task(script(WORK, "echo new > new", intend(**PULL_REQUEST)))
    record = stage.run()
    assert "1 changed files were in no commit" in str(stage.pulls()[0].body)
    assert Path(record["worktree"]["path"], "new").exists()
