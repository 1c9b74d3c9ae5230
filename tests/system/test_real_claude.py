"""The real claude, from a dropped request to its record, against a stand-in of the API: what the record says is true."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents.system_prompt import NOTHING_TO_DO
from clodputer.model.outcome import BY_DEFAULT, REASONS
from tests.claude_package import version_of
from tests.fakes.messages_api import Api
from tests.system.real_claude import MCP_SERVER, Stage
from tests.workshop import (
    clodputer,
    everything,
    execute,
    records,
)

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system]


@pytest.fixture
def stage(tmp_path: Path, claude_binary: str, api: Api) -> Stage:
    """A stage of this test's own."""
    return Stage(tmp_path, claude_binary, api)


def test_a_reply(stage: Stage) -> None:
    """One turn: the result, the session, the model, the cost and the tokens are in the record, the prompt is on disk."""
    record = stage.run("@say all is well")
    assert (record["outcome"], record["reason"]) == ("succeeded", "completed")
    assert record["result"] == "all is well"
    assert record["num_turns"] == 1
    assert record["cost_usd"] > 0
    assert record["usage"]["input_tokens"] == 100
    assert record["agent_version"] == version_of(stage.binary)
    assert record["argv"][0].startswith("/")
    assert "@say" not in " ".join(record["argv"])
    folder = Path(stage.home.runs, "story", record["run_id"])
    assert folder.joinpath("prompt.txt").read_text() == "@say all is well\n"
    assert json.loads(folder.joinpath("process.json").read_text())["session_id"] == record["session_id"]
    assert everything(stage.home) == {}


def test_tools_do_work(stage: Stage) -> None:
    """A tool that the task allows is used, and what it did can be expected."""
    keys: dict[str, Any] = {
        "allowed_tools": ["Bash(touch:*)"],
        "expect": {"file_exists": "done.txt", "result_matches": "fin"},
    }
    record = stage.run("@bash touch done.txt\n@say fin", **keys)
    assert record["outcome"] == "succeeded", record["message"]
    assert record["num_turns"] == 2
    assert [check["ok"] for check in record["expect"]] == [True, True]
    assert record["changes"] == 1


@pytest.mark.parametrize(
    ("prompt", "keys", "reason"),
    [
        ("@bash touch x.txt\n@say done", {}, "denied"),
        ("@bash touch x.txt\n@say done", {"on_denied": "ignore"}, "completed"),
        ("@bash echo 1\n@bash echo 2\n@bash echo 3\n@say done", {"max_turns": 2}, "max_turns"),
        ("@usage input=1000000 output=1000000\n@bash echo 1\n@say done", {"max_cost_usd": 0.01}, "max_cost"),
        ("@status 401", {}, "auth"),
        ("@status 429", {}, "overloaded"),
        ("@status 500", {}, "server_error"),
        ("@status 529", {}, "overloaded"),
        ("@status 404", {}, "model"),
        ("@reset", {}, "offline"),
        ("@refuse", {}, "refused"),
        ("@empty", {}, "empty"),
        ("@say no", {"expect": {"result_matches": "^yes$"}}, "expect_unmet"),
        ("@say x", {"expect": {"command_succeeds": ["test", "-e", "nowhere"]}}, "expect_unmet"),
        ("@say x", {"requires_mcp": ["absent"]}, "mcp"),
        ('@structured {"n": 3}\n@say x', {"json_schema": {"type": "object", "required": ["n"]}}, "completed"),
        ("@say x", {"working_directory": "/nowhere/at/all"}, "not_started"),
        ("@hang before-first-byte", {"stall_timeout": "2s"}, "stall"),
        ("@stall mid-stream", {"stall_timeout": "2s"}, "stall"),
        ("@hang before-first-byte", {"timeout": "3s"}, "timeout"),
        ("@big 4000000", {"max_output": "1MB"}, "output_too_large"),
    ],
)
def test_every_end_has_its_reason(stage: Stage, prompt: str, keys: dict[str, Any], reason: str) -> None:
    """Whatever happens, the record names it, and the request is finished, or waits to be run again; it is not lost."""
    record = stage.run(prompt, **keys)
    assert record["reason"] == reason, record["message"]
    assert (record["outcome"] == "succeeded") == (reason == "completed")
    waits = reason == "auth" or REASONS[reason].retry == BY_DEFAULT
    assert list(everything(stage.home)) == (["default/delayed"] if waits else [])
    assert Path(stage.home.runs, "story", record["run_id"], "dropped.md").exists() != waits


def test_an_agent_that_finds_nothing_to_do(stage: Stage) -> None:
    """The model is told how to say so, after the task's own text; said so, the run is skipped, and its cost counted."""
    answer = json.dumps('All is well.\n\n{"nothing_to_do": "No new issues."}')
    record = stage.run(f"@say {answer}", append_system_prompt="Be kind.")
    assert (record["outcome"], record["reason"]) == ("skipped", "nothing_to_do"), record["message"]
    assert record["message"] == "It says: No new issues."
    assert record["cost_usd"] > 0
    system = json.dumps(stage.api.requests[-1].body["system"])
    assert json.dumps(f"Be kind.\n\n{NOTHING_TO_DO}")[1:-1] in system
    assert everything(stage.home) == {}


def test_a_success_that_did_nothing(stage: Stage) -> None:
    """What was only looked at, or denied, changed nothing; where a program proves the work, nothing is asked that is done."""
    keys: dict[str, Any] = {"allowed_tools": ["Edit", "Bash(ls:*)"], "on_denied": "ignore"}
    record = stage.run("@bash ls\n@bash touch x\n@say All fixed!", **keys)
    assert (record["outcome"], record["changes"]) == ("succeeded", 0), record["message"]
    assert record["suspect"]
    asked = len(stage.api.requests)
    record = stage.run("@say x", verify=["true"])
    assert (record["reason"], record["cost_usd"], len(stage.api.requests)) == ("satisfied", 0.0, asked)


def test_a_big_reply_is_kept(stage: Stage) -> None:
    """Four megabytes in one line are read whole; the record holds their beginning and says so."""
    record = stage.run("@big 4000000")
    assert record["outcome"] == "succeeded", record["message"]
    assert record["result_cut"] is True
    assert Path(stage.home.runs, "story", record["run_id"], "stdout").stat().st_size > 8_000_000


def test_a_usage_limit_holds_the_account(stage: Stage) -> None:
    """The account waits for the reset that the API named; then the request goes on with its session, as the same attempt."""
    record = stage.run("@limit resets_in=7200 ever=1\n@say later", oauth=True)
    assert (record["outcome"], record["reason"]) == ("limited", "usage_limit"), record["message"]
    assert list(everything(stage.home)) == ["default/delayed"]
    hold = Path(stage.home.holds, "account.claude.json")
    assert json.loads(hold.read_text())["reason"] == "usage_limit"
    assert execute(stage.home, extra=stage.environment(oauth=True))["runs"] == []
    clodputer(stage.home, "resume", "--account", "claude")
    execute(stage.home, extra=stage.environment(oauth=True))
    second = records(stage.home, "story")[-1]
    assert (second["outcome"], second["attempt"]) == ("succeeded", 1), second["message"]
    assert second["request_id"] == record["request_id"]
    assert second["session_id"] == record["session_id"]
    assert everything(stage.home) == {}


def test_a_missing_mcp_server_costs_nothing(stage: Stage) -> None:
    """A server that the task requires and that fails ends the run before the first request to the API."""
    config = stage.work / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"broken": {"command": "/nowhere/at/all"}}}))
    record = stage.run("@hang before-first-byte", mcp_config=[str(config)], requires_mcp=["broken"])
    assert record["reason"] == "mcp", record["message"]
    assert "broken (failed)" in record["message"]
    assert record["duration_seconds"] < 60


def settings_of_the_person(stage: Stage, name: str, content: dict[str, Any]) -> None:
    folder = stage.folder / "scratch" / ".claude"
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath(name).write_text(json.dumps(content))


def test_a_slow_mcp_server_is_waited_for(stage: Stage) -> None:
    """One in the person's own settings that takes four seconds to start is there when the run begins."""
    slow = stage.work / "slow.sh"
    slow.write_text(f"#!/bin/sh\nsleep 4\nexec {sys.executable} {MCP_SERVER}\n")
    slow.chmod(0o755)
    settings_of_the_person(stage, ".claude.json", {"mcpServers": {"slow": {"command": str(slow)}}})
    record = stage.run(
        '@mcp slow echo {"text": "hi"}\n@say ok', requires_mcp=["slow"], allowed_tools=["mcp__slow"]
    )
    assert record["outcome"] == "succeeded", record["message"]
    assert [server["status"] for server in record["mcp_servers"]] == ["connected"]


def test_rules_and_hooks_of_the_person_are_named(stage: Stage) -> None:
    """A denial by an `ask` rule gives no advice to allow what is allowed; a hook that stops the run is named."""
    settings_of_the_person(stage, "settings.json", {"permissions": {"ask": ["Bash(touch:*)"]}})
    record = stage.run("@bash touch x\n@say done", allowed_tools=["Bash(touch:*)"])
    assert record["reason"] == "denied"
    assert "asks a person about it, although allowed_tools has it" in record["message"]
    hook = {"type": "command", "command": """echo '{"continue": false}'"""}
    settings_of_the_person(stage, "settings.json", {"hooks": {"PreToolUse": [{"hooks": [hook]}]}})
    record = stage.run("@bash touch x\n@say done", allowed_tools=["Bash(touch:*)"])
    assert (record["reason"], record["result"]) == ("hook", None), record["message"]
    record = stage.run("@bash touch x\n@say done", allowed_tools=["Bash(touch:*)"], settings_sources=[])
    assert record["outcome"] == "succeeded", record["message"]


def test_show_tells_it(stage: Stage) -> None:
    """`show --json` has the record, `show` the reason in words."""
    stage.run("@bash touch x.txt\n@say done")
    stdout, _ = clodputer(stage.home, "show", "story", "--json")
    assert json.loads(stdout)["data"]["record"]["reason"] == "denied"
    stdout, _ = clodputer(stage.home, "show", "story")
    assert "Bash(touch:*)" in stdout
