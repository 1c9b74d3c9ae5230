"""Which account a task draws on: a table."""

from __future__ import annotations

import pytest

from clodputer.model.config.account import account_of
from clodputer.model.task import Task


def _account(agent: str = "claude", **env: str) -> str:
    return account_of(Task("a", "a.yaml", agent=agent, env=env))


def test_most_tasks_draw_on_one_account() -> None:
    """Other variables make no difference; an agent without accounts has none."""
    assert _account() == _account(PORT="8080") == "claude"
    assert _account(CLAUDE_CONFIG_DIR="", ANTHROPIC_API_KEY="") == "claude"
    assert _account("command", ANTHROPIC_API_KEY="{{ env.KEY }}") == ""


@pytest.mark.parametrize(
    "name", ["CLAUDE_CONFIG_DIR", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"]
)
def test_another_login_is_another_account(name: str) -> None:
    """Tasks that name the same one share its account; the name never holds what the variable holds."""
    one, other = _account(**{name: "{{ env.ONE }}"}), _account(**{name: "{{ env.OTHER }}"})
    assert len({"claude", one, other}) == 3
    assert one == _account(**{name: "{{ env.ONE }}"}, PORT="1")
    assert one.startswith("claude-")
    assert "ONE" not in one


def test_a_folder_is_one_with_or_without_its_last_slash() -> None:
    assert _account(CLAUDE_CONFIG_DIR="~/.other/") == _account(CLAUDE_CONFIG_DIR="~/.other")


def test_the_first_key_counts() -> None:
    """As it does for claude: the others are not looked at."""
    assert _account(ANTHROPIC_AUTH_TOKEN="a", ANTHROPIC_API_KEY="b") == _account(ANTHROPIC_AUTH_TOKEN="a")
