"""Reviews and failing checks of pull requests: of those with the label, and of our own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.fakes.github_api import Api
from tests.fakes.github_state import Item, Repository
from tests.triggers.github.conftest import again, task
from tests.triggers.github.test_exec import brought, labeled, refused
from tests.workshop import clodputer, events, records


@pytest.fixture
def pull(home: Home, api: Api, there: Repository) -> Item:
    """A pull request that the task has made for issue 1, known since the first look."""
    api.state.issue(there, "The issue", "", "stranger")
    found = api.state.pull(there, "Fix it", "Fixes #1", api.state.me, "clodputer/fix/1")
    task(home, ", kinds: [issues, reviews, checks]")
    again(home)
    api.state.later()
    return found


def test_a_review_of_our_own_pull_request(home: Home, api: Api, there: Repository, pull: Item) -> None:
    """By somebody who may write; it is about the issue, whose session goes on."""
    other = api.state.pull(there, "Of somebody else", "", "maintainer", "their-branch")
    for item in (pull, other):
        api.state.review(item, "I know better.", "stranger")
        api.state.review(item, "", "maintainer", "APPROVED")
        api.state.review(item, "Name it differently.", "maintainer")
    again(home)
    again(home)
    (context,) = brought(home)
    assert context["review"]["body"] == "Name it differently."
    assert (context["review"]["state"], context["review"]["author"]) == ("changes_requested", "maintainer")
    assert (context["issue"]["number"], context["issue"]["kind"]) == (2, "pull_request")
    assert context["issue"]["branch"] == "clodputer/fix/1"
    assert [record["item"] for record in records(home, "fix")] == ["o/r#1"]
    api.state.later()
    api.state.comment(there, pull, "And faster, please.", "maintainer")
    again(home)
    assert brought(home)[-1]["comment"]["body"] == "And faster, please."
    assert refused(home) == []


def test_what_is_beyond_the_first_page(home: Home, api: Api, there: Repository, pull: Item) -> None:
    """A hundred reviews and checks come before the one that counts; a check that is still running among the last, too."""
    for number in range(100):
        api.state.review(pull, "", "maintainer", "APPROVED")
        api.state.check(there, pull.head_sha, f"check {number}", "success")
    api.state.review(pull, "Name it differently.", "maintainer")
    api.state.check(there, pull.head_sha, "tests", "failure")
    there.checks[pull.head_sha].append({"name": "slow", "status": "in_progress", "conclusion": None})
    again(home)
    assert [context.get("review", {}).get("body") for context in brought(home)] == ["Name it differently."]
    there.checks[pull.head_sha][-1].update(status="completed", conclusion="success")
    again(home)
    again(home)
    assert [context["check"]["failed"] for context in brought(home) if "check" in context] == [["tests"]]


def test_a_repository_with_a_new_name(home: Home, api: Api, there: Repository, pull: Item) -> None:
    """GitHub sends us on to it: reviews of our own pull requests make runs as before."""
    api.state.repositories["o/new"], there.name = there, "o/new"
    api.state.repositories["o/r"] = Repository("o/r", moved_to="o/new")
    api.state.review(pull, "Name it differently.", "maintainer")
    again(home)
    (context,) = brought(home)
    assert context["review"]["body"] == "Name it differently."
    assert ([record["item"] for record in records(home, "fix")], refused(home)) == (["o/r#1"], [])


def test_failed_checks(home: Home, api: Api, there: Repository, pull: Item) -> None:
    """Once for each commit, when all have ended; nothing of a commit that is not the latest any more."""
    api.state.check(there, pull.head_sha, "lint", "success")
    api.state.check(there, pull.head_sha, "tests", "failure", "2 failed")
    there.checks[pull.head_sha].append({"name": "slow", "status": "in_progress", "conclusion": None})
    again(home)
    assert brought(home) == []
    there.checks[pull.head_sha][-1].update(status="completed", conclusion="timed_out")
    again(home)
    again(home)
    (context,) = brought(home)
    assert (context["check"]["name"], context["check"]["failed"]) == ("tests", ["tests", "slow"])
    assert "2 failed" in context["check"]["summary"]
    clodputer(home, "pause", "fix")
    pull.head_sha = "b" * 40
    api.state.edit(pull)
    api.state.check(there, pull.head_sha, "tests", "failure")
    again(home)
    pull.head_sha = "c" * 40
    clodputer(home, "resume", "fix")
    again(home)
    assert (len(brought(home)), refused(home)) == (1, ["github_pushed"])


def test_quiet_looks_at_pull_requests_cost_nothing(
    home: Home, api: Api, there: Repository, pull: Item
) -> None:
    api.state.check(there, pull.head_sha, "tests", "success")
    for _ in range(2):
        again(home)
    left, asked = api.remaining, len(api.requests)
    again(home)
    assert api.remaining == left
    assert {one.status for one in api.requests[asked:]} == {304}


def test_a_fork_that_calls_its_branch_like_ours(home: Home, api: Api, there: Repository, pull: Item) -> None:
    fork = api.state.pull(there, "Trust me", "", "stranger", "fork:clodputer/fix/1")
    api.state.check(there, fork.head_sha, "tests", "failure", "run this")
    again(home)
    assert brought(home) == []
    assert pull.number == 2


ODD: list[dict[str, Any]] = [
    {"number": "one", "updated_at": "2027-01-01T00:00:00Z"},
    {"updated_at": None, "number": 5},
    {"number": 99, "updated_at": "never", "labels": 3},
]


def test_one_odd_entry_stops_nothing(home: Home, api: Api, there: Repository) -> None:
    """What cannot be understood is passed over and said; everything else of the list comes."""
    item = labeled(api, there)
    shown = {"number": item.number, "updated_at": "2026-01-01T00:00:00Z", "html_url": 3}
    api.fault("issues\\?", 200, body=json.dumps([*ODD, shown, "x"]).encode(), type="application/json")
    again(home)
    assert [context["issue"]["title"] for context in brought(home)] == ["Broken"]
    assert "is not understood" in clodputer(home, "why", "fix")[0]


def test_an_issue_that_github_cannot_show(home: Home, api: Api, there: Repository) -> None:
    """It keeps the others waiting for a few looks, in which GitHub may come to itself, and is passed over then."""
    labeled(api, there, "Cursed")
    labeled(api, there, "Fine")
    for _ in range(4):
        api.fault(
            "graphql", 200, body=b'{"errors": [{"message": "Something went wrong"}]}', type="application/json"
        )
        again(home)
    assert [context["issue"]["title"] for context in brought(home)] == ["Fine"]
    again(home)
    assert [context["issue"]["title"] for context in brought(home)] == ["Fine", "Cursed"]
    assert any("Something went wrong" in event["message"] for event in events(home, "watch_failed"))
