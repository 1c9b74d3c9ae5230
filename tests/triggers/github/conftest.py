"""A home that may ask the stand-in of GitHub, with a repository there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.store import look
from clodputer.store.home import Home
from tests.fakes.github_api import TOKEN, Api, serving
from tests.fakes.github_state import Repository
from tests.workshop import execute, write_secrets, write_task

TASK = "agent: command\ncommand: ['true']\nlane: default\n"


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        found.state.person("maintainer", "write")
        found.state.person("stranger", "none")
        found.state.person("triager", "read")
        found.state.person("app[bot]", "write", "Bot")
        yield found


@pytest.fixture
def there(api: Api, home: Home) -> Repository:
    """The repository `o/r`, for the task `fix`."""
    write_secrets(home, f"GITHUB_TOKEN={TOKEN}\n")
    Path(home.config).write_text(f'github: {{api_url: "{api.url}", token: "{{{{ env.GITHUB_TOKEN }}}}"}}\n')
    task(home)
    return api.state.repository("o/r")


def task(home: Home, trigger: str = "", more: str = TASK) -> None:
    write_task(home, "fix", f"{more}trigger: {{type: github, repository: o/r{trigger}}}\n")


def again(home: Home) -> None:
    """The time for the next look has come."""
    look.forget(home, "fix.yaml")
    execute(home, "--task", "fix")
