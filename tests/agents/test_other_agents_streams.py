"""The example of docs/agents.md, with all that was recorded of gemini and opencode: only what they finished is good."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import command
from clodputer.model.run import Ended, Facts, Launch, Report
from clodputer.model.task import Task
from tests.workshop import ROOT

PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
TASK = Task(name="story", path="story.yaml", agent="command", command=("agent-task",))
FACTS = Facts("run-1", {}, {}, "/tmp/cp-1")
LAUNCH = Launch(argv=("agent-task",), env={}, working_directory="/")
FOLDER = Path(__file__).parent / "recorded"
RECORDED: dict[str, Any] = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in ("gemini", "opencode")
}
RUNS = [(agent, name) for agent, recorded in RECORDED.items() for name in recorded["runs"]]
# Those in which the agent itself says that it has finished; the others were refused, cut off or stopped.
GOOD = {
    ("gemini", "'@say hello' ()"),
    *((agent, name) for agent, name in RUNS if name.startswith("'@tool") and agent == "gemini"),
    *((agent, name) for agent, name in RUNS if "made.txt" in name and agent == "opencode"),
    ("opencode", "a model with a price"),
    ("opencode", "a shell that is denied"),
}


def recipe(name: str) -> str:
    found = re.search(rf"<!-- recipe: {re.escape(name)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def ran(folder: Path, agent: str, events: list[Any], ended: str) -> Report:
    # A run that was still trying when it was recorded was killed then.
    status = "-9" if ended == "HUNG" else ended
    end = f"kill {status} $$" if status.startswith("-") else f"exit {status}"
    (folder / "events").write_text("".join(json.dumps(event) + "\n" for event in events))
    fake = folder / agent
    fake.write_text(f"#!/bin/sh\ncat > /dev/null\ncat '{folder}/events'\n{end}\n")
    fake.chmod(0o755)
    script = folder / "agent-task"
    script.write_text(recipe("agent-task"))
    done = subprocess.run(
        [sys.executable, str(script), agent],
        input=b"Tidy up.",
        env={"PATH": f"{folder}:{os.defpath}"},
        capture_output=True,
        check=False,
        timeout=200,
    )
    progress = command.observe(command.begin(TASK), done.stdout)
    return command.interpret(
        TASK, FACTS, LAUNCH, progress, Ended(done.returncode, None, "", done.stderr.decode())
    )


@pytest.mark.parametrize(("agent", "name"), RUNS)
def test_only_what_the_agent_finished_is_a_success(tmp_path: Path, agent: str, name: str) -> None:
    run = RECORDED[agent]["runs"][name]
    report = ran(tmp_path, agent, run["events"], run["ended"])
    killed = run["ended"] == "HUNG" or run["ended"].startswith("-")
    expected = "completed" if (agent, name) in GOOD else "killed" if killed else "exit_status"
    assert report.outcome.reason == expected
    # opencode tells what a model costs whose price it knows.
    priced = agent == "opencode" and name.startswith("a ")
    assert report.cost_usd == (pytest.approx(0.0069) if priced else None)


@pytest.mark.parametrize(("agent", "name"), sorted(GOOD))
def test_a_stream_that_stops_early_is_no_success(tmp_path: Path, agent: str, name: str) -> None:
    run = RECORDED[agent]["runs"][name]
    assert ran(tmp_path, agent, run["events"][:-1], "0").outcome.reason == "exit_status"


def test_the_page_names_the_versions_that_were_recorded() -> None:
    assert all(recorded["version"] in PAGE for recorded in RECORDED.values())
    assert f"codex {(ROOT / 'tests' / 'codex-version').read_text().strip()}" in PAGE
