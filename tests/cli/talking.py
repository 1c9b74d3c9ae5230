"""A claude that says two things, waits as long as a test wants, and ends well."""

from __future__ import annotations

import sys
from pathlib import Path

from clodputer.store.home import Home
from tests.workshop import write_task

EVENTS = [
    {"type": "system", "subtype": "init", "model": "some-model", "cwd": "/projects"},
    {
        "type": "assistant",
        "message": {
            "id": "m1",
            "usage": {"input_tokens": 1200, "output_tokens": 34},
            "content": [
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make \x1b[2J tests"}}
            ],
        },
    },
]
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "num_turns": 1,
    "result": "All is well.",
    "total_cost_usd": 0.04,
    "permission_denials": [],
    "terminal_reason": "completed",
    "stop_reason": "end_turn",
    "usage": {},
}


def claude(home: Home, tmp_path: Path, *, forever: bool = False) -> Path:
    """A task `nightly` for a claude that says two things and waits for the file that is returned, or for ever."""
    go, program = tmp_path / "go", tmp_path / "claude"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys, time\nsys.stdin.read()\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        f"for event in {EVENTS!r}:\n    print(json.dumps({{**event, 'session_id': str(os.getpid())}}), flush=True)\n"
        f"while {forever} or not os.path.exists({str(go)!r}):\n    time.sleep(0.02)\n"
        f"print(json.dumps({{**{RESULT!r}, 'session_id': str(os.getpid())}}), flush=True)\n"
    )
    program.chmod(0o755)
    Path(home.config).write_text(f"claude: {program}\n")
    write_task(home, "nightly", "prompt: do it\n")
    return go
