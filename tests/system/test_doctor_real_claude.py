"""The doctor and the real claude: what it is asked costs nothing and leaves no trace; one real turn is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.runner.versions import paid
from clodputer.store.home import Home
from clodputer.views.doctor.agents import claude
from clodputer.views.tasks import realturn
from tests.claude_package import version_of
from tests.doctoring import facts, one
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.workshop import make_home, write_secrets, write_task

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system]


@pytest.fixture
def home(tmp_path: Path, claude_binary: str) -> Home:
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {claude_binary}\n")
    write_task(home, "hello", "prompt: say hello\n")
    return home


def test_it_is_asked_for_its_version_and_its_key(home: Home, api: Api, claude_binary: str) -> None:
    """No request is made, and nothing is written into the person's home."""
    write_secrets(home, f"ANTHROPIC_API_KEY=sk-made-up\nANTHROPIC_BASE_URL={api.url}\n")
    before = sorted(os.listdir(os.environ["HOME"]))
    given = facts(home, {"ANTHROPIC_BASE_URL": api.url})
    version = version_of(claude_binary)
    assert f"claude {version}" in one(claude.claude(given), "ok").message
    assert "only a run tells" in one(claude.login(given), "ok").message
    assert sorted(os.listdir(os.environ["HOME"])) == before
    assert api.requests == []


def test_one_real_turn(home: Home, api: Api, tmp_path: Path) -> None:
    """One request, without tools to speak of, and a record that says how long it took; nothing of it stays in the home."""
    environ = {**claude_environment(api, tmp_path / "scratch"), "CLODPUTER_HOME": home.root}
    told = realturn.turn(environ, 30.0)
    assert (told["outcome"], told["reason"]) == ("succeeded", "completed"), told
    assert told["duration_seconds"] > 0
    assert told["cost_usd"] <= paid.MOST_DOLLARS
    assert len(api.requests) == 1
    assert os.listdir(home.runs) == []


def test_a_real_turn_without_a_login(home: Home, tmp_path: Path, api: Api) -> None:
    """What a scheduler's environment may lack is told by its reason."""
    environ = {**claude_environment(api, tmp_path / "scratch"), "CLODPUTER_HOME": home.root}
    del environ["ANTHROPIC_API_KEY"]
    assert realturn.turn(environ, 30.0)["reason"] == "auth"
