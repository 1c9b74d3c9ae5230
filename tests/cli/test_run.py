"""`clodputer run`: one task, now, with the answer at hand; real runs in real homes."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.store import holds
from clodputer.store.home import Home
from tests.cli.holding import another_exec
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    events,
    everything,
    outcomes,
    records,
    start,
    write_task,
)

PYTHON = sys.executable


def in_json(home: Home, *arguments: str, status: int = 0) -> dict[str, Any]:
    stdout, stderr = clodputer(home, "run", *arguments, "--json", status=status)
    assert stderr == ""
    envelope: dict[str, Any] = json.loads(stdout)
    assert envelope["ok"] is (status == 0)
    return envelope


def test_a_run_that_succeeds(home: Home) -> None:
    """Exit code 0, the result on the screen, and nothing on stderr without a terminal."""
    command_task(home, "greet", PYTHON, "-c", "print('Good morning')")
    stdout, stderr = clodputer(home, "run", "greet")
    assert stderr == ""
    assert stdout.splitlines()[0].startswith("greet succeeded after ")
    assert "Good morning" in stdout
    (record,) = records(home, "greet")
    assert f"{record['run_id']}/record.json" in stdout
    assert record["trigger"] == "manual"
    assert everything(home) == {}


def test_a_run_that_fails(home: Home) -> None:
    """Exit code 1, with the reason, what it wrote to standard error, and what to do."""
    command_task(home, "greet", PYTHON, "-c", "import sys; sys.exit('no such luck')")
    stdout, _ = clodputer(home, "run", "greet", status=1)
    assert stdout.startswith("greet failed after ")
    assert "exit_status: " in stdout
    assert "no such luck" in stdout
    envelope = in_json(home, "greet", status=1)
    assert envelope["data"]["record"]["reason"] == "exit_status"
    assert [error["code"] for error in envelope["errors"]] == ["exit_status"]
    assert "no such luck" in envelope["errors"][0]["message"]


def test_context_reaches_the_prompt(home: Home) -> None:
    """Values may hold `=`; the record is under data.record."""
    command_task(
        home,
        "greet",
        PYTHON,
        "-c",
        "print(input())",
        more="prompt: Hello {{ context.name }} {{ context.x }}\n",
    )
    envelope = in_json(home, "greet", "--context", "name=Ada", "-c", "x=a=b c")
    assert envelope["data"]["record"]["result"] == "Hello Ada a=b c"
    assert envelope["data"]["record"] == records(home, "greet")[0]


def test_it_drains_what_else_waits(home: Home) -> None:
    """Other requests are run as `exec` would run them, and the answer is about ours."""
    command_task(home, "greet", PYTHON, "-c", "print('ours')")
    command_task(home, "other", PYTHON, "-c", "print('theirs')")
    Path(home.new, "other").touch()
    assert in_json(home, "greet")["data"]["record"]["result"] == "ours"
    assert len(records(home, "other")) == 1


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        (None, "task_unknown", "there is no task 'greet'"),
        ("prompt: [", "task_invalid", "tasks/greet.yaml:"),
        ("agent: command\ncommand: [true]\nenabled: false\n", "task_disabled", "disabled"),
    ],
)
def test_what_cannot_be_run_is_told_before_anything_is_dropped(
    home: Home, text: str, code: str, part: str
) -> None:
    if text is not None:
        write_task(home, "greet", text.replace("[true]", '["true"]'))
    envelope = in_json(home, "greet", status=1)
    assert envelope["errors"][0]["code"] == code
    assert part in envelope["errors"][0]["message"]
    assert everything(home) == {}


def test_a_lane_on_hold_is_exit_code_75(home: Home) -> None:
    """Nothing is dropped, so asking again does not pile up requests."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    holds.place(
        home,
        holds.Target("lane", "default"),
        holds.Hold("usage_limit", "The limit is reached.", None, time.time() + 3600),
    )
    _, stderr = clodputer(home, "run", "greet", status=75)
    assert "lane default is on hold until " in stderr
    assert "usage_limit" in stderr
    assert "The limit is reached." in stderr
    assert in_json(home, "greet", status=75)["errors"][0]["code"] == "held"
    assert everything(home) == {}


def test_another_exec_holds_the_slot(home: Home, tmp_path: Path) -> None:
    """The other one runs our request too, and the answer still comes to us."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    with another_exec(home, tmp_path) as go:
        ours = start(home, "run", "greet", "--json")
        until(lambda: [event for event in events(home, "queued") if event["task"] == "greet"])
        assert ours.poll() is None
        go.touch()
        stdout, stderr = ours.communicate(timeout=100)
    assert ours.returncode == 0, stderr
    assert json.loads(stdout)["data"]["record"]["result"] == "x"


def test_ctrl_c_cancels_the_run(home: Home, tmp_path: Path) -> None:
    """The agent is gone, the record says so, and no later exec begins it again."""
    running = tmp_path / "running"
    code = f"import os, time\nopen({str(running)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    command_task(home, "slow", PYTHON, "-c", code)
    ours = start(home, "run", "slow")
    pid = int(until(lambda: running.exists() and running.read_text()) or 0)
    ours.send_signal(signal.SIGINT)
    stdout, stderr = ours.communicate(timeout=100)
    assert ours.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "slow cancelled after" in stdout
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    (record,) = records(home, "slow")
    assert (record["outcome"], record["reason"]) == ("cancelled", "cancelled")
    assert everything(home) == {}
    clodputer(home, "exec")
    assert len(records(home, "slow")) == 1


def test_ctrl_c_while_waiting_for_another_exec(home: Home, tmp_path: Path) -> None:
    """Our request leaves the queue; the other's run goes on."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    with another_exec(home, tmp_path):
        ours = start(home, "run", "greet")
        until(lambda: [event for event in events(home, "queued") if event["task"] == "greet"])
        ours.send_signal(signal.SIGINT)
        _, stderr = ours.communicate(timeout=100)
        assert ours.returncode == 130
        assert "was taken back before it ran" in stderr
        # As `cancel` does it: not among what was given up, which somebody has to look at.
        assert os.listdir(home.dead) == []
        (request_id,) = [event["request_id"] for event in events(home, "cancelled")]
        assert min(os.listdir(home.closed)).startswith(f"{request_id}.")
    assert records(home, "greet") == []
    assert outcomes(home, "slow") == ["succeeded"]
