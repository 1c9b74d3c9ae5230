"""`approve: plan`: a first run only reads and makes a plan; the same session carries it out once a person has approved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.planning import APPROVED, READING, SENTENCE
from clodputer.store.home import Home
from clodputer.store.spool.requests import approvals
from tests.slots import make_due
from tests.wait import until
from tests.workshop import clodputer, drop, events, execute, make_home, outcomes, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]

TASK = """
prompt: "@fake say First a, then b."
approve: plan
permission_mode: acceptEdits
allowed_tools: [Read, Edit, Bash]
expect: {result_matches: done}
on_success: [{log: "well"}]
"""


class House:
    """A home with the fake claude and a task that asks with a plan."""

    def __init__(self, folder: Path, fake: Path) -> None:
        self.home: Home = make_home(folder)
        self.config = folder / "claude-config"
        Path(self.home.config).write_text(f"claude: {fake}\n")
        write_task(self.home, "change", TASK)
        drop(self.home, "a.json", '{"task": "change", "id": "abcd1234"}')

    def exec(self) -> None:
        execute(self.home, extra={"CLAUDE_CONFIG_DIR": str(self.config)})

    def records(self) -> list[dict[str, Any]]:
        return records(self.home, "change")

    def asked(self) -> list[str]:
        return [path.read_text() for path in sorted(Path(self.home.runs, "change").glob("*/prompt.txt"))]


@pytest.fixture
def house(tmp_path: Path, fake_claude: Path) -> House:
    return House(tmp_path, fake_claude)


def after(argv: list[str], option: str) -> str:
    return next(word[len(option) + 1 :] for word in argv if word.startswith(f"{option}="))


def test_a_plan_is_made_and_carried_out_by_the_same_session(house: House) -> None:
    house.exec()
    [plan] = house.records()
    assert (plan["outcome"], plan["reason"], plan["result"]) == ("skipped", "planned", "First a, then b.")
    assert after(plan["argv"], "--permission-mode") == "plan"
    allowed = [word for word in plan["argv"] if word.startswith("--allowedTools")]
    assert allowed == [f"--allowedTools={tool}" for tool in READING]
    assert SENTENCE in " ".join(plan["argv"])
    # It waits for a person, with the beginning of the plan, and nothing follows it.
    [waiting] = events(house.home, "delayed")
    assert waiting["reason"] == "approval"
    assert "First a, then b." in waiting["message"]
    assert events(house.home, "note") == []
    assert "First a, then b." in clodputer(house.home, "inbox")[0]
    house.exec()
    assert len(house.records()) == 1

    # It starts an exec of its own, beside us.
    extra = {"CLAUDE_CONFIG_DIR": str(house.config)}
    clodputer(house.home, "approve", "abcd1234", "--note", "but b first", extra=extra)
    until(lambda: len(house.records()) == 2, message="what was approved never ran")
    _, done = house.records()
    assert done["session_id"] == plan["session_id"]
    assert after(done["argv"], "--resume") == plan["session_id"]
    assert after(done["argv"], "--permission-mode") == "acceptEdits"
    assert house.asked()[1] == f"{APPROVED}\n\nThe person added: but b first"
    assert done["attempt"] == 1


def test_a_channel_tells_of_the_plan(house: House, tmp_path: Path) -> None:
    """How it begins, and the one command that approves it; once, however often exec comes."""
    told = tmp_path / "told"
    with open(house.home.config, "a") as config:
        config.write(f"notify: {{me: {{type: command, command: [/bin/sh, -c, 'cat >> {told}']}}}}\n")
    house.exec()
    until(told.exists, message="nobody was told")
    make_due(house.home)
    house.exec()
    [message] = [json.loads(line) for line in told.read_text().splitlines()]
    assert message["event"] == "approval_wanted"
    assert "First a, then b. To close it" in message["message"]
    assert message["command"] == "clodputer approve abcd1234"


def test_a_plan_that_is_denied_is_never_carried_out(house: House) -> None:
    house.exec()
    clodputer(house.home, "deny", "abcd1234", "--reason", "no")
    make_due(house.home)
    house.exec()
    assert outcomes(house.home, "change") == ["skipped"]
    assert Path(house.home.closed).exists()


def test_the_plan_stands_in_the_prompt_when_its_session_is_gone(house: House) -> None:
    house.exec()
    for path in house.config.rglob("*"):
        if path.is_file():
            path.unlink()
    clodputer(house.home, "approve", "abcd1234")
    until(lambda: len(house.records()) >= 2, message="what was approved never ran")
    prompts = house.asked()
    assert 'source="the plan of an earlier run">First a, then b.</outside-' in prompts[-1]
    assert prompts[-1].startswith("@fake say First a, then b.")


def test_nobody_can_approve_before_there_is_a_plan(house: House) -> None:
    clodputer(house.home, "pause", "change")
    house.exec()
    assert house.records() == []
    assert "does not ask for approval" in clodputer(house.home, "approve", "abcd1234", status=1)[1]
    assert approvals.of_id(house.home, "abcd1234") is None


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"command": ["true"], "approve": "plan"}, "only claude can make plans"),
        ({"prompt": "a", "approve": "plan", "require_confirmation": True}, "means approve: before"),
        ({"prompt": "a", "approve": "never"}, "expected one of before, plan"),
    ],
)
def test_a_mistake_is_said(tmp_path: Path, keys: dict[str, Any], said: str) -> None:
    home = make_home(tmp_path)
    write_task(home, "x", json.dumps(keys))
    assert said in clodputer(home, "validate", "x", status=1)[0]
