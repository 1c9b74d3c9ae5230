"""Whose configuration folder a run uses, and whether its login may be replaced while others use it: a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents.claude.sharing import folder, login_rotates
from tests.workshop import task_of

STORED = {"claudeAiOauth": {"accessToken": "a", "refreshToken": "r"}}


@pytest.mark.parametrize(
    ("known", "env", "stored", "platform", "rotates"),
    [
        ({}, {}, STORED, "linux", True),
        ({}, {}, {"claudeAiOauth": {"accessToken": "a"}}, "linux", False),
        ({}, {}, {"claudeAiOauth": "x"}, "linux", False),
        ({}, {}, None, "linux", False),
        ({}, {}, None, "darwin", True),
        ({"ANTHROPIC_API_KEY": "k"}, {}, STORED, "linux", False),
        ({"CLAUDE_CODE_OAUTH_TOKEN": "t"}, {}, None, "darwin", False),
        ({}, {"ANTHROPIC_AUTH_TOKEN": "{{ env.TOKEN }}"}, STORED, "linux", False),
        ({"CLAUDE_CODE_USE_BEDROCK": "1"}, {}, STORED, "linux", False),
    ],
)
def test_login(
    tmp_path: Path, known: dict[str, str], env: dict[str, str], stored: Any, platform: str, rotates: bool
) -> None:
    """Only what `claude /login` stored is renewed."""
    (tmp_path / ".claude").mkdir()
    if stored is not None:
        (tmp_path / ".claude" / ".credentials.json").write_text(json.dumps(stored))
    task = task_of("work", agent="claude", env=env)
    assert login_rotates(task, {"HOME": str(tmp_path), **known}, platform) is rotates


def test_folder(tmp_path: Path) -> None:
    """The task's own comes before that of the environment, and links are followed; a template stands for itself."""
    home = {"HOME": str(tmp_path)}
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "other")
    plain = task_of("work", agent="claude")
    assert folder(plain, home) == f"{tmp_path}/.claude"
    assert folder(plain, {**home, "CLAUDE_CONFIG_DIR": f"{tmp_path}/link"}) == f"{tmp_path}/other"
    own = task_of("work", agent="claude", env={"CLAUDE_CONFIG_DIR": f"{tmp_path}/link"})
    assert folder(own, {**home, "CLAUDE_CONFIG_DIR": "/elsewhere"}) == f"{tmp_path}/other"
    written = task_of("work", agent="claude", env={"CLAUDE_CONFIG_DIR": "{{ env.PLACE }}"})
    assert folder(written, home) == "{{ env.PLACE }}"
