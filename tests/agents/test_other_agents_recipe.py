"""The example of docs/agents.md, taken from the page and run: it calls a run of codex good only when codex itself does."""

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
from clodputer.tasks import taskfile
from tests.workshop import ROOT, make_home

PAGE = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
# What codex printed and how it ended, recorded against a stand-in of its API; "version" is that of codex.
RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded" / "codex.json").read_text("utf-8"))
RECORDED_RUNS = {name: run for name, run in RECORDED.items() if name != "version"}
TASK = Task(name="story", path="story.yaml", agent="command", command=("codex-task",))
FACTS = Facts("run-1", {}, {}, "/tmp/cp-1")
LAUNCH = Launch(argv=("codex-task",), env={}, working_directory="/")


def recipe(name: str) -> str:
    found = re.search(rf"<!-- recipe: {re.escape(name)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def ran(folder: Path, run: dict[str, Any]) -> tuple[Report, Path]:
    """What comes of a run of the example with a codex that plays this; and the folder with what it was given."""
    programs = folder / "programs"
    programs.mkdir()
    (folder / "events").write_text("".join(json.dumps(event) + "\n" for event in run["events"]))
    end = f"kill -{run['signal']} $$" if "signal" in run else f"exit {run['status']}"
    fake = programs / "codex"
    fake.write_text(
        f"#!/bin/sh\ncat > '{folder}/prompt'\necho \"$@\" > '{folder}/arguments'\ncat '{folder}/events'\n{end}\n"
    )
    fake.chmod(0o755)
    script = programs / "codex-task"
    script.write_text(recipe("codex-task"))
    done = subprocess.run(
        [sys.executable, str(script), "--sandbox=read-only"],
        input=b"Tidy up.",
        env={"PATH": f"{programs}:{os.defpath}"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    progress = command.observe(command.begin(TASK), done.stdout)
    ended = Ended(done.returncode, None, "", done.stderr.decode())
    return command.interpret(TASK, FACTS, LAUNCH, progress, ended), folder


def test_a_completed_turn_is_a_success_with_its_tokens_and_no_invented_cost(tmp_path: Path) -> None:
    report, folder = ran(tmp_path, RECORDED["completed"])
    assert report.outcome.reason == "completed"
    assert report.result["result"] == "done"
    assert report.session_id == "01a224c4-d713-7c33-81ce-2c520c71fb63"
    assert (report.usage["input_tokens"], report.usage["output_tokens"]) == (2400, 60)
    assert report.cost_usd is None
    assert (folder / "prompt").read_text() == "Tidy up."
    assert "Tidy" not in (folder / "arguments").read_text()


@pytest.mark.parametrize("name", [name for name in RECORDED_RUNS if name != "completed"])
def test_a_run_that_codex_did_not_complete_is_no_success(tmp_path: Path, name: str) -> None:
    report, _ = ran(tmp_path, RECORDED[name])
    assert report.outcome.reason == ("killed" if name == "ended by SIGTERM" else "exit_status")
    last = RECORDED[name]["events"][-1]
    assert last.get("error", {}).get("message", "") in report.outcome.message


@pytest.mark.parametrize("kept", range(len(RECORDED["completed"]["events"])))
def test_a_stream_that_stops_early_is_no_success_although_the_status_is_0(tmp_path: Path, kept: int) -> None:
    report, _ = ran(tmp_path, {"status": 0, "events": RECORDED["completed"]["events"][:kept]})
    assert report.outcome.reason == "exit_status"
    assert "without turn.completed" in report.outcome.message


def test_a_turn_that_failed_after_one_that_was_completed_is_no_success(tmp_path: Path) -> None:
    events = [*RECORDED["completed"]["events"], *RECORDED["cut stream"]["events"][1:]]
    report, _ = ran(tmp_path, {"status": 0, "events": events})
    assert report.outcome.reason == "exit_status"


def test_the_task_file_of_the_page_is_valid(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    file = Path(home.tasks) / "changelog.yaml"
    file.write_text(recipe("codex task file"))
    task = taskfile.load(home, "changelog", {"CODEX_API_KEY": "x", "HOME": str(tmp_path)})
    assert task.agent == "command"
    assert task.command[1:] == ("--sandbox=workspace-write", "--model=gpt-5")
    assert f"codex {RECORDED['version']}" in PAGE
