"""What got weaker since a trial: a table, and what is read back is what was written."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.model.rights.effective import Effective, from_json, of_record, weaker, words

BEFORE = Effective(
    "2.1.329",
    "acceptEdits",
    "opus",
    "ANTHROPIC_API_KEY",
    ("Bash", "Edit", "mcp__git__log"),
    {"git": "connected", "slow": "failed"},
    ("the working directory",),
    ("https://api.anthropic.com",),
)


@pytest.mark.parametrize(
    ("changes", "differences"),
    [
        ({"version": "2.1.332", "model": "other"}, []),
        ({"tools": ("Bash", "Edit", "mcp__git__log", "New"), "servers": {"git": "connected"}}, []),
        ({"tools": ("Edit",)}, ["it has no tool Bash", "it has no tool mcp__git__log"]),
        ({"mode": "manual"}, ["permission_mode is manual, and was acceptEdits"]),
        ({"login": "none"}, ["the login comes from none, and came from ANTHROPIC_API_KEY"]),
        ({"servers": {"git": "pending"}}, ["the MCP server git is pending"]),
        ({"servers": {}}, ["the MCP server git is not configured"]),
        ({"writable": ()}, ["it cannot write to the working directory"]),
        (
            {"writable": ("the working directory", "/home/me/.ssh")},
            ["it can write to /home/me/.ssh, and could not"],
        ),
        ({"hosts": ()}, ["it cannot reach https://api.anthropic.com"]),
        (
            {"hosts": ("https://api.anthropic.com", "https://example.com")},
            ["it can reach https://example.com, and could not"],
        ),
        ({"writable": None, "hosts": None}, []),
    ],
)
def test_what_got_weaker(changes: dict[str, Any], differences: list[str]) -> None:
    """What came is nothing to wait for, unless it lies outside of what the agent was kept in."""
    assert weaker(BEFORE, BEFORE._replace(**changes)) == differences


def test_the_default_mode_has_two_names() -> None:
    """2.1.329 says `manual`, and 2.1.197 `default`."""
    assert weaker(BEFORE._replace(mode="manual"), BEFORE._replace(mode="default")) == []


def test_what_is_written_is_read_back() -> None:
    """And nothing else is taken for it."""
    assert from_json(BEFORE.to_json()) == BEFORE
    for broken in (
        None,
        {},
        {**BEFORE.to_json(), "servers": 5},
        {**BEFORE.to_json(), "tools": None, "hosts": 7},
    ):
        if broken is not None and "tools" in broken and broken.get("servers") != 5:
            assert from_json(broken).tools == ()
            continue
        with pytest.raises(ValueError, match="result of a trial"):
            from_json(broken)


def test_what_a_record_says() -> None:
    """Of a run whose claude said nothing, nothing is known."""
    said = {"permission_mode": "plan", "model": "m", "login": "none", "tools": ["Bash"], "plugins": []}
    record = {
        "agent_version": "2.1.1",
        "in_effect": said,
        "mcp_servers": [{"name": "git", "status": "failed"}, 5],
    }
    found = of_record(record, {"writable": ["/tmp"], "hosts": []})
    assert found == Effective("2.1.1", "plan", "m", "none", ("Bash",), {"git": "failed"}, ("/tmp",), ())
    assert of_record({**record, "agent_version": None}, None) is None
    assert of_record({**record, "in_effect": None}, None) is None


def test_many_differences_are_counted() -> None:
    text = words([f"it has no tool T{number}" for number in range(40)])
    assert text.endswith("it has no tool T9; and 30 more")
