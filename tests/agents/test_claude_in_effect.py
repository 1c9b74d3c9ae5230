"""With what a run of claude worked: a mode or tool that was not asked for ends it, and what was in effect is kept."""

from __future__ import annotations

import json

import pytest

from clodputer.agents import claude
from clodputer.model.task import Claude
from tests.agents.streams import (
    TASK,
    ended,
    init,
    judged,
    result,
    said,
)


@pytest.mark.parametrize(
    ("asked", "in_effect", "reason"),
    [
        ("", "default", ""),
        ("default", "manual", ""),
        ("manual", "default", ""),
        ("dontAsk", "dontAsk", ""),
        ("acceptEdits", "acceptEdits", ""),
        ("", "bypassPermissions", "permissions"),
        ("default", "acceptEdits", "permissions"),
        ("manual", "auto", "permissions"),
        ("plan", "default", "permissions"),
        ("acceptEdits", "bypassPermissions", "permissions"),
    ],
)
def test_another_permission_mode_than_was_asked_for(asked: str, in_effect: str, reason: str) -> None:
    """It is stopped with its first event, before it can do anything."""
    task = TASK._replace(claude=Claude(permission_mode=asked))
    progress = claude.observe(claude.begin(task), json.dumps(init(permissionMode=in_effect)).encode())
    assert progress.hopeless == reason
    if reason:
        report = judged(init(permissionMode=in_effect), end=ended(stopped=reason), task=task)
        assert (report.outcome.outcome, report.outcome.reason) == ("failed", "permissions")
        assert f"permission_mode is {in_effect}" in report.outcome.message
        assert report.in_effect["permission_mode"] == in_effect


def test_a_tool_that_should_not_be_there() -> None:
    """A rule about some calls of a tool leaves the tool in place."""
    task = TASK._replace(claude=Claude(disallowed_tools=("Bash", "Read(./secrets/**)", "WebFetch")))
    whole = claude.observe(claude.begin(task), json.dumps(init(tools=["Read", "Bash"])).encode())
    assert whole.hopeless == "permissions"
    fine = claude.observe(claude.begin(task), json.dumps(init(tools=["Read", "Edit"])).encode())
    assert fine.hopeless == ""


def test_what_was_in_effect_is_kept() -> None:
    """Bounded, and whatever the event holds."""
    event = init(
        permissionMode="default", tools=["Read", 3], plugins=[{"name": "p"}, "q"], apiKeySource="none"
    )
    assert judged(event, said("x"), result()).in_effect == {
        "permission_mode": "default",
        "model": event.get("model", ""),
        "login": "none",
        "tools": ["Read", ""],
        "plugins": ["p", "q"],
        "subscription": False,
    }
    told = {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed", "resetsAt": 1795233482}}
    assert judged(event, told, said("x"), result()).in_effect["subscription"] is True
    odd = judged(
        init(permissionMode=["x"], tools="y", plugins=7, apiKeySource={}), said("x"), result()
    ).in_effect
    assert (odd["permission_mode"], odd["tools"], odd["plugins"], odd["login"]) == ("", [], [], "")
