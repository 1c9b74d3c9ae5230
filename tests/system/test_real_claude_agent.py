"""The real claude as an agent that looks after Clodputer: five jobs with the skill alone, and the same ones by MCP.

What it does is scripted, as its model is the stand-in; that it can do it, and what comes of it, is real.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.tasks import taskfile
from tests.cli.promises import wrong
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.wait import PATIENCE
from tests.workshop import (
    clodputer,
    command_task,
    environment,
    everything,
    execute,
    program,
    records,
)

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


class Agent:
    """A session of the real claude, in a folder of its own, with `clodputer` on its PATH."""

    def __init__(self, home: Home, folder: Path, binary: str, api: Api) -> None:
        self.home, self.folder, self.binary, self.api = home, folder, binary, api
        self.starter = program(folder / "bin", "clodputer", f'exec {sys.executable} -m clodputer "$@"')
        environ = {**environment(home), **claude_environment(api, folder / "scratch")}
        self.environ = {**environ, "PATH": f"{self.starter.parent}:{environ['PATH']}"}

    def does(self, steps: list[tuple[str, Any]], *arguments: str) -> list[str]:
        """What each of these calls of tools has answered, as the model is told it."""
        story = [f"@tool {name} {json.dumps(given)}" for name, given in steps]
        done = subprocess.run(
            [self.binary, "-p", "--output-format", "stream-json", "--verbose", *arguments],
            input="\n".join([*story, "@say done"]),
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        events = [json.loads(line) for line in done.stdout.splitlines()]
        assert events[-1]["result"] == "done"
        blocks = [
            block
            for event in events
            if event["type"] == "user" and isinstance(event["message"]["content"], list)
            for block in event["message"]["content"]
            if block["type"] == "tool_result"
        ]
        assert len(blocks) == len(steps), done.stdout
        return [_text(block["content"]) for block in blocks]


def envelope(answer: str) -> Any:
    """The answer of a command; claude may put advice of its own behind that of a tool that failed."""
    return json.JSONDecoder().raw_decode(answer)[0]


def _text(content: Any) -> str:
    """A result as one text; of a program that failed, without the line that says so."""
    text = content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
    return re.sub(r"\AExit code \d+\n", "", text)


@pytest.fixture
def agent(tmp_path: Path, claude_binary: str, api: Api, home: Home) -> Agent:
    """A home in which something failed and something waits."""
    command_task(home, "good", "/bin/echo", "well")
    command_task(home, "bad", "/bin/sh", "-c", "echo the disk is unplugged >&2; exit 3")
    command_task(home, "held", "/bin/echo", more="lane: later\n")
    clodputer(home, "pause", "held", "--reason", "until the move")
    clodputer(home, "run", "held", "--no-wait")
    clodputer(home, "run", "bad", "--no-wait")
    execute(home)
    return Agent(home, tmp_path, claude_binary, api)


def check(home: Home, made: Any, waits: Any, failed: Any, explained: Any, changed: Any, asked: Any) -> None:
    """What became of the five jobs: in what the agent was asked, and in the home."""
    assert made["data"]["enabled"] is False, "an agent's task begins disabled"
    task = taskfile.load(home, "nightly-triage", environment(home))
    assert (task.enabled, task.limits.timeout) == (False, 45 * 60)
    assert "until the move" in waits["data"]["hold"]["message"]
    record = failed["data"]["record"]
    assert (record["outcome"], record["reason"]) == ("failed", "exit_status")
    [code] = explained["data"]["codes"]
    assert (code["code"], code["outcome"]) == ("exit_status", "failed")
    assert "the disk is unplugged" in json.dumps(failed["data"]), "the reason is in what was shown"
    [change] = changed["data"]["changes"]
    assert change == {"key": "timeout", "before": "30m", "after": "45m", "widens": False}
    request = asked["data"]["request_id"]
    assert any(request in name for name in everything(home)["new"])
    execute(home)
    assert [record["request_id"] for record in records(home, "good")] == [request]
    for answer in (made, waits, failed, explained, changed, asked):
        assert wrong(answer, f"{answer['command']}.json") == ""


def page_of(folder: Path) -> str:
    """The call that the skill's page shows for a new task, as it stands there."""
    text = folder.joinpath("making-a-task.md").read_text()
    [block] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return "\n".join(line[3:] for line in str(block).splitlines())


def test_five_jobs_with_the_skill_alone(agent: Agent) -> None:
    """It reads the skill and the page that this names, and calls the commands that they show."""
    extra = {"CLAUDE_CONFIG_DIR": agent.environ["CLAUDE_CONFIG_DIR"]}
    clodputer(agent.home, "skill", "install", extra=extra)
    skill = Path(extra["CLAUDE_CONFIG_DIR"], "skills/clodputer")
    commands = [
        page_of(skill).replace("from-json -", "from-json - --json", 1),
        "clodputer why held --json",
        "clodputer show bad --json",
        "clodputer explain exit_status --json",
        "clodputer set nightly-triage timeout=45m --json",
        "clodputer run good --no-wait --json",
        "clodputer enable nightly-triage --json",
    ]
    shown = "".join(path.read_text() for path in skill.glob("*.md"))
    assert [command for command in commands if " ".join(command.split()[:2]) not in shown] == []
    steps: list[tuple[str, Any]] = [("Skill", {"skill": "clodputer"})]
    steps += [("Read", {"file_path": str(skill / "making-a-task.md")})]
    steps += [("Bash", {"command": command, "description": "a job"}) for command in commands]
    _, page, *answers = agent.does(steps, "--allowedTools", "Skill", "Bash", f"Read({skill}/**)")
    assert "nightly-triage" in page
    told = json.dumps(agent.api.requests[-1].body["messages"])
    assert "Nothing of it stays resident" in told, "the skill is in the conversation"
    *jobs, refused = [envelope(answer) for answer in answers]
    assert refused["errors"][0]["code"] == "confirm_needed"
    check(agent.home, *jobs)


def test_the_same_jobs_by_mcp(agent: Agent) -> None:
    """With tools of the server alone; claude starts it, and it is gone with claude."""
    servers = {"mcpServers": {"clodputer": {"command": str(agent.starter), "args": ["mcp"]}}}
    keys = {"prompt": "Look at last night's tests.", "timeout": "30m"}
    calls = [
        ("create", {"name": "nightly-triage", "task": keys}),
        ("why", {"of": "held"}),
        ("show", {"of": "bad"}),
        ("explain", {"code": "exit_status"}),
        ("edit", {"task": "nightly-triage", "set": {"timeout": "45m"}}),
        ("run", {"task": "good"}),
        ("edit", {"task": "nightly-triage", "set": {"enabled": True}}),
    ]
    steps = [(f"mcp__clodputer__{name}", given) for name, given in calls]
    answers = agent.does(
        steps,
        "--mcp-config",
        json.dumps(servers),
        "--strict-mcp-config",
        "--allowedTools",
        "mcp__clodputer",
    )
    *jobs, refused = [envelope(answer) for answer in answers]
    assert refused["errors"][0]["code"] == "confirm_needed"
    check(agent.home, *jobs)
