"""What the doctor finds out about GitHub, against the stand-in: each with what to type."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.views.doctor import examine
from tests.fakes.github_api import TOKEN, Api, serving
from tests.workshop import environment, write_secrets, write_task


@pytest.fixture
def api(home: Home) -> Iterator[Api]:
    with serving() as found:
        write_secrets(home, f"GITHUB_TOKEN={TOKEN}\n")
        Path(home.config).write_text(
            f'github: {{api_url: "{found.url}", token: "{{{{ env.GITHUB_TOKEN }}}}"}}\n'
        )
        write_task(home, "fix", "prompt: Do it.\ntrigger: {type: github, repository: o/r}\n")
        found.state.repository("o/r")
        yield found


def finding(home: Home) -> tuple[str, str]:
    """The level of the only finding, and its words with the remedy."""
    (found,) = examine(environment(home), time.time(), ["github"])
    return found.level, f"{found.message} | {found.remedy}"


def test_all_is_well(home: Home, api: Api) -> None:
    assert finding(home) == ("ok", f"the token of {api.state.me} may look at 1 repository | ")


def test_what_can_be_wrong(home: Home, api: Api) -> None:
    """A token that is missing, refused, too mighty or about to end; a repository that is hidden, renamed or read-only."""
    api.token = "another"
    level, words = finding(home)
    assert (level, "401" in words, "Make a new token" in words) == ("problem", True, True)
    api.token = TOKEN
    del api.state.repositories["o/r"]
    level, words = finding(home)
    assert (level, "trigger.repository" in words) == ("problem", True)
    api.state.repository("o/r").moved_to = "o/new"
    api.state.repository("o/new")
    assert "called o/new now" in finding(home)[1]
    api.state.repository("o/r")
    user = json.dumps({"login": "me", "id": 7}).encode()
    for headers, words in (
        ({"x-oauth-scopes": "gist, repo"}, "fine-grained"),
        ({"github-authentication-token-expiration": "2020-01-01 00:00:00 UTC"}, "ends in 0 days"),
    ):
        api.fault("GET /user", 200, headers=headers, body=user, type="application/json")
        level, said = finding(home)
        assert (level, words in said) == ("note", True), said
    body = json.dumps({"full_name": "o/r", "permissions": {"push": False}}).encode()
    api.fault("GET /repos/o/r", 200, body=body, type="application/json")
    assert "who may" in finding(home)[1]
    api.fault("GET /user", 502)
    assert "502" in finding(home)[1]
    write_secrets(home, "")
    assert "GITHUB_TOKEN=..." in finding(home)[1]
    Path(home.config).write_text("")
    assert "names no token" in finding(home)[1]
    write_task(home, "fix", "prompt: Do it.\n")
    assert finding(home) == ("ok", "nothing asks GitHub | ")


def test_a_token_of_an_app(home: Home, api: Api) -> None:
    """It is nobody's, and whether it may ask who may write is tried, as no repository says so."""
    api.state.me = "clodputer[bot]"
    api.state.person(api.state.me, "none", "Bot")
    assert finding(home) == ("ok", "the token of clodputer[bot] may look at 1 repository | ")
    refused = b'{"message": "Resource not accessible by integration"}'
    api.fault("/permission", 403, body=refused, type="application/json")
    level, said = finding(home)
    assert (level, "may not ask who may write to o/r" in said) == ("problem", True), said
