"""Recorded streams of the real claude, and short ones made by hand, told to the agent line by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, Optional

from clodputer.agents import claude
from clodputer.model.run import Ended, Facts, Launch, Progress, Report
from clodputer.model.task import Task

FOLDER = Path(__file__).parent.parent / "fixtures" / "streams"

FACTS = Facts(run_id="20261121T000000.000Z-r1", environ={}, secrets={}, temporary="/tmp/cp-1")
LAUNCH = Launch(
    argv=("/bin/claude",),
    env={},
    working_directory="/tmp",
    session_id="s-launched",
    startup_timeout=90,
    stall_timeout=1200,
)
TASK = Task(name="nightly", path="/tasks/nightly.yaml")


class Recorded(NamedTuple):
    """One recorded run: the lines of its stdout, and how it ended."""

    lines: list[bytes]
    ended: Ended


def recorded(name: str) -> Recorded:
    meta = json.loads((FOLDER / f"{name}.meta.json").read_text())
    status = meta["exit_status"]
    exit_status, signal = (None, -status) if status < 0 else (status, None)
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines()
    return Recorded(lines, Ended(exit_status, signal, "", meta["stderr"]))


def names() -> list[str]:
    return sorted(path.name[: -len(".jsonl")] for path in FOLDER.glob("*.jsonl"))


def told(*events: Any, task: Task = TASK) -> Progress:
    """The progress after these events, given as values or as bytes."""
    progress = claude.begin(task)
    for event in events:
        progress = claude.observe(progress, event if isinstance(event, bytes) else json.dumps(event).encode())
    return progress


EXITED = Ended(0, None, "", "")


def ended(exit_status: Optional[int] = 0, signal: Optional[int] = None, stopped: str = "") -> Ended:
    return Ended(exit_status, signal, stopped, "")


def judged(
    *events: Any,
    end: Ended = EXITED,
    task: Task = TASK,
    facts: Facts = FACTS,
) -> Report:
    return claude.interpret(task, facts, LAUNCH, told(*events, task=task), end)


def replayed(name: str, task: Task = TASK, stopped: str = "", **facts: Any) -> Report:
    """What a recorded run amounts to, had we stopped it so."""
    lines, end = recorded(name)
    return claude.interpret(
        task, FACTS._replace(**facts), LAUNCH, told(*lines), end._replace(stopped=stopped)
    )


def init(**fields: Any) -> dict[str, Any]:
    return {
        "type": "system",
        "subtype": "init",
        "session_id": "s-1",
        "model": "m-1",
        "claude_code_version": "2.1.329",
        "mcp_servers": [],
        **fields,
    }


def said(words: str, **fields: Any) -> dict[str, Any]:
    message = {
        "id": "msg_1",
        "model": "m-1",
        "content": [{"type": "text", "text": words}],
        "usage": {"input_tokens": 10, "output_tokens": 1},
    }
    return {"type": "assistant", "message": message, **fields}


def called(call: str, name: str = "Bash", **given: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": call, "name": name, "input": given}
    return {"type": "assistant", "message": {"id": f"msg_{call}", "content": [block]}}


def answered(call: str) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call, "content": "ok"}
    return {"type": "user", "message": {"role": "user", "content": [block]}}


def result(**fields: Any) -> dict[str, Any]:
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "num_turns": 1,
        "result": "done",
        "session_id": "s-1",
        "terminal_reason": "completed",
        "stop_reason": "end_turn",
        "total_cost_usd": 0.5,
        "permission_denials": [],
        **fields,
    }
