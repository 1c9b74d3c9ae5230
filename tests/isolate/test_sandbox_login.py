"""The login of a sandbox: what of the person's goes in, and what of it comes back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from clodputer.isolate.sandbox import login

SESSION = "11111111-2222-3333-4444-555555555555"


def credentials(token: str, expires: int, **more: Any) -> str:
    return json.dumps(
        {"claudeAiOauth": {"accessToken": token, "refreshToken": "r", "expiresAt": expires, **more}}
    )


RENEWED = [
    (credentials("a", 1), credentials("b", 2), True),
    (credentials("a", 2), credentials("b", 1), False),
    (credentials("a", 1), credentials("", 2), False),
    (credentials("a", 1, subscriptionType="max"), credentials("b", 2, subscriptionType="pro"), False),
    (credentials("a", 1), '{"claudeAiOauth": {}}', False),
    (credentials("a", 1), '{"other": 1}', False),
    ("", credentials("b", 2), False),
    (credentials("a", 1), "[]", False),
    (credentials("a", 1), "no JSON", False),
]


@pytest.mark.parametrize(("there", "brought", "newer"), RENEWED)
def test_only_a_renewed_login_is_brought_back(there: str, brought: str, newer: bool) -> None:
    assert login.renewed(there.encode(), brought.encode()) is newer


def test_the_login_goes_in_and_the_transcript_comes_back(tmp_path: Path) -> None:
    """Of the person's config folder nothing else is in there; what the run makes of it stays in there."""
    config, box = tmp_path / "config", tmp_path / "run.box"
    (config / "projects" / "p").mkdir(parents=True)
    box.mkdir()
    (box / "config").mkdir()
    private = box / "config"
    (config / ".credentials.json").write_text(credentials("a", 1))
    (config / "settings.json").write_text('{"permissions": {"deny": ["Read"]}}')
    (config / "CLAUDE.md").write_text("private\n")
    (config / ".claude.json").write_text('{"userID": "u", "mcpServers": {"s": {"env": {"KEY": "k"}}}}')
    (config / "projects" / "p" / f"{SESSION}.jsonl").write_text("one\n")
    (config / "projects" / "p" / "other.jsonl").write_text("other\n")
    state = str(private / ".claude.json")
    login.lay_out(str(config), str(config / ".claude.json"), str(private), state, SESSION, settings=True)
    found = sorted(str(path.relative_to(private)) for path in private.rglob("*") if path.is_file())
    assert found == [".claude.json", ".credentials.json", f"projects/p/{SESSION}.jsonl", "settings.json"]
    assert json.loads(Path(state).read_text()) == {"userID": "u"}
    (private / ".credentials.json").write_text(credentials("b", 2))
    (private / "settings.json").write_text('{"hooks": {}}')
    (private / "projects" / "p" / f"{SESSION}.jsonl").write_text("one\ntwo\n")
    (private / "projects" / "q").mkdir()
    (private / "projects" / "q" / f"{SESSION}.jsonl").symlink_to("/etc/passwd")
    (private / "projects" / "out").symlink_to(tmp_path)
    for _ in range(2):
        login.bring_back(str(box), {"config": str(config), "private": str(private), "session": SESSION})
    assert "deny" in (config / "settings.json").read_text()
    assert json.loads((config / ".credentials.json").read_text())["claudeAiOauth"]["accessToken"] == "b"
    assert (config / "projects" / "p" / f"{SESSION}.jsonl").read_text() == "one\ntwo\n"
    assert sorted(os.listdir(config / "projects")) == ["p"]
