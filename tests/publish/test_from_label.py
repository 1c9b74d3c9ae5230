"""From a label on GitHub to one draft pull request and one comment, and on from a review of that pull request."""

from __future__ import annotations

from clodputer.store import look
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git
from tests.workshop import events, execute, records

TRIGGER = "trigger: {type: github, repository: o/r, kinds: [issues, reviews]}\n"


def again(stage: Stage) -> None:
    """The time for the next look has come, and for whatever waits to be sent."""
    look.forget(stage.home, "fix.yaml")
    execute(stage.home, "--task", "fix")


def test_one_pull_request_and_one_comment(stage: Stage) -> None:
    """A review has its run go on at the branch of the pull request, although the tree of the first run is gone."""
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)), more=TRIGGER)
    stage.api.state.later()
    stage.api.state.label(stage.issue, "clodputer", "owner")
    again(stage)
    (record,) = records(stage.home, "fix")
    assert (record["item"], record["outcome"]) == ("o/r#1", "succeeded")
    (pull,) = stage.pulls()
    assert (pull.head, pull.draft, len(stage.comments())) == ("clodputer/fix/1", True, 1)
    again(stage)  # our own comment and pull request start nothing
    assert len(records(stage.home, "fix")) == 1
    stage.api.state.later()
    stage.api.state.review(pull, "Add a second file.", "owner")
    more = "echo two > two && git add two && git -c user.name=a -c user.email=a@b commit -qm second"
    stage.task(script(more, intend(**PULL_REQUEST), intend(**COMMENT)), more=TRIGGER)
    again(stage)
    _, record = records(stage.home, "fix")
    assert (record["item"], record["outcome"]) == ("o/r#1", "succeeded")
    assert stage.branches() == ["clodputer/fix/1", "main"]
    said = git(stage.remote, "log", "--format=%s", "clodputer/fix/1").split("\n")
    assert said == ["second", "work", "first"]
    assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
    assert events(stage.home, "buried") == []
