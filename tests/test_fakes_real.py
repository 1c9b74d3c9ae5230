"""The real claude takes the stand-in for the API, and still says what was recorded of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import record_streams
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.wait import until

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = pytest.mark.system

MCP_SERVER = Path(__file__).with_name("fakes") / "mcp_server.py"


def outline(lines: list[str]) -> list[tuple[Any, ...]]:
    """What an interpreter can lean on: kinds of events, and the facts of errors and results."""
    facts = (
        "type",
        "subtype",
        "is_error",
        "terminal_reason",
        "api_error_status",
        "api_error",
        "error",
        "num_turns",
    )
    events = [json.loads(line) for line in lines]
    return [tuple(str(event.get(fact)) for fact in facts) for event in events]


WATCHED = """
reply_oauth two_tools_at_once tool_missing denied mcp_failed max_turns budget structured continued background_task
status_401 retried_529 limit refusal sigterm_in_tool
"""


@pytest.mark.parametrize("name", WATCHED.split())
def test_it_says_what_was_recorded(name: str, api: Api, claude_binary: str, tmp_path: Path) -> None:
    scene = record_streams.SCENES[name]
    status, stdout, _ = record_streams.run(claude_binary, scene, api, tmp_path)
    meta = json.loads((record_streams.STREAMS / f"{name}.meta.json").read_text())
    then = (record_streams.STREAMS / f"{name}.jsonl").read_text().splitlines()
    assert status == meta["exit_status"]
    # Two events that cross each other on the way have no order between them.
    assert sorted(outline(stdout.splitlines())) == sorted(outline(then))
    assert api.answers() == meta["answers"]


def run(claude: str, api: Api, tmp_path: Path, prompt: str, *args: str) -> list[dict[str, Any]]:
    status, stdout, stderr = record_streams.run(claude, record_streams.Scene(prompt, args), api, tmp_path)
    assert status == 0, stderr
    return [json.loads(line) for line in stdout.splitlines()]


def test_the_prompt_arrives_as_it_was_written(api: Api, claude_binary: str, tmp_path: Path) -> None:
    prompt = "Grüße, “quotes”, a @mention/of a file, user@example.org\n\n  @echo\n--flag and $HOME `x`\n"
    assert run(claude_binary, api, tmp_path, prompt)[-1]["result"].strip() == prompt.strip()
    assert [request.auth for request in api.requests] == ["api_key"]


def test_a_big_reply_arrives_whole(api: Api, claude_binary: str, tmp_path: Path) -> None:
    assert len(run(claude_binary, api, tmp_path, "@big 4000000")[-1]["result"]) == 4_000_000


def test_a_tool_does_something(api: Api, claude_binary: str, tmp_path: Path) -> None:
    given = json.dumps({"file_path": str(tmp_path / "here" / "made"), "content": "by the tool"})
    run(claude_binary, api, tmp_path, f"@tool Write {given}\n@say Made.", "--permission-mode", "acceptEdits")
    assert (tmp_path / "here" / "made").read_text() == "by the tool"


def test_children_of_an_mcp_server_stay_behind(api: Api, claude_binary: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    server = [str(MCP_SERVER), "--pids", str(pids), "--stubborn", "--child", "--setsid-child"]
    config = record_streams.servers(talk=server)
    run(claude_binary, api, tmp_path, "@say x", "--strict-mcp-config", "--mcp-config", config)
    started = {name: int(pid) for name, pid in (line.split() for line in pids.read_text().splitlines())}
    for name in ("child", "setsid-child"):
        os.kill(started[name], signal.SIGKILL)  # raises if it is gone
    until(lambda: not Path(f"/proc/{started['server']}").exists())


@pytest.mark.parametrize("step", ["@hang before-first-byte", "@stall mid-stream"])
def test_silence_is_broken_by_sigterm_only(step: str, api: Api, claude_binary: str, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt"
    prompt.write_text(step)
    with prompt.open() as stdin, (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [claude_binary, *record_streams.USUAL],
            env=claude_environment(api, tmp_path),
            stdin=stdin,
            stdout=out,
        )
    until(lambda: api.answers() == [step.split(maxsplit=1)[0][1:]])
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=100) == 143
    assert "result" not in [json.loads(line)["type"] for line in (tmp_path / "out").read_text().splitlines()]
