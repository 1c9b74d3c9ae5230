"""What the real claude cannot be made to do, from a dropped request to its record: every lie of an agent is found out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.system.playing import Stage
from tests.wait import at_some_pace, until
from tests.workshop import (
    alive,
    clodputer,
    drop,
    environment,
    everything,
    execute,
    records,
)

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.fixture
def stage(tmp_path: Path, fake_claude: Path) -> Stage:
    """A stage of this test's own."""
    return Stage(tmp_path, fake_claude)


@pytest.mark.parametrize(
    ("text", "keys", "outcome", "reason"),
    [
        ("@fake say well", {}, "succeeded", "completed"),
        ("@fake no_init\n@fake hang", {"startup_timeout": "1s"}, "timed_out", "startup_hang"),
        (
            "@fake deaf\n@fake no_init\n@fake hang",
            {"startup_timeout": "1s", "stop_grace": "1s"},
            "timed_out",
            "startup_hang",
        ),
        ("@fake hang", {"stall_timeout": "1s"}, "timed_out", "stall"),
        ("@fake is_error_exit_0", {}, "failed", "agent_error"),
        ("@fake torn\n@fake say well", {}, "succeeded", "completed"),
        ("@fake cut_result", {}, "failed", "no_result"),
        ("@fake no_result", {}, "failed", "no_result"),
        ("@fake zero_turns", {}, "failed", "empty"),
        ("@fake exit 7", {}, "failed", "exit_status"),
        ("@fake crash SEGV", {}, "failed", "killed"),
        ("@fake denied Bash", {}, "failed", "denied"),
        ("@fake denied Bash", {"on_denied": "ignore"}, "succeeded", "completed"),
        ("@fake mcp tickets=failed", {"requires_mcp": ["tickets"]}, "failed", "mcp"),
        ("@fake mcp tickets=failed\n@fake hang", {"requires_mcp": ["tickets"]}, "failed", "mcp"),
        ("@fake mcp tickets=connected", {"requires_mcp": ["tickets"]}, "succeeded", "completed"),
        ("@fake api_error billing_error 400", {}, "failed", "billing"),
        ("@fake limit 3600", {}, "limited", "usage_limit"),
        (
            '@fake say All is well.\n@fake say {"nothing_to_do": "No new issues."}',
            {},
            "skipped",
            "nothing_to_do",
        ),
        ('@fake say {"nothing_to_do": "x"}', {"verify": ["false"]}, "failed", "unproven"),
        ('@fake say {"nothing_to_do": "x"}', {"expect": {"file_exists": "no"}}, "skipped", "nothing_to_do"),
        ("@fake tool git status\n" * 21 + "@fake hang", {}, "failed", "no_progress"),
        ("@fake rate_limit allowed_warning 3600\n@fake say well", {}, "succeeded", "completed"),
        ("@fake flood 5 ", {"max_output": "1MB"}, "failed", "output_too_large"),
    ],
)
def test_every_lie_is_found_out(
    stage: Stage, text: str, keys: dict[str, Any], outcome: str, reason: str
) -> None:
    """The record says what was, whatever the exit status or the result claimed."""
    record = stage.run(text, **keys)
    assert (record["outcome"], record["reason"]) == (outcome, reason), record["message"]
    assert record["message"] or outcome == "succeeded"


def test_a_tool_that_runs_is_no_stall(stage: Stage) -> None:
    def holds(unit: float) -> None:
        clocks = {"stall_timeout": f"{3 * unit:g}s", "timeout": f"{6 * unit:g}s"}
        record = stage.run("@fake tool_running sleep\n", **clocks)
        assert (record["outcome"], record["reason"]) == ("timed_out", "timeout"), record["message"]

    at_some_pace(holds)


@pytest.mark.slow
@pytest.mark.waits
def test_a_result_that_never_leaves_is_a_success(stage: Stage, tmp_path: Path) -> None:
    """After its result it has 15 seconds to leave; then it is stopped, and the work it did still counts."""
    record = stage.run("@fake say the work is done\n@fake result_then_hang")
    assert record["outcome"] == "succeeded", record["message"]
    assert record["result"] == "the work is done"
    assert record["duration_seconds"] > 14


def test_half_a_gigabyte_of_output(stage: Stage) -> None:
    """500 MB of events: exec stays below 100 MB of memory, the file below its cap, and the record says why it ended."""
    stage.drop("@fake flood 500", {})
    code = """
import resource, sys
from clodputer.__main__ import main
status = main(["exec"])
if sys.platform == "linux":
    # ru_maxrss begins with that of the process that forked us.
    with open("/proc/self/status") as file:
        print(next(int(line.split()[1]) for line in file if line.startswith("VmHWM")))
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
sys.exit(status)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(stage.home), capture_output=True, text=True, check=True
    )
    peak = int(done.stdout) / 1024
    assert peak < 100, f"{peak} MB"
    record = records(stage.home, "story")[-1]
    assert record["reason"] == "output_too_large"
    size = Path(stage.home.runs, "story", record["run_id"], "stdout").stat().st_size
    assert 100 * 1024 * 1024 < size <= 200 * 1024 * 1024


@pytest.mark.parametrize(
    "kind", ["plain", "stubborn", "holding", "setsid", "cleanenv", "nohup", "doublefork"]
)
def test_nothing_outlives_a_run(stage: Stage, tmp_path: Path, kind: str) -> None:
    """Every way of staying behind ends with the run, after a normal end, and without waiting for it."""
    pid_file = tmp_path / "left"
    record = stage.run(f"@fake leak {kind} {pid_file}\n@fake say bye")
    assert record["outcome"] == "succeeded", record["message"]
    assert record["duration_seconds"] < 50
    for pid in pid_file.read_text().split():
        assert not alive(int(pid))
    assert record["swept"]


def test_the_agent_sees_what_it_should(stage: Stage, tmp_path: Path) -> None:
    """Its environment is ours, not the person's: an allow-list, a private TMPDIR that is gone afterwards, the run's id."""
    log = tmp_path / "log"
    extra = {"SECRET_OF_MINE": "x", "CLAUDECODE": "1", "NODE_OPTIONS": "--inspect", "LC_ALL": "C.UTF-8"}
    stage.drop(f"@fake spawnlog {log}", {"env": {"EXTRA": "yes"}})
    execute(stage.home, extra=extra)
    record = records(stage.home, "story")[-1]
    seen = json.loads(log.read_text().splitlines()[0])
    names = set(seen["environment"])
    assert {
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "SHELL",
        "LC_ALL",
        "EXTRA",
        "CLODPUTER_HOME",
        "CLODPUTER_RUN_ID",
        "TMPDIR",
    } <= names
    assert not names & {"SECRET_OF_MINE", "CLAUDECODE", "NODE_OPTIONS"}
    assert seen["CLODPUTER_RUN_ID"] == record["run_id"]
    assert not Path(seen["TMPDIR"]).exists()
    assert len(seen["TMPDIR"]) < 60 or "pytest" in seen["TMPDIR"]


def test_stopping_is_patient_then_firm(stage: Stage, tmp_path: Path) -> None:
    """SIGTERM comes first and only to the agent; one that obeys is given its time."""
    signals, began = tmp_path / "signals", tmp_path / "began"
    stage.drop(f"@fake on_signal {signals}\n@fake touch {began}\n@fake hang", {"stop_grace": "60s"})
    going = subprocess.Popen([sys.executable, "-m", "clodputer", "exec"], env=environment(stage.home))
    until(began.exists)
    clodputer(stage.home, "cancel", "--all-of", "story")
    assert going.wait(timeout=100) == 0
    assert records(stage.home, "story")[-1]["reason"] == "cancelled"
    assert signals.read_text().split() == ["SIGTERM"]


def test_a_second_run_waits_for_the_first(stage: Stage, tmp_path: Path) -> None:
    """While one run is going on, another exec takes the new request in and leaves; the first exec then runs it."""
    began, go = tmp_path / "began", tmp_path / "go"
    stage.drop(f"@fake touch {began}\n@fake await {go}\n@fake say first", {})
    first = subprocess.Popen([sys.executable, "-m", "clodputer", "exec"], env=environment(stage.home))
    until(began.exists)
    drop(stage.home, "second.md", "---\ntask: story\n---\n@fake say second\n")
    assert execute(stage.home)["runs"] == []
    assert sorted(everything(stage.home)) == ["default/queue/3", "default/slot-0"]
    go.touch()
    assert first.wait(timeout=100) == 0
    assert [record["result"] for record in records(stage.home, "story")] == ["first", "second"]
