"""From a label on GitHub to one draft pull request and one comment, and on from a review of that pull request."""

from __future__ import annotations

from pathlib import Path

from clodputer.store import look
from clodputer.store.outgoing import published
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git
from tests.workshop import clodputer, events, execute, records

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
    assert "Undelivered work" not in clodputer(stage.home, "show", record["run_id"])[0]
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


def test_the_label_set_again_goes_on_in_our_own_pull_request(stage: Stage) -> None:
    """Although that closes the issue: the work begins at its branch, and it is brought up to date."""
    keys = f"verify: [grep, more, file]\n{TRIGGER}"
    stage.task(script(WORK, intend(**PULL_REQUEST, complete=True), intend(**COMMENT)), more=keys)
    stage.api.state.later()
    stage.api.state.label(stage.issue, "clodputer", "owner")
    again(stage)
    (pull,) = stage.pulls()
    assert pull.closes == [1]
    stage.api.state.later()
    stage.api.state.unlabel(stage.issue, "clodputer")
    stage.api.state.label(stage.issue, "clodputer", "owner")
    more = f"echo two > two && git add two && {COMMIT} -m second"
    keys = keys.replace("more, file", "two, two")
    stage.task(script(more, intend(**PULL_REQUEST, complete=True), intend(**COMMENT)), more=keys)
    again(stage)
    assert [record["outcome"] for record in records(stage.home, "fix")] == ["succeeded", "succeeded"]
    said = git(stage.remote, "log", "--format=%s", "clodputer/fix/1").split("\n")
    assert said == ["second", "work", "first"]
    assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
    assert (stage.refused(), events(stage.home, "buried")) == ([], [])


def test_after_its_branch_was_taken_the_review_goes_on_at_the_other(stage: Stage) -> None:
    """Somebody had pushed to the branch: the pull request is of one with a suffix, and is about the same issue."""
    git(stage.checkout, "switch", "-q", "-c", "theirs")
    git(stage.checkout, "commit", "-q", "--allow-empty", "-m", "theirs")
    git(stage.checkout, "push", "-q", "origin", "theirs:clodputer/fix/1")
    git(stage.checkout, "switch", "-q", "main")
    stage.task(script(WORK, intend(**PULL_REQUEST)), more=f"worktree: {{base: main}}\n{TRIGGER}")
    stage.api.state.later()
    stage.api.state.label(stage.issue, "clodputer", "owner")
    again(stage)
    (pull,) = stage.pulls()
    assert pull.head.startswith("clodputer/fix/1-")
    stage.api.state.later()
    stage.api.state.review(pull, "Add a second file.", "owner")
    more = f"echo two > two && git add two && {COMMIT} -m second"
    stage.task(script(more, intend(**PULL_REQUEST)), more=f"worktree: {{base: main}}\n{TRIGGER}")
    again(stage)
    assert {record["item"] for record in records(stage.home, "fix")} == {"o/r#1"}
    assert git(stage.remote, "log", "--format=%s", pull.head).split("\n") == ["second", "work", "first"]
    assert (len(stage.pulls()), stage.refused()) == (1, [])


def test_after_a_merge_a_comment_begins_anew(stage: Stage) -> None:
    """The branch of a pull request that was merged is of the past, as soon as that is known."""
    stage.task(script(WORK, intend(**PULL_REQUEST)), more=TRIGGER)
    stage.api.state.later()
    stage.api.state.label(stage.issue, "clodputer", "owner")
    again(stage)
    (pull,) = stage.pulls()
    stage.api.state.close(pull, merged=True)
    for one in published.everything(stage.home):
        published.write(stage.home, one._replace(fate="merged"))
    stage.api.state.later()
    stage.api.state.comment(stage.there, stage.issue, "And one thing more.", "owner")
    stage.task("git log --format=%s", more=TRIGGER)
    again(stage)
    last = records(stage.home, "fix")[-1]
    assert Path(stage.home.runs, "fix", last["run_id"], "stdout").read_text().split() == ["first"]
