"""The real claude in a strict sandbox: it works, goes on with its session, and gets nowhere else."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from clodputer.isolate import scratch
from clodputer.model.isolate.sandbox import remedy
from tests import sandboxing
from tests.fakes.messages_api import Api
from tests.system.real_claude import Stage
from tests.workshop import drop, events, execute, records

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = pytest.mark.system


@pytest.fixture
def stage(tmp_path: Path, claude_binary: str, api: Api) -> Stage:
    sandboxing.need_bubblewrap()
    return Stage(tmp_path, claude_binary, api)


def test_claude_works_and_gets_nowhere_else(stage: Stage, tmp_path: Path, private_home: Path) -> None:
    """It writes by its tools and by the shell; forty ways out of its shell are closed; and it goes on with the session."""
    python, needed = sandboxing.python()
    (stage.work).rmdir()
    with sandboxing.surroundings(stage.home, tmp_path, private_home):
        written = json.dumps({"file_path": f"{stage.work}/by-tool", "content": "text"})
        rule = {"read": needed, "read_deny": ["./.env"]}
        told = (
            f"@bash {python} escapes.py facts.json >ways.json; env | grep -c SSH_AUTH_SOCK >agents\n"
            f"@tool Write {written}\n@say done"
        )
        record = stage.run(told, sandbox=rule, permission_mode="bypassPermissions", i_accept_the_risk=True)
    assert (record["outcome"], record["result"]) == ("succeeded", "done"), record["message"]
    assert record["sandbox"]["level"] == "strict"
    assert (stage.work / "by-tool").read_text() == "text"
    ways = json.loads((stage.work / "ways.json").read_text())["ways"]
    # The API is reached through the proxy, and so a name that stands for it.
    assert [name for name, out in ways.items() if out] == []
    assert len(ways) > 40
    again = stage.run("@say again", sandbox="strict", session="continue")
    assert (again["outcome"], again["session_id"]) == ("succeeded", record["session_id"])
    config = tmp_path / "scratch" / ".claude"
    assert sorted(os.listdir(config)) == ["projects"]
    assert [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("cp-")] == []


def test_its_own_sandbox_holds_or_it_does_not_start(stage: Stage, tmp_path: Path, api: Api) -> None:
    """`sandbox: claude` confines its shell: nothing is written outside, nothing reached. Without socat the request waits."""
    outside = tmp_path / "outside"
    outside.mkdir()
    port = int(api.url.rpartition(":")[2].strip("/"))
    reach = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
    attempts = (
        f"echo in >inside; echo out >{outside}/out; echo $? >wrote; "
        f'{sys.executable} -c "{reach}" 2>refused; echo $? >reached'
    )
    stage.task(sandbox="claude", permission_mode="acceptEdits")
    drop(stage.home, "story.md", f"---\ntask: story\n---\n@bash {attempts}\n@say done\n")
    # claude puts sockets into the temporary folder: one as long as it may be.
    with tempfile.TemporaryDirectory(prefix="s-", dir="/tmp") as base:
        own = len(scratch.plan(None, {"TMPDIR": base}, "20270115T080000.123Z-abcd1234")["path"]) - len(base)
        longest = f"{base}/{'x' * (remedy.LONGEST - own - len(base) - 1)}"
        os.mkdir(longest)
        execute(stage.home, extra={**stage.environment(), "TMPDIR": longest})
    if not shutil.which("socat"):
        (delayed,) = events(stage.home, "delayed")
        assert (delayed["reason"], "needs socat" in delayed["message"]) == ("sandbox", True)
        return
    (record,) = records(stage.home, "story")
    (flag,) = [word for word in record["argv"] if word.startswith("--settings=")]
    own = json.loads(flag.partition("=")[2])["sandbox"]
    assert (own["enabled"], own["failIfUnavailable"], own["allowUnsandboxedCommands"]) == (True, True, False)
    assert record["sandbox"]["level"] == "claude"
    assert (record["outcome"], record["result"]) == ("succeeded", "done"), record["message"]
    assert (stage.work / "inside").read_text() == "in\n"
    assert os.listdir(outside) == []
    assert (stage.work / "wrote").read_text() != "0\n"
    assert (stage.work / "reached").read_text() == "1\n", (stage.work / "refused").read_text()
    assert "Error" in (stage.work / "refused").read_text()
