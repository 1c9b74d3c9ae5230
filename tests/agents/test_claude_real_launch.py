"""The real claude understands the arguments, and settings of the person do not change the mode."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from clodputer.agents import claude
from clodputer.model.run import Facts
from tests.workshop import task_of


@pytest.mark.system
def test_the_real_one_understands_it_all(claude_binary: str, tmp_path: Path) -> None:
    (tmp_path / "-one.json").write_text('{"mcpServers": {"one": {"command": "/bin/false"}}}')
    task = task_of(
        "nightly",
        working_directory=str(tmp_path),
        model="--odd",
        fallback_model=("haiku", "sonnet"),
        allowed_tools=("Read", "Bash(touch:*)"),
        disallowed_tools=("WebFetch", "WebSearch"),
        permission_mode="dontAsk",
        max_turns=3,
        max_cost_usd=0.5,
        append_system_prompt="-p --help",
        settings_sources=(),
        add_dirs=("/usr", "/opt"),
        mcp_config=("-one.json", '{"mcpServers": {"two": {"command": "/bin/false"}}}'),
        json_schema={"type": "object", "properties": {"a": {"type": "string"}}},
        env={"CLAUDE_CODE_MAX_RETRIES": "0"},
    )
    # Nobody listens on port 9 of the loopback: all is parsed, the first event comes, and the API cannot be reached.
    environ = {
        "HOME": str(tmp_path),
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    }
    facts = Facts("run-1", environ, {}, str(tmp_path), claude=claude_binary)
    started = claude.launch(task, facts)
    (tmp_path / "prompt").write_text("hello")
    with (tmp_path / "prompt").open("rb") as prompt:
        ended = subprocess.run(
            started.argv, env=dict(started.env), cwd=tmp_path, stdin=prompt, capture_output=True, timeout=60
        )
    assert ended.stdout, ended.stderr
    first = json.loads(ended.stdout.splitlines()[0])
    assert first["subtype"] == "init"
    assert first["session_id"] == started.session_id
    assert first["model"] == "--odd"
    assert first["permissionMode"] == "dontAsk"
    assert {server["name"] for server in first["mcp_servers"]} == {"one", "two"}
    assert not {"WebFetch", "WebSearch", "CronCreate"} & set(first["tools"])
    assert "StructuredOutput" in first["tools"]
    assert ended.returncode == 1


@pytest.mark.system
@pytest.mark.parametrize("own", ["bypassPermissions", "acceptEdits", "plan"])
@pytest.mark.parametrize("mode", ["", "default", "manual", "dontAsk"])
def test_settings_of_the_person_do_not_change_the_mode(
    claude_binary: str, tmp_path: Path, own: str, mode: str
) -> None:
    """A task that asks to be careful is, whatever the person's own and the project's settings allow."""
    for folder in (tmp_path / ".claude", tmp_path / "here" / ".claude"):
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"permissions": {"defaultMode": own}}))
    environ = {
        "HOME": str(tmp_path),
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    }
    task = task_of(
        "careful",
        working_directory=str(tmp_path / "here"),
        permission_mode=mode,
        env={"CLAUDE_CODE_MAX_RETRIES": "0"},
    )
    started = claude.launch(task, Facts("run-1", environ, {}, str(tmp_path), claude=claude_binary))
    ended = subprocess.run(
        started.argv,
        env=dict(started.env),
        cwd=started.working_directory,
        input=b"hello",
        capture_output=True,
        timeout=200,
    )
    progress = claude.observe(claude.begin(task), ended.stdout.splitlines()[0])
    assert progress.hopeless == ""
    assert progress.notes.in_effect["permission_mode"] in {"default", "manual"} - {mode or "x"} | {
        mode or "default"
    }
