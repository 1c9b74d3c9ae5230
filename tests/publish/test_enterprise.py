"""A GitHub Enterprise Server: its API lies at `/api/v3`, its GraphQL beside that, and its lists go on at other addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.store.outgoing import published
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, WORK, Stage, intend, script, staged
from tests.publish.test_from_label import TRIGGER, again
from tests.publish.test_push_http import Backend, served
from tests.repositories import git
from tests.workshop import events, records

# So many comments and reviews of others that what counts is on the second page.
OTHERS = 130
MORE = f"echo two > two && git add two && {COMMIT} -m second"


@pytest.fixture
def pushes() -> list[type[Backend]]:
    """What is known of who has pushed."""
    return []


@pytest.fixture
def stage(tmp_path: Path, pushes: list[type[Backend]]) -> Iterator[Stage]:
    """The remote is pushed to by http, with the token."""
    with staged(tmp_path, "/api/v3") as found:
        (found.remote.parent / "o").mkdir()
        found.remote = found.there.git = found.remote.rename(found.remote.parent / "o" / "r.git")
        git(found.remote, "config", "http.receivepack", "true")
        git(found.checkout, "remote", "set-url", "origin", str(found.remote))
        with served(found.remote.parent.parent) as (address, handler):
            git(found.checkout, "remote", "set-url", "--push", "origin", f"{address}/o/r.git")
            pushes.append(handler)
            yield found


def test_from_label_to_pull_request_and_on_from_a_review(stage: Stage, pushes: list[type[Backend]]) -> None:
    """One pull request and one comment, also when what is there is on another page."""
    state = stage.api.state
    state.person("stranger", "none")
    for number in range(OTHERS):
        state.comment(stage.there, stage.issue, f"number {number}", "stranger")
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)), more=TRIGGER)
    state.later()
    state.label(stage.issue, "clodputer", "owner")
    again(stage)
    (pull,) = stage.pulls()
    assert (pull.head, pull.draft) == ("clodputer/fix/1", True)
    for path in Path(stage.home.ledger, "published").glob("*.json"):
        path.unlink()  # it has to be found again
    state.later()
    for number in range(OTHERS):
        state.review(pull, f"number {number}", "stranger")
    state.review(pull, "Add a second file.", "owner")
    stage.task(script(MORE, intend(**PULL_REQUEST), intend(**COMMENT)), more=TRIGGER)
    again(stage)
    assert [(one["item"], one["outcome"]) for one in records(stage.home, "fix")] == [
        ("o/r#1", "succeeded")
    ] * 2
    said = git(stage.remote, "log", "--format=%s", "clodputer/fix/1").split("\n")
    assert said == ["second", "work", "first"]
    ours = [one for one in stage.there.comments if one["user"]["login"] == state.me]
    assert (len(stage.pulls()), len(ours), stage.refused()) == (1, 1, [])
    assert len(list(published.everything(stage.home))) == 2
    assert events(stage.home, "buried") == []
    asked = stage.api.asked()
    assert [one for one in asked if not one.partition(" ")[2].startswith(("/api/v3/", "/api/graphql"))] == []
    assert [one for one in asked if "/api/v3/repositories/1/" in one], "no list went on"
    assert "POST /api/graphql" in asked
    (handler,) = pushes
    assert [given for given in handler.seen if given], "the token was not given to the remote"
