"""Pushes that are refused, late, or go by https: nothing is forced, nothing is lost, and no token is seen."""

from __future__ import annotations

import json
from pathlib import Path
from time import time

import pytest

from clodputer.model.gates.approval import APPROVED
from clodputer.runner.publish.decide import decide
from clodputer.store.git import trees
from clodputer.store.outgoing import parcels
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git
from tests.workshop import clodputer, program, run


def refuse(stage: Stage, message: str = "the branch is protected") -> None:
    """Have the remote refuse every push."""
    program(stage.remote / "hooks", "pre-receive", f"echo '{message}' >&2; exit 1")


def test_a_push_that_is_refused_is_told_once_and_nothing_is_lost(stage: Stage) -> None:
    refuse(stage)
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(kind="close"), intend(**COMMENT)))
    record = stage.run()
    assert (stage.branches(), stage.pulls(), stage.issue.state) == (["main"], [], "open")
    (comment,) = stage.comments()
    assert "I have fixed it." in comment
    assert "could not be pushed" in comment
    assert stage.refused() == ["push_refused", "not_delivered", "not_delivered"]
    (parcel,) = parcels.ended(stage.home)
    assert "the branch is protected" in parcel.steps[0].message
    tree = record["worktree"]
    assert Path(tree["path"]).is_dir()
    assert git(stage.checkout, "rev-list", "--count", f"main..{tree['branch']}") == "1"
    assert [tree.undelivered for tree in trees.everything(stage.home)] == [True]
    shown = " ".join(clodputer(stage.home, "show", record["run_id"])[0].split())
    assert "draft pull request refused" in shown
    assert "the branch is protected" in shown
    status = clodputer(stage.home, "status")[0]
    assert "could not publish everything" in status
    assert "draft pull request refused" in " ".join(clodputer(stage.home, "why", "fix")[0].split())
    findings = json.loads(run(stage.home, "doctor", "--json").stdout)["data"]["findings"]
    assert [one["level"] for one in findings if one["check"] == "publish"] == ["note"]
    assert "has left work in its worktree" in status


def test_once_it_was_pushed_after_all_the_comment_says_what_was_meant(stage: Stage) -> None:
    refuse(stage)
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)))
    run_id = stage.run()["run_id"]
    stage.remote.joinpath("hooks", "pre-receive").unlink()
    decide(stage.context, run_id, APPROVED, "", time())
    stage.send()
    assert (len(stage.pulls()), stage.branches()) == (1, ["clodputer/fix/1", "main"])
    (comment,) = stage.comments()
    assert "I have fixed it." in comment
    assert "could not be pushed" not in comment
    assert list(parcels.everything(stage.home)) == []


@pytest.mark.parametrize("headers", [{"retry-after": "40"}, {}])
def test_a_limit_that_one_parcel_meets_holds_for_all(stage: Stage, headers: dict[str, str]) -> None:
    """GitHub is left alone until the moment that it names, or for a minute; then everything is sent."""
    stage.api.state.issue(stage.there, "Another", "")
    stage.task(intend(**COMMENT), publish="staged: true")
    for run_id in [stage.run(item)["run_id"] for item in ("issue 1", "issue 2")]:
        decide(stage.context, run_id, APPROVED, "", time())
    body = b'{"message": "You have exceeded a secondary rate limit."}'
    stage.api.fault("POST .*comments", 403, headers=headers, body=body, type="application/json", times=9)
    before = time()
    stage.send()
    first, second = parcels.waiting(stage.home)
    wait = 40 if headers else 60
    assert min(first.due, second.due) >= before + wait - 1
    assert "secondary rate limit" in first.last_error
    assert len(stage.api.asked("POST .*comments")) == 1
    assert stage.refused() == []
    stage.api.faults.clear()
    stage.hurry()
    stage.send()
    assert len(stage.comments()) == 2


def test_a_remote_that_is_gone_is_tried_for_a_day(stage: Stage) -> None:
    away = stage.remote.with_name("away.git")
    stage.prepare(intend(**PULL_REQUEST))
    stage.remote.rename(away)
    stage.send()
    (parcel,) = parcels.waiting(stage.home)
    assert (parcel.tries, parcel.steps[0].state) == (1, "waiting")
    assert stage.refused() == []
    away.rename(stage.remote)
    stage.hurry()
    stage.send()
    assert len(stage.pulls()) == 1


def test_after_a_day_it_is_given_up_and_told(stage: Stage) -> None:
    stage.prepare(intend(**PULL_REQUEST))
    stage.remote.rename(stage.remote.with_name("away.git"))
    (parcel,) = parcels.waiting(stage.home)
    parcels.keep(
        stage.home, parcels.name_of(parcel), parcel._replace(created_at=parcel.created_at - 86400, due=1.0)
    )
    stage.send()
    assert stage.refused() == ["given_up"]
    (ended,) = parcels.ended(stage.home)
    assert ended.state == "undelivered"
    # Once it is there again, a person has it sent.
    stage.remote.with_name("away.git").rename(stage.remote)
    shown = " ".join(clodputer(stage.home, "show", ended.run_id)[0].split())
    assert f"sent once more: clodputer approve {ended.run_id}" in shown
    decide(stage.context, ended.run_id, APPROVED, "", time())
    stage.send()
    assert len(stage.pulls()) == 1
    assert list(parcels.everything(stage.home)) == []


def test_a_branch_with_other_commits_is_left_alone(stage: Stage) -> None:
    """What is there is never forced away: the commits get a branch of their own."""
    git(stage.checkout, "switch", "-q", "-c", "theirs")
    git(stage.checkout, "commit", "-q", "--allow-empty", "-m", "theirs")
    git(stage.checkout, "push", "-q", "origin", "theirs:clodputer/fix/1")
    before = git(stage.remote, "rev-parse", "clodputer/fix/1")
    stage.task(script(WORK, intend(**PULL_REQUEST)), more="worktree: {base: main}\n")
    stage.run()
    assert git(stage.remote, "rev-parse", "clodputer/fix/1") == before
    (pull,) = stage.pulls()
    assert pull.head.startswith("clodputer/fix/1-")
    assert sorted(stage.branches()) == ["clodputer/fix/1", pull.head, "main"]


def test_an_open_pull_request_is_not_gone_past(stage: Stage) -> None:
    """A second run that begins anew does not replace what people may be reading; its commits are kept."""
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    stage.run()
    stage.task(
        script(f"echo other > file && {COMMIT} -am other", intend(**PULL_REQUEST)),
        more="worktree: {base: main}\n",
    )
    record = stage.run()
    assert len(stage.pulls()) == 1
    assert stage.refused() == ["behind", "not_delivered"]
    assert Path(record["worktree"]["path"]).is_dir()


def test_drafts_that_are_not_supported_are_not_made_otherwise(stage: Stage) -> None:
    stage.there.drafts = False
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    stage.run()
    assert stage.pulls() == []
    assert stage.refused() == ["github_invalid"]
    assert "clodputer/fix/1" in stage.branches()


def test_a_comment_that_was_deleted_is_not_made_again(stage: Stage) -> None:
    stage.task(intend(**COMMENT))
    stage.run()
    stage.there.comments.clear()
    stage.run()
    assert stage.comments() == []
    assert stage.refused() == ["comment_deleted"]


def test_what_is_sent_once_more_counts_as_of_the_day_on_which_it_is_sent(stage: Stage) -> None:
    """Another run has published all that a day may have, since the first one's was refused."""
    stage.issue.locked = True
    stage.task(intend(kind="comment", body="first"), publish="max_per_day: 1")
    first = stage.run()["run_id"]
    assert stage.refused() == ["github_forbidden"]
    stage.issue.locked = False
    stage.task(intend(kind="comment", body="second"), publish="max_per_day: 1")
    stage.run()
    decide(stage.context, first, APPROVED, "", time())
    stage.send()
    assert stage.refused() == ["github_forbidden", "day_full"]
    (comment,) = stage.comments()
    assert "second" in comment


def test_without_a_token_it_waits(stage: Stage) -> None:
    Path(stage.home.config).write_text("")
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    stage.run()
    (parcel,) = parcels.waiting(stage.home)
    assert "names no token" in parcel.last_error
    assert stage.branches() == ["main"]
    assert "names no token" in clodputer(stage.home, "doctor", "--json", status=4)[0]


def test_a_remote_that_is_another_repository_is_refused(stage: Stage) -> None:
    git(stage.checkout, "remote", "set-url", "--push", "origin", "https://github.com/some/other.git")
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    assert [one["code"] for one in stage.run()["publish"]] == ["no_remote"]
