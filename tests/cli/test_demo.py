"""`clodputer demo`: what a newcomer sees is what happened."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.cli.terminal import in_terminal
from tests.workshop import ROOT, clodputer


@pytest.fixture
def nowhere(tmp_path: Path) -> Home:
    """A home that is not there: the demo needs none and must not make one."""
    return Home(str(tmp_path / "none"))


def run(home: Home, tmp_path: Path, *arguments: str, status: int = 0, **extra: str) -> str:
    stdout, stderr = clodputer(
        home, "demo", *arguments, extra={"TMPDIR": str(tmp_path), **extra}, status=status
    )
    assert stderr == ""
    return stdout


def test_the_demo_shows_the_main_job(nowhere: Home, tmp_path: Path) -> None:
    """Task, request, live events, record, the way of the request, the next steps; and nothing is left."""
    began = time.monotonic()
    shown = run(nowhere, tmp_path)
    took = time.monotonic() - began
    assert "\x1b" not in shown
    for part in (
        "tasks/demo.yaml",
        "spool/new/hello.json",
        '"context": {"name": "Ada"}',
        "says     I was asked: Count the words of this sentence, Ada.",
        "uses     Bash: sleep 3600 &",
        "ends     The prompt has 7 words.",
        "demo succeeded after ",
        "3 turns",
        "The prompt has 7 words.",
        "left running, ended afterwards",
        "spool/lanes/default/queue/3",
        "spool/lanes/default/slot-0",
        "record.json",
        "Next:",
    ):
        assert part in shown, part
    assert " init" in shown
    assert "demo --claude" in shown
    pid = int(re.search(r"sleep 3600 \(pid (\d+)\)", shown)[1])  # type: ignore[index]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not os.path.exists(nowhere.root)
    assert os.listdir(tmp_path) == []
    # It takes seconds; what it leaves running would take an hour.
    assert took < 100


@pytest.mark.slow
def test_events_come_live(nowhere: Home, tmp_path: Path) -> None:
    """Their times are spread over the run, as they would not be if they were read from the finished file."""
    shown = run(nowhere, tmp_path)
    times = [float(found) for found in re.findall(r"^ +(\d+\.\d)s  \w+", shown, re.MULTILINE)]
    assert len(times) >= 5
    assert times == sorted(times)
    assert times[-1] - times[0] > 1


@pytest.mark.slow
def test_keep_keeps_the_home(nowhere: Home, tmp_path: Path) -> None:
    """The places that were shown are there, closed to others."""
    shown = run(nowhere, tmp_path, "--keep")
    (name,) = os.listdir(tmp_path)
    kept = tmp_path / name
    assert f"The home of this demo is kept: {kept}" in shown
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    way = shown[shown.index("path  ") : shown.index("\n\n6.")]
    last = way.split("-> ")[-1].strip()
    assert (kept / last).is_file()
    assert json.loads((kept / last).read_text()) == {"task": "demo", "context": {"name": "Ada"}}
    assert list((kept / "spool" / "new").iterdir()) == []


@pytest.mark.slow
def test_json(nowhere: Home, tmp_path: Path) -> None:
    """The record and what was seen, in one envelope."""
    envelope: dict[str, Any] = json.loads(run(nowhere, tmp_path, "--json"))
    assert envelope["ok"] is True
    record = envelope["data"]["record"]
    assert (record["outcome"], record["num_turns"], record["cost_usd"]) == ("succeeded", 3, 0)
    assert [process["alive"] for process in record["swept"]] == [False]
    assert envelope["data"]["events"][-1] == {"kind": "ends", "text": "The prompt has 7 words."}
    assert envelope["data"]["path"][0] == "spool/new/hello.json"
    assert envelope["data"]["home"] is None


@pytest.mark.slow
def test_in_a_terminal_it_has_colours(nowhere: Home, tmp_path: Path) -> None:
    status, shown = in_terminal(nowhere, "demo", extra={"TMPDIR": str(tmp_path)})
    assert status == 0
    assert "\x1b[32;1msucceeded\x1b[0m" in shown


@pytest.mark.slow
def test_the_suggested_commands_are_commands(nowhere: Home, tmp_path: Path) -> None:
    """From a checkout that is not installed they name bin/clodputer, which is there."""
    shown = run(nowhere, tmp_path)
    for line in shown[shown.index("Next:") :].splitlines()[1:]:
        name = line.split()[0]
        if name != "clodputer":  # which means that it is installed on this machine
            assert (Path.cwd() / name).samefile(ROOT / "bin" / "clodputer"), line


FAKE = """\
#!{python}
import json, sys
if "--version" in sys.argv:
    print("2.1.329 (Claude Code)")
    sys.exit()
sys.stdin.read()
session = next(word.partition("=")[2] for word in sys.argv if word.startswith("--session-id="))
for event in (
    {{"type": "system", "subtype": "init", "session_id": session, "model": "fake-model", "tools": [], "mcp_servers": [],
      "claude_code_version": "2.1.329"}},
    {{"type": "assistant", "message": {{"content": [{{"type": "text", "text": "Good day, Ada."}}]}}}},
    {{"type": "result", "subtype": "success", "is_error": False, "num_turns": 1, "result": "Good day, Ada.",
      "session_id": session, "total_cost_usd": 0.01, "usage": {{"input_tokens": 10, "output_tokens": 5}},
      "permission_denials": [], "terminal_reason": "completed", "stop_reason": "end_turn"}},
):
    print(json.dumps(event), flush=True)
"""


@pytest.mark.slow
def test_with_claude(nowhere: Home, tmp_path: Path) -> None:
    """The agent is the claude that a run of the person's own would find."""
    import sys

    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "claude").write_text(FAKE.format(python=sys.executable))
    (folder / "claude").chmod(0o755)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    shown = run(nowhere, temporary, "--claude", PATH=f"{folder}:/usr/bin:/bin")
    assert "agent: claude" in shown
    assert "says     Good day, Ada." in shown
    assert "demo succeeded after" in shown
    assert "1 turn, $0.01" in shown
    assert "demo --claude" not in shown
    assert os.listdir(temporary) == []


def test_without_claude_it_says_so_and_fails(nowhere: Home, tmp_path: Path) -> None:
    """The record's own words, exit code 1, and no next steps as if all were well."""
    empty = tempfile.mkdtemp(dir=tmp_path)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    write_config = Home(str(tmp_path / "own"))
    os.makedirs(write_config.root)
    Path(write_config.config).write_text(f"claude: {empty}/claude\n")
    shown = run(write_config, temporary, "--claude", status=1)
    assert "demo failed after" in shown
    assert "not_started" in shown
    assert f"{empty}/claude" in shown
    assert "Next:" not in shown
    assert os.listdir(temporary) == []
