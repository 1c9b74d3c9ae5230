"""The client of GitHub's API against the stand-in: what it sends, what it makes of answers, and where it stops."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time

import pytest

from clodputer.github import client
from clodputer.github.access import Server, server
from clodputer.github.answer import GithubError
from clodputer.store import context as contexts
from tests.fakes.github_api import TOKEN, Api, serving
from tests.workshop import make_home


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        yield found


@pytest.fixture
def there(api: Api) -> Server:
    return Server(api.url, TOKEN, {})


def test_a_question_and_the_same_again(api: Api, there: Server) -> None:
    """An answer has a tag; with it, the same question costs nothing until something changes."""
    found = api.state.repository("o/r")
    item = api.state.issue(found, "One", None, "ghost-to-be")
    reply = client.get(there, "/repos/o/r/issues", {"state": "open"})
    assert [entry["title"] for entry in client.entries(reply)] == ["One"]
    left = api.remaining
    assert client.get(there, "/repos/o/r/issues", {"state": "open"}, etag=reply.etag).unchanged
    assert api.remaining == left
    api.state.edit(item, body="more")
    assert not client.get(there, "/repos/o/r/issues", {"state": "open"}, etag=reply.etag).unchanged


def test_all_pages_up_to_a_bound(api: Api, there: Server) -> None:
    """`Link` is followed, but not for ever."""
    found = api.state.repository("o/r")
    for number in range(250):
        api.state.issue(found, f"{number}")
    everything, whole = client.pages(there, "/repos/o/r/issues", {"direction": "asc"})
    assert whole
    assert [entry["number"] for entry in everything] == list(range(1, 251))
    some, whole = client.pages(there, "/repos/o/r/issues", most=2)
    assert not whole
    assert len(some) == 200


def test_a_renamed_repository_keeps_its_filter(api: Api, there: Server) -> None:
    """The redirection has no query; ours is carried over, and a write is repeated with its body."""
    new = api.state.repository("o/new")
    api.state.repository("o/old").moved_to = "o/new"
    api.state.label(api.state.issue(new, "with"), "clodputer")
    api.state.issue(new, "without")
    reply = client.get(there, "/repos/o/old/issues", {"labels": "clodputer"})
    assert [entry["title"] for entry in reply.body] == ["with"]
    assert reply.url.startswith(f"{api.url}/repos/o/new/issues")
    assert client.post(there, "/repos/o/old/issues/1/comments", {"body": "hello"}).status == 201
    assert new.comments[0]["body"] == "hello"


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/x", "https://elsewhere.invalid/", "//elsewhere.invalid/x"]
)
def test_no_token_goes_to_another_server(api: Api, there: Server, target: str) -> None:
    api.fault("GET /user", 302, headers={"Location": target})
    with pytest.raises(GithubError, match="the token is not sent") as error:
        client.get(there, "/user")
    assert error.value.code == "github_moved"
    assert not error.value.passes
    with pytest.raises(GithubError, match="another server"):
        client.get(there, "http://127.0.0.1:1/user")


def test_a_circle_of_redirections_ends(api: Api, there: Server) -> None:
    api.fault("GET /user", 302, headers={"Location": "/user"}, times=99)
    with pytest.raises(GithubError, match="again and again"):
        client.get(there, "/user")
    assert len(api.requests) == 4


REFUSALS = [
    (401, {}, "github_token_invalid", False),
    (403, {"x-accepted-github-permissions": "issues=write"}, "github_forbidden", False),
    (404, {}, "github_not_found", False),
    (410, {}, "github_gone", False),
    (422, {}, "github_invalid", False),
    (451, {}, "github_gone", False),
    (403, {"retry-after": "30"}, "github_limited", True),
    (429, {"retry-after": "30"}, "github_limited", True),
    (429, {}, "github_limited", True),
    (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "github_limited", True),
    (500, {}, "github_unreachable", True),
    (502, {}, "github_unreachable", True),
    (503, {"retry-after": "90"}, "github_unreachable", True),
    (200, {}, "github_unreadable", True),
]


@pytest.mark.parametrize(("status", "headers", "code", "passes"), REFUSALS)
def test_what_an_answer_means(
    api: Api, there: Server, status: int, headers: dict[str, str], code: str, passes: bool
) -> None:
    """Each has its code, whether HTML or not; and says whether waiting helps."""
    api.fault("GET /user", status, headers=headers)
    with pytest.raises(GithubError) as error:
        client.get(there, "/user")
    assert (error.value.code, error.value.passes, error.value.status) == (code, passes, status)
    if code == "github_limited" or "retry-after" in headers:
        assert error.value.until is not None
        assert time() < error.value.until < time() + 4000
    if code == "github_forbidden":
        assert "issues=write" in error.value.hint


def test_limits_are_reckoned_by_the_clock_of_the_server(api: Api, there: Server) -> None:
    """Ours may be hours off; the last answer before the limit says when to go on."""
    api.state.now -= 86400
    api.state.repository("o/r")
    api.remaining = 0
    with pytest.raises(GithubError) as error:
        client.get(there, "/repos/o/r")
    assert error.value.until == pytest.approx(time() + 600, abs=60)
    absurd = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}
    api.fault("GET /user", 403, headers=absurd)
    with pytest.raises(GithubError) as error:
        client.get(there, "/user")
    assert error.value.until is not None
    assert error.value.until < time() + 4000


def test_slow_servers(api: Api, there: Server) -> None:
    """One that is silent, and one that sends a byte now and then, are left when the time is over."""
    began = monotonic()
    for fault in ({"hang": 300.0}, {"drip": True, "status": 200, "type": "application/json"}):
        api.fault("GET /user", **fault)
        with pytest.raises(GithubError, match="does not answer in time") as error:
            client.get(there, "/user", seconds=0.3)
        assert error.value.code == "github_unreachable"
    assert monotonic() - began < 100


def test_answers_that_cannot_be_used(api: Api, there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken JSON, deep JSON, and a mapping where a list was to come."""
    for body in (b'{"login": ', b"[" * 200_000):
        api.fault("GET /user", 200, body=body, type="application/json")
        with pytest.raises(GithubError, match="broken JSON"):
            client.get(there, "/user")
    with pytest.raises(GithubError, match="not a list"):
        client.entries(client.get(there, "/user"))
    api.fault("GET /user", 200, body=b'"' + b"x" * (client.LARGEST + 1) + b'"', type="application/json")
    with pytest.raises(GithubError, match="more than 32 MB"):
        client.get(there, "/user")


def test_nobody_there() -> None:
    with pytest.raises(GithubError, match="cannot be reached") as error:
        client.get(Server("http://127.0.0.1:9", TOKEN, {}), "/user", seconds=2)
    assert error.value.passes
    assert TOKEN not in str(error.value)


def test_graphql(api: Api, there: Server) -> None:
    """Errors come with status 200 there."""
    with pytest.raises(GithubError) as error:
        client.graphql(there, "query", {"owner": "o", "name": "none", "number": 1})
    assert error.value.code == "github_not_found"
    api.state.issue(api.state.repository("o/r"), "One")
    found = client.graphql(there, "query", {"owner": "o", "name": "r", "number": 1})
    assert found["repository"]["subject"]["title"] == "One"
    assert Server("https://ghe.example.org/api/v3", "", {}).graphql == "https://ghe.example.org/api/graphql"


def test_the_token_shows_nowhere(there: Server) -> None:
    assert TOKEN not in repr(there)
    assert TOKEN not in there.mark


def test_where_the_token_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """secrets.env, a secret by reference, gh; and what is said when there is none."""
    home = make_home(tmp_path)

    def found(config: str) -> str:
        home_config = Path(home.config)
        home_config.write_text(config)
        return server(contexts.look({**os.environ, "CLODPUTER_HOME": home.root})).token

    with pytest.raises(GithubError, match="names no token") as error:
        found("")
    assert error.value.code == "github_token_missing"
    assert "github:" in error.value.hint
    setting = 'github:\n  token: "{{ env.HUB }}"\n'
    with pytest.raises(GithubError, match="HUB"):
        found(setting)
    kept = tmp_path / "token"
    kept.write_text("of-a-file\n")
    kept.chmod(0o600)
    assert found(f"{setting}secrets:\n  HUB:\n    file: {kept}\n") == "of-a-file"
    Path(home.secrets).write_text("HUB=of-secrets\n")
    Path(home.secrets).chmod(0o600)
    assert found(setting) == "of-secrets"
    Path(home.secrets).write_text("HUB='two\tparts'\n")
    with pytest.raises(GithubError, match="is not a token") as error:
        found(setting)
    assert "two" not in str(error.value)
    programs = tmp_path / "bin"
    programs.mkdir()
    gh = programs / "gh"
    gh.write_text('#!/bin/sh\n[ "$*" = "auth token" ] && echo of-gh || exit 1\n')
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    assert found("github:\n  token: gh\n") == "of-gh"
    with pytest.raises(GithubError, match="gh has no token") as error:
        found("github:\n  token: gh\n  api_url: https://ghe.example.org/api/v3\n")
    assert "--hostname ghe.example.org" in str(error.value)
