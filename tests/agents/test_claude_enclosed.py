"""What claude needs inside of a sandbox, and the settings by which its own is on or off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clodputer.agents.claude import enclosed
from clodputer.agents.claude.rights import rights
from clodputer.model import memory
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.run import Launch
from clodputer.model.task import Claude, Task

REACHES: list[tuple[dict[str, str], tuple[str, ...]]] = [
    ({"ANTHROPIC_API_KEY": "k"}, ("api.anthropic.com",)),
    ({}, ("api.anthropic.com", "platform.claude.com", "console.anthropic.com")),
    ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080"}, ("127.0.0.1:8080",)),
    ({"ANTHROPIC_BASE_URL": "https://gate.example/v1"}, ("gate.example:443",)),
    ({"ANTHROPIC_BASE_URL": "http://[::1]:81"}, ("[::1]:81",)),
    ({"ANTHROPIC_BASE_URL": "nonsense"}, ()),
    ({"ANTHROPIC_BASE_URL": "http://a.example:port"}, ()),
]


@pytest.mark.parametrize(("env", "reached"), REACHES)
def test_the_hosts_of_its_api(env: dict[str, str], reached: tuple[str, ...]) -> None:
    assert enclosed.reaches(Launch((), env, "/")) == reached


NEEDS: list[tuple[dict[str, str], Claude, tuple[str, str], bool]] = [
    ({}, Claude(), ("/h/.claude", "/h/.claude.json"), True),
    ({"CLAUDE_CONFIG_DIR": "/c"}, Claude(), ("/c", "/c/.claude.json"), True),
    ({}, Claude(settings_sources=("project",)), ("/h/.claude", "/h/.claude.json"), False),
]


@pytest.mark.parametrize(("env", "claude", "config", "settings"), NEEDS)
def test_its_config_folder(
    env: dict[str, str], claude: Claude, config: tuple[str, str], settings: bool
) -> None:
    found = enclosed.needs(Task("a", "a", claude=claude), Launch((), {"HOME": "/h", **env}, "/w"))
    assert (found.config, found.settings) == (config, settings)


def test_its_files_are_readable() -> None:
    """Those that are named, and no text that stands in their place."""
    claude = Claude(add_dirs=("/more", "sub"), mcp_config=("servers.json", '{"mcpServers": {}}'))
    found = enclosed.needs(Task("a", "a", claude=claude), Launch((), {"HOME": "/h"}, "/w"))
    assert found.readable == ("/more", "/w/sub", "/w/servers.json")


OWN: list[tuple[Sandbox, Any]] = [
    (Sandbox(), None),
    (Sandbox(mode="strict"), {"enabled": False}),
    (
        Sandbox(mode="claude"),
        {
            "enabled": True,
            "failIfUnavailable": True,
            "autoAllowBashIfSandboxed": True,
            "allowUnsandboxedCommands": False,
        },
    ),
]


@pytest.mark.parametrize(("rule", "own"), OWN)
def test_its_own_sandbox(rule: Sandbox, own: Any) -> None:
    found = [json.loads(value)["sandbox"] for _, value in enclosed.own_sandbox(Task("a", "a", sandbox=rule))]
    assert found == ([] if own is None else [own])


def test_a_run_without_a_sandbox_has_more_rights() -> None:
    """It is not given the memory that a run in one has written; the other way round it is."""
    strict = rights(Task("a", "a", sandbox=Sandbox(mode="strict")), ())
    bare = rights(Task("a", "a"), ())
    assert (memory.grown(strict, bare), memory.grown(bare, strict)) == (["no sandbox"], [])
