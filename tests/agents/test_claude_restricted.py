"""What a run of claude may not do when its prompt is fed by text from outside, and how its task opens each of it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clodputer.agents.claude.restricted import restrictions
from clodputer.agents.system_prompt import NOTHING_TO_DO
from clodputer.model.text.fence import SENTENCE
from tests.agents.launching import flags, launch
from tests.workshop import task_of

SESSION = {"SSH_AUTH_SOCK": "/tmp/agent", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x", "LANG": "C"}
CLOSED = [
    "--disallowedTools=WebFetch",
    "--disallowedTools=WebSearch",
    "--permission-mode=default",
    "--strict-mcp-config",
    "--setting-sources=user",
]


def test_what_a_task_leaves_open_is_closed(binary: Path) -> None:
    started = launch(binary, environ=SESSION, fed_by=("precheck",))
    assert flags(started) == CLOSED
    assert "SSH_AUTH_SOCK" not in started.env
    assert "DBUS_SESSION_BUS_ADDRESS" not in started.env
    assert started.withheld == {name: SESSION[name] for name in ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS")}
    assert started.fed_by == ("precheck",)


def test_another_task_is_left_alone(binary: Path) -> None:
    started = launch(binary, environ=SESSION)
    assert flags(started) == ["--permission-mode=default"]
    assert started.env["SSH_AUTH_SOCK"] == "/tmp/agent"
    assert started.withheld == {}


@pytest.mark.parametrize(
    ("fields", "gone", "added"),
    [
        (
            {"settings_sources": ("user", "project")},
            ["--setting-sources=user"],
            ["--setting-sources=user,project"],
        ),
        ({"settings_sources": ()}, ["--setting-sources=user"], ["--setting-sources="]),
        (
            {"allowed_tools": ("Read, WebFetch(domain:example.com)",)},
            ["--disallowedTools=WebFetch"],
            ["--allowedTools=Read, WebFetch(domain:example.com)"],
        ),
        ({"allowed_tools": ("WebSearch",)}, ["--disallowedTools=WebSearch"], ["--allowedTools=WebSearch"]),
        ({"allowed_tools": ("mcp__db__read",)}, ["--strict-mcp-config"], ["--allowedTools=mcp__db__read"]),
        ({"requires_mcp": ("db",)}, ["--strict-mcp-config"], []),
        ({"mcp_config": ("a.json",)}, [], ["--mcp-config=a.json"]),
        ({"disallowed_tools": ("WebFetch", "WebSearch")}, [], []),
        (
            {"permission_mode": "acceptEdits"},
            ["--permission-mode=default"],
            ["--permission-mode=acceptEdits"],
        ),
    ],
)
def test_a_task_opens_what_it_names(binary: Path, fields: Any, gone: list[str], added: list[str]) -> None:
    found = flags(launch(binary, fed_by=("event",), **fields))
    assert sorted(found) == sorted([*(flag for flag in CLOSED if flag not in gone), *added])


def test_a_task_gets_the_keys_that_it_names(binary: Path) -> None:
    started = launch(binary, environ=SESSION, fed_by=("event",), env={"SSH_AUTH_SOCK": "/tmp/agent"})
    assert started.env["SSH_AUTH_SOCK"] == "/tmp/agent"


def test_the_words_say_what_is_closed_and_how_it_is_opened() -> None:
    told = restrictions(task_of("a"))
    for word in ("settings_sources", "WebFetch", "WebSearch", "MCP", "SSH_AUTH_SOCK"):
        assert word in told
    open_task = task_of("a", settings_sources=("user",), allowed_tools=("WebFetch", "WebSearch", "mcp__a__b"))
    told = restrictions(open_task)
    for word in ("settings_sources", "WebFetch", "WebSearch", "MCP"):
        assert word not in told


def test_the_system_prompt_explains_a_fence(binary: Path) -> None:
    """After the task's own text; also for a task with a schema. Without a fence it says nothing of one."""
    started = launch(binary, fenced=True, append_system_prompt="Be kind.")
    assert f"--append-system-prompt=Be kind.\n\n{SENTENCE}\n\n{NOTHING_TO_DO}" in started.argv
    started = launch(binary, fenced=True, json_schema={"type": "object"})
    assert f"--append-system-prompt={SENTENCE}" in started.argv
    assert not any(SENTENCE in argument for argument in launch(binary).argv)
