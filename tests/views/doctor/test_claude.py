"""What the doctor says of claude and its login: it asks a fake one, in a home of its own, and nothing that costs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.agents import claude as agent
from clodputer.model.text.moment import compact, iso
from clodputer.store.home import Home
from clodputer.views.doctor.agents import claude
from tests.doctoring import facts, first_on_path, make_older, one
from tests.fakes.start import install_fake_claude
from tests.workshop import command_task, make_home, program, write_secrets, write_task


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    write_task(home, "hello", "prompt: say hello\n")
    return home


def test_claude_is_found_and_tells_its_version(home: Home, tmp_path: Path) -> None:
    install_fake_claude(tmp_path / "bin")
    found = one(claude.claude(facts(home, first_on_path(tmp_path / "bin"))), "ok")
    assert f"{tmp_path}/bin/claude" in found.message


def test_claude_writes_nothing_into_our_home_for_that(home: Home, tmp_path: Path) -> None:
    """The real one writes into HOME even when it only tells its version."""
    program(
        tmp_path / "bin", "claude", 'touch "$HOME/trace"; pwd > "$TMPDIR/x"; echo "2.1.329 (Claude Code)"'
    )
    one(claude.claude(facts(home, first_on_path(tmp_path / "bin"))), "ok")
    assert not os.path.exists(f"{os.environ['HOME']}/trace")


def test_a_claude_that_is_found_by_way_of_home(home: Home, tmp_path: Path) -> None:
    """Tools that keep several versions side by side start a stand-in, which looks into HOME."""
    Path(os.environ["HOME"], ".versions").touch()
    program(tmp_path / "bin", "claude", '[ -e "$HOME/.versions" ] || exit 126; echo 2.1.329')
    one(claude.claude(facts(home, first_on_path(tmp_path / "bin"))), "ok")


@pytest.mark.parametrize(
    ("script", "level", "words"),
    [
        ("echo '1.0.128 (Claude Code)'", "note", "claude 1.0.128"),
        ("echo '2.1.197 (Claude Code)'", "ok", "2.1.197"),
        ("echo 'Killed: 9' >&2; exit 137", "problem", "exit status 137, Killed: 9"),
        ("echo hello", "problem", "does not report its version"),
        ("exec sleep 60", "problem", "does not answer within"),
    ],
)
def test_versions(home: Home, tmp_path: Path, script: str, level: str, words: str) -> None:
    program(tmp_path / "bin", "claude", script)
    seconds = 0.3 if "sleep" in script else 10.0
    found = claude.claude(facts(home, first_on_path(tmp_path / "bin"), seconds=seconds))
    assert words in one(found, level).message


def test_a_claude_that_cannot_be_started(home: Home, tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "claude", "")
    path.write_text("#!/no/such/interpreter\n")
    found = one(claude.claude(facts(home, first_on_path(tmp_path / "bin"))), "problem")
    assert "cannot be started" in found.message


def test_a_missing_claude(home: Home, tmp_path: Path) -> None:
    """It is a problem only for those who have a task for it."""
    if any(os.access(f"{place}/claude", os.X_OK) for place in agent.USUAL_PLACES if place.startswith("/")):
        pytest.skip("this machine has a claude where it is always looked for")
    nowhere = {"PATH": str(tmp_path)}
    assert "there is no claude" in one(claude.claude(facts(home, nowhere)), "problem").message
    os.unlink(f"{home.tasks}/hello.yaml")
    command_task(home, "other", "true")
    one(claude.claude(facts(home, nowhere)), "note")


def test_a_named_claude_that_is_none(home: Home, tmp_path: Path) -> None:
    Path(home.config).write_text(f"claude: {tmp_path}/nothing\n")
    assert "config.yaml" in one(claude.claude(facts(home)), "problem").message


def test_no_login_is_asked_for_without_a_task_for_claude(home: Home) -> None:
    os.unlink(f"{home.tasks}/hello.yaml")
    assert claude.login(facts(home)) == []


def test_an_api_key(home: Home, tmp_path: Path) -> None:
    """The fake answers `auth status` as the real one does."""
    write_secrets(home, "ANTHROPIC_API_KEY=sk-made-up\n")
    install_fake_claude(tmp_path / "bin")
    found = one(claude.login(facts(home, first_on_path(tmp_path / "bin"))), "ok")
    assert "only a run tells" in found.message
    assert "sk-made-up" not in str(found)
    program(tmp_path / "deaf", "claude", """echo '{"loggedIn": false, "authMethod": "none"}'; exit 1""")
    found = one(claude.login(facts(home, first_on_path(tmp_path / "deaf"))), "problem")
    assert "does not accept it" in found.message


def test_claude_is_not_asked_about_any_other_login(home: Home, tmp_path: Path) -> None:
    """With a subscription the question may renew the login and lose it; on macOS it may ask for a password."""
    program(tmp_path / "bin", "claude", f'echo "$@" >> {tmp_path}/asked; echo 2.1.329')
    path = first_on_path(tmp_path / "bin")
    claude.login(facts(home, path))
    claude.login(facts(home, {**path, "ANTHROPIC_API_KEY": "sk-made-up"}))
    claude.login(facts(home, path, platform="darwin"))
    write_secrets(home, "CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-made-up\n")
    claude.login(facts(home, path))
    assert not (tmp_path / "asked").exists()


def test_a_token(home: Home) -> None:
    write_secrets(home, "CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-made-up\n")
    one(claude.login(facts(home)), "ok")
    make_older(home.secrets, 355 * 86400)
    assert "at least 355 days old" in one(claude.login(facts(home)), "note").message


@pytest.mark.parametrize("text", ["ANTHROPIC_AUTH_TOKEN=made-up", "CLAUDE_CODE_USE_BEDROCK=1"])
def test_other_logins_in_secrets(home: Home, text: str) -> None:
    write_secrets(home, f"{text}\n")
    assert "in secrets.env" in one(claude.login(facts(home)), "ok").message


def test_a_login_that_only_this_shell_has(home: Home) -> None:
    found = one(claude.login(facts(home, {"ANTHROPIC_API_KEY": "sk-made-up"})), "note")
    assert "schedulers do not have it" in found.message


def write_login(folder: Path, **fields: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / ".credentials.json").write_text(
        json.dumps({"claudeAiOauth": {"accessToken": "made-up", **fields}})
    )


def test_claudes_own_login(home: Home, tmp_path: Path) -> None:
    """Only its age is read. An access token that ended is renewed by the next run, if there is something to renew it by."""
    assert "no login" in one(claude.login(facts(home)), "note").message
    assert "keychain" in one(claude.login(facts(home, platform="darwin")), "note").message
    at = {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}
    hour = 3600 * 1000
    now = time() * 1000
    write_login(tmp_path / "claude", expiresAt=now + hour)
    assert "made-up" not in str(one(claude.login(facts(home, at)), "ok"))
    write_login(tmp_path / "claude", expiresAt=now - hour, refreshToken="made-up")
    one(claude.login(facts(home, at)), "ok")
    write_login(tmp_path / "claude", expiresAt=now - 24 * 40 * hour, refreshToken="made-up")
    assert "40 days" in one(claude.login(facts(home, at)), "note").message
    write_login(tmp_path / "claude", expiresAt=now - hour)
    assert "ended 1h ago" in one(claude.login(facts(home, at)), "problem").message
    (tmp_path / "claude" / ".credentials.json").write_text("[not json")
    one(claude.login(facts(home, at)), "note")


def test_the_latest_run_was_refused(home: Home) -> None:
    """What a run has met weighs more than what a file says; until secrets.env was changed."""
    now = time()
    for name, reason, age in (("old", "completed", 7200), ("hello", "auth", 3600), ("tool", "auth", 60)):
        folder = Path(home.runs, name, f"{compact(now - age)}-id")
        folder.mkdir(parents=True)
        agent_kind = "command" if name == "tool" else "claude"
        told = {"run_id": folder.name, "agent": agent_kind, "reason": reason, "ended_at": iso(now - age)}
        (folder / "record.json").write_text(json.dumps(told))
    write_secrets(home, "ANTHROPIC_AUTH_TOKEN=made-up\n")
    make_older(home.secrets, 4000)
    found = one(claude.login(facts(home)), "problem")
    assert f"{compact(now - 3600)}-id" in found.message
    make_older(home.secrets, 1000)
    one(claude.login(facts(home)), "ok")
