"""The real claude, from a dropped request to its record, against a stand-in of the API: what the record says is true."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents.claude.system_prompt import NOTHING_TO_DO
from clodputer.model.outcome import BY_DEFAULT, REASONS
from clodputer.store.home import Home
from tests.claude_package import version_of
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    drop,
    everything,
    execute,
    make_home,
    outcomes,
    records,
    write_secrets,
    write_task,
)

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

MCP_SERVER = Path(__file__).parent.parent / "fakes" / "mcp_server.py"


class Stage:
    """A home whose claude is the real one and whose API is the stand-in."""

    def __init__(self, folder: Path, binary: str, api: Api) -> None:
        self.home: Home = make_home(folder)
        self.folder, self.api, self.binary = folder, api, binary
        self.work = folder / "work"
        self.work.mkdir()
        Path(self.home.config).write_text(f"claude: {binary}\n")

    def task(self, **keys: Any) -> None:
        """The task `story`: its prompt is the request's text."""
        fields = {
            "prompt": "{{ body }}",
            "working_directory": str(self.work),
            "env": {"CLAUDE_CODE_MAX_RETRIES": "0"},
            **keys,
        }
        write_task(self.home, "story", json.dumps(fields))

    def environment(self, oauth: bool = False) -> dict[str, str]:
        """What exec is given: the stand-in's address, and a login."""
        return claude_environment(self.api, self.folder / "scratch", oauth=oauth)

    def run(self, text: str, *, oauth: bool = False, **keys: Any) -> dict[str, Any]:
        """Drop a request with that text, run exec, and return the record."""
        self.task(**keys)
        drop(self.home, "story.md", f"---\ntask: story\n---\n{text}\n")
        execute(self.home, extra=self.environment(oauth))
        return records(self.home, "story")[-1]


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


def test_background_children_are_swept(stage: Stage) -> None:
    """What a Bash call leaves behind (nohup, setsid, an emptied environment) is dead after a normal end, and named."""
    pids = stage.work / "pids"
    record = stage.run(
        f"@bash nohup tail -f /dev/null > /dev/null 2>&1 & echo $! >> {pids}; "
        f"setsid nohup tail -f /dev/null > /dev/null 2>&1 & echo $! >> {pids}; "
        f"env -i setsid tail -f /dev/null > /dev/null 2>&1 & echo $! >> {pids}; sleep 0.2\n@say left",
        allowed_tools=["Bash"],
    )
    assert record["outcome"] == "succeeded", record["message"]
    left = [int(word) for word in pids.read_text().split()]
    assert len(left) == 3
    assert not any(alive(pid) for pid in left)
    assert len(record["swept"]) >= 3
    assert all(not process["alive"] for process in record["swept"])


def test_stubborn_mcp_children_are_swept(stage: Stage) -> None:
    """A server deaf to SIGTERM, its child and its child in another session: all gone; the server was connected."""
    pids = stage.work / "pids"
    server = {
        "command": sys.executable,
        "args": [str(MCP_SERVER), "--pids", str(pids), "--stubborn", "--child", "--setsid-child"],
    }
    config = stage.work / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"deaf": server}}))
    record = stage.run("@say x", mcp_config=[str(config)], requires_mcp=["deaf"])
    assert record["outcome"] == "succeeded", record["message"]
    assert [server["status"] for server in record["mcp_servers"]] == ["connected"]
    left = [int(line.split()[-1]) for line in pids.read_text().splitlines()]
    assert len(left) == 3
    assert not any(alive(pid) for pid in left)


def test_a_missing_mcp_server_costs_nothing(stage: Stage) -> None:
    """A server that the task requires and that fails ends the run before the first request to the API."""
    config = stage.work / "mcp.json"
    config.write_text(json.dumps({"mcpServers": {"broken": {"command": "/nowhere/at/all"}}}))
    record = stage.run("@hang before-first-byte", mcp_config=[str(config)], requires_mcp=["broken"])
    assert record["reason"] == "mcp", record["message"]
    assert "broken (failed)" in record["message"]
    assert record["duration_seconds"] < 60


def test_a_continued_session(stage: Stage) -> None:
    """The second run goes on in the first one's session, and its cost is its own share, not the sum."""
    first = stage.run("@say one", session="continue")
    second = stage.run("@say two", session="continue")
    assert second["session_id"] == first["session_id"]
    assert f"--resume={first['session_id']}" in second["argv"]
    assert len(stage.api.requests[-1].body["messages"]) >= 3
    assert second["cost_usd"] == pytest.approx(first["cost_usd"])
    assert second["session_totals"]["cost_usd"] == pytest.approx(2 * first["cost_usd"])


def test_a_damaged_session_is_left_behind(stage: Stage) -> None:
    """One run fails and says what follows, the next begins anew and says so, the one after goes on with that session."""
    first = stage.run("@say one", session="continue")
    transcript = next(stage.folder.joinpath("scratch").rglob(f"{first['session_id']}.jsonl"))
    transcript.write_bytes(transcript.read_bytes()[:40])
    second = stage.run("@say two", session="continue")
    assert second["outcome"] == "failed"
    assert "the next run begins a new one" in second["message"]
    third = stage.run("@say three", session="continue")
    assert (third["outcome"], third["result"]) == ("succeeded", "three"), third["message"]
    assert f"{first['session_id']} could not be resumed" in third["message"]
    fourth = stage.run("@say four", session="continue")
    assert (fourth["outcome"], fourth["session_id"]) == ("succeeded", third["session_id"]), fourth["message"]
    assert fourth["message"] == ""


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


def test_text_from_outside_is_no_command(stage: Stage) -> None:
    """A request that begins with a slash reaches the model as text; without the guard claude would just say its costs."""
    stage.task()
    drop(stage.home, "a.md", "---\ntask: story\n---\n/cost\n@say read it\n")
    execute(stage.home, extra=stage.environment())
    record = records(stage.home, "story")[-1]
    assert (record["outcome"], record["result"]) == ("succeeded", "read it"), record["message"]


def test_secrets_stay_secret(stage: Stage) -> None:
    """A secret gets to the agent by prompt and environment, and to no file of ours, though the agent repeats it."""
    secret = "s3cret-value-of-mine"
    write_secrets(stage.home, f"DEPLOY_KEY={secret}\n")
    env = {"CLAUDE_CODE_MAX_RETRIES": "0", "DEPLOY_KEY": "{{ env.DEPLOY_KEY }}"}
    prompt = "@bash printenv DEPLOY_KEY > seen.txt\n@say it is {{ env.DEPLOY_KEY }}\n{{ body }}"
    record = stage.run("a text without steps", prompt=prompt, env=env, allowed_tools=["Bash"])
    assert record["outcome"] == "succeeded", record["message"]
    assert stage.work.joinpath("seen.txt").read_text().strip() == secret
    assert record["result"] == "it is ***"
    holding = [
        path
        for path in Path(stage.home.root).rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]
    assert holding == [Path(stage.home.secrets)]


def test_a_secret_in_argv_is_refused(stage: Stage) -> None:
    """What would put a secret into the list of processes is not started, and the message says what to do instead."""
    write_secrets(stage.home, "DEPLOY_KEY=s3cret-value-of-mine\n")
    record = stage.run("@say x", append_system_prompt="use {{ env.DEPLOY_KEY }}")
    assert record["reason"] == "not_started"
    assert "env: mapping" in record["message"]
    assert stage.api.requests == []


def test_sigterm_puts_the_request_back(stage: Stage) -> None:
    """exec, told to stop, stops claude and all it started, says `cancelled`, and the next exec runs the request."""
    from tests.workshop import start

    mark, pid_file = stage.work / "mark", stage.work / "pid"
    stage.task(allowed_tools=["Bash"])
    prompt = (
        f"@bash [ -e {mark} ] || {{ touch {mark}; echo $$ > {pid_file}; tail -f /dev/null; }}\n@say at last"
    )
    drop(stage.home, "story.md", f"---\ntask: story\n---\n{prompt}\n")
    process = start(stage.home, "exec", extra=stage.environment())
    until(lambda: pid_file.exists() and pid_file.read_text().strip(), timeout=60)
    began = time.monotonic()
    process.terminate()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert time.monotonic() - began < 30
    assert not alive(int(pid_file.read_text()))
    record = records(stage.home, "story")[-1]
    assert (record["outcome"], record["reason"]) == ("cancelled", "interrupted")
    assert list(everything(stage.home)) == ["default/queue/3"]
    execute(stage.home, extra=stage.environment())
    assert outcomes(stage.home, "story") == ["cancelled", "succeeded"]


def test_show_tells_it(stage: Stage) -> None:
    """`show --json` has the record, `show` the reason in words."""
    stage.run("@bash touch x.txt\n@say done")
    stdout, _ = clodputer(stage.home, "show", "story", "--json")
    assert json.loads(stdout)["data"]["record"]["reason"] == "denied"
    stdout, _ = clodputer(stage.home, "show", "story")
    assert "Bash(touch:*)" in stdout
