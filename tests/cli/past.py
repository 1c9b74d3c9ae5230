"""Runs of the past: folders as the runner would have left them, and what their streams say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clodputer.model import outcome
from clodputer.model.record import build
from clodputer.model.request import Request
from clodputer.model.run import Ended, Launch, Report
from clodputer.model.text.mask import Masker
from clodputer.store.home import Home
from clodputer.store.records import runs

NOW = 1_790_000_000.0
PLAIN = Report(
    outcome.of("completed"), result="All is well.", num_turns=3, cost_usd=0.0123, model="some-model"
)


def past_run(
    home: Home, task: str, request_id: str, at: float = NOW, report: Report = PLAIN, **changes: Any
) -> tuple[str, dict[str, Any]]:
    """A finished run as the runner would have left it; its id and record."""
    run_id = runs.new_id(at, request_id)
    request = Request(request_id, task, at, origin={"trigger": "spool", "file": "x.json"})
    folder = runs.make(home, task, run_id, request, Masker())
    Path(folder, "prompt.txt").write_text("Do the thing.\n")
    launch = Launch(("/bin/claude", "-p"), {}, "/projects")
    record = {
        **build(run_id, request, "claude", "claude", launch, report, Ended(0, None, "", ""), at, at + 63),
        **changes,
    }
    runs.write_json(f"{folder}/record.json", record, durable=False)
    return run_id, record


def stream(home: Home, run_id: str, *events: Any, stderr: str = "") -> Path:
    """What the run wrote."""
    folder = Path(runs.folder(home, "nightly", run_id))
    (folder / "stdout").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "stderr").write_text(stderr)
    return folder


def said(text: str) -> dict[str, Any]:
    return {"type": "assistant", "message": {"content": [{"type": "text", "text": text}]}}


def result_of(text: str) -> dict[str, Any]:
    return {"type": "user", "message": {"content": [{"type": "tool_result", "content": text}]}}
