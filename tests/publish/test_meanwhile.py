"""What happens on GitHub between two steps of a parcel, or before it is tried again: nothing doubled, lost or told wrongly."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from clodputer.model.gates.approval import APPROVED
from clodputer.runner.publish.decide import decide
from clodputer.store.outgoing import parcels, published
from tests.fakes.github_state import Repository
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git
from tests.workshop import clodputer, events, write_secrets


def pushed(stage: Stage) -> str:
    """A run whose commits are there, and whose pull request could not be made yet; its id."""
    record = stage.prepare(intend(**PULL_REQUEST), intend(**COMMENT))
    stage.api.fault("POST /repos/o/r/pulls", 502)
    stage.send()
    assert (stage.branches(), stage.pulls(), stage.comments()) == (["clodputer/fix/1", "main"], [], [])
    stage.hurry()
    return str(record["run_id"])


def test_a_branch_that_a_person_has_deleted(stage: Stage) -> None:
    """It is not put back by itself; the commits, whose worktree is gone, outlast the next fetch, and can be sent again."""
    run_id = pushed(stage)
    git(stage.remote, "update-ref", "-d", "refs/heads/clodputer/fix/1")
    stage.send()
    assert (stage.refused(), stage.branches(), stage.pulls()) == (["branch_deleted"], ["main"], [])
    assert "was deleted before a pull request could be made" in stage.comments()[0]
    git(stage.checkout, "fetch", "-q", "--prune")
    assert git(stage.checkout, "log", "--format=%s", f"refs/clodputer/{run_id}").split() == ["work", "first"]
    assert f"refs/clodputer/{run_id}" in clodputer(stage.home, "show", run_id, "--json")[0]
    decide(stage.context, run_id, APPROVED, "", time())
    stage.send()
    (comment,) = stage.comments()
    assert (stage.branches(), len(stage.pulls())) == (["clodputer/fix/1", "main"], 1)
    assert "was deleted" not in comment
    assert list(parcels.everything(stage.home)) == []


def test_a_pull_request_that_a_person_has_closed(stage: Stage) -> None:
    stage.prepare(intend(**PULL_REQUEST), intend(**COMMENT))
    stage.api.fault("POST .*comments", 502)
    stage.send()
    (pull,) = stage.pulls()
    stage.api.state.close(pull)
    stage.hurry()
    stage.send()
    assert (len(stage.pulls()), len(stage.comments()), stage.refused()) == (1, 1, [])


@pytest.mark.parametrize("base", ["", "base: main"])
def test_a_default_branch_with_a_new_name(stage: Stage, base: str) -> None:
    """Where the task names no branch, the one of now counts; else it is told that there is none of that name."""
    stage.prepare(intend(**PULL_REQUEST), publish=base)
    git(stage.remote, "branch", "-m", "main", "trunk")
    git(stage.remote, "symbolic-ref", "HEAD", "refs/heads/trunk")
    stage.send()
    assert [pull.base for pull in stage.pulls()] == ([] if base else ["trunk"])
    assert stage.refused() == (["github_invalid"] if base else [])
    assert stage.branches() == ["clodputer/fix/1", "trunk"]


def test_a_repository_of_another_owner(stage: Stage) -> None:
    """Its old name still leads to it; the pull request whose answer was lost is found, by the owner of now."""
    pushed(stage)
    repositories = stage.api.state.repositories
    repositories["new/name"] = stage.there
    repositories["o/r"] = Repository("o/r", moved_to="new/name")
    stage.there.name = "new/name"
    stage.api.fault("POST /repos/new/name/pulls", 502, after=True)
    stage.send()
    stage.hurry()
    stage.send()
    assert (len(stage.pulls()), len(stage.comments()), stage.refused()) == (1, 1, [])


def test_a_token_that_expires_in_the_middle(stage: Stage) -> None:
    stage.prepare(intend(**PULL_REQUEST), intend(**COMMENT))
    stage.api.fault("POST .*comments", 401, body=b'{"message": "Bad credentials"}', type="application/json")
    stage.send()
    assert (len(stage.pulls()), stage.comments(), stage.refused()) == (1, [], [])
    (parcel,) = parcels.waiting(stage.home)
    assert "Bad credentials" in parcel.last_error
    stage.api.token = "ghp_another"
    write_secrets(stage.home, "GITHUB_TOKEN=ghp_another\n")
    stage.hurry()
    stage.send()
    assert (len(stage.pulls()), len(stage.comments()), stage.refused()) == (1, 1, [])


def staged(stage: Stage, *intents: str) -> None:
    """A run whose parcel is to be sent now."""
    stage.task(script(*intents), publish="staged: true")
    decide(stage.context, stage.run()["run_id"], APPROVED, "", time())


def test_an_older_text_does_not_take_the_place_of_a_newer_one(stage: Stage) -> None:
    """The first run's could not be sent before the second one's was."""
    staged(stage, WORK, intend(**PULL_REQUEST), intend(**COMMENT))
    stage.send()
    staged(stage, intend(kind="comment", body="older"))
    stage.api.fault("PATCH .*comments", 502)
    stage.send()
    staged(stage, intend(kind="comment", body="newer"))
    stage.send()
    stage.hurry()
    stage.send()
    (comment,) = stage.comments()
    assert "newer" in comment
    assert list(parcels.everything(stage.home)) == []
    told = events(stage.home, "published")[-1]["message"]
    assert told == "the comment at #1 shows what a later run has said, and was left as it is"


def test_after_the_clock_went_back_what_is_said_last_is_shown(stage: Stage) -> None:
    """Receipts of a run that seems to come later, and at a moment that is yet to come, keep nothing from being sent."""
    staged(stage, intend(kind="comment", body="by a clock that was ahead"))
    stage.send()
    (one,) = published.everything(stage.home)
    Path(stage.home.ledger, "published", f"{one.run_id}.000.json").unlink()
    published.write(stage.home, one._replace(run_id=f"2099{one.run_id[4:]}", at=one.at + 70 * 366 * 86400))
    staged(stage, intend(kind="comment", body="afterwards"))
    stage.send()
    (comment,) = stage.comments()
    assert "afterwards" in comment
