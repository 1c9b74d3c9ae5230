"""The real claude: what is left of a run, its session, its children, its secrets, and what a signal does to it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.messages_api import Api
from tests.system.real_claude import MCP_SERVER, Stage
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    drop,
    everything,
    execute,
    outcomes,
    records,
    write_secrets,
)

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system]


@pytest.fixture
def stage(tmp_path: Path, claude_binary: str, api: Api) -> Stage:
    """A stage of this test's own."""
    return Stage(tmp_path, claude_binary, api)


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


def test_a_continued_session(stage: Stage) -> None:
    """The second run goes on in the first one's session, and its cost is its own share, not the sum."""
    first = stage.run("@say one", session="continue")
    second = stage.run("@say two", session="continue")
    assert second["session_id"] == first["session_id"]
    assert f"--resume={first['session_id']}" in second["argv"]
    assert len(stage.api.requests[-1].body["messages"]) >= 3
    assert second["cost_usd"] == pytest.approx(first["cost_usd"])
    assert second["session_totals"]["cost_usd"] == pytest.approx(2 * first["cost_usd"])


def test_a_plan_is_carried_out_by_the_session_that_made_it(stage: Stage) -> None:
    """Planning it can write nothing, whatever the task allows; approved, the same conversation has the task's own rights."""
    made = stage.work / "made"
    write = f"@tool Write {json.dumps({'file_path': str(made), 'content': 'x'})}"
    rights: dict[str, Any] = {"permission_mode": "acceptEdits", "allowed_tools": ["Write"]}
    plan = stage.run(f"{write}\n@say First a, then b.", approve="plan", **rights)
    assert (plan["reason"], plan["result"]) == ("planned", "First a, then b."), plan["message"]
    assert not made.exists()
    clodputer(stage.home, "approve", plan["request_id"], extra=stage.environment())
    until(lambda: len(records(stage.home, "story")) == 2, message="what was approved never ran")
    done = records(stage.home, "story")[-1]
    assert done["session_id"] == plan["session_id"]
    assert f"--resume={plan['session_id']}" in done["argv"]
    assert "--permission-mode=acceptEdits" in done["argv"]
    assert done["outcome"] == "succeeded", done["message"]


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
    until(lambda: pid_file.exists() and pid_file.read_text().strip())
    began = time.monotonic()
    process.terminate()
    _, stderr = process.communicate(timeout=100)
    assert process.returncode == 0, stderr
    assert time.monotonic() - began < 100
    assert not alive(int(pid_file.read_text()))
    record = records(stage.home, "story")[-1]
    assert (record["outcome"], record["reason"]) == ("cancelled", "interrupted")
    assert list(everything(stage.home)) == ["default/queue/3"]
    execute(stage.home, extra=stage.environment())
    assert outcomes(stage.home, "story") == ["cancelled", "succeeded"]
