"""Each way in which a run can end, brought about at least once, from the drop on.

Agents are shell scripts: one plays what the real claude printed when it was recorded, the others do what a program can do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from clodputer.model.outcome import REASONS
from clodputer.store.home import Home
from tests.agents.streams import FOLDER as RECORDED
from tests.wait import until
from tests.workshop import (
    command_task,
    drop,
    events,
    execute,
    make_home,
    records,
    run,
    write_task,
)

pytestmark = pytest.mark.slow

# A stream that no recording has: the first word of the agent, and what else is to be in it.
INIT = {
    "type": "system",
    "subtype": "init",
    "session_id": "s",
    "permissionMode": "default",
    "tools": ["Bash"],
}
END = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "num_turns": 2,
    "result": "done",
    "session_id": "s",
    "total_cost_usd": 0.01,
    "terminal_reason": "completed",
}


class Case(NamedTuple):
    """What brings a reason about: what claude prints and its exit status, or a program; and the keys of the task."""

    played: str = ""
    command: tuple[str, ...] = ()
    keys: Mapping[str, Any] = MappingProxyType({})

    def printed(self) -> bytes:
        """What claude prints: as recorded under that name, or as it stands."""
        return (
            self.played.encode() if "\n" in self.played else (RECORDED / f"{self.played}.jsonl").read_bytes()
        )

    def then(self) -> str:
        """What it does then, as a line of a shell script: end as recorded, or stay until it is stopped."""
        if "\n" in self.played:
            return "exec sleep 60" if "tool_use" in self.played else "exit 0"
        return f"exit {json.loads((RECORDED / f'{self.played}.meta.json').read_text())['exit_status']}"


def request_of(reason: str) -> str:
    """The id of the request whose run ends for that reason."""
    return f"for-{reason.replace('_', '-')}"


def told(*said: dict[str, Any]) -> str:
    """What claude prints, from values."""
    return "".join(f"{json.dumps(one)}\n" for one in said)


def failed(status: int | None, error: str, **more: Any) -> str:
    """A request to the API that failed through all retries."""
    return told(INIT, {**END, "is_error": True, "api_error_status": status, "api_error": error, **more})


TOOL = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "git status"}}
AGAIN = {
    "type": "assistant",
    "message": {"id": "m", "role": "assistant", "content": [TOOL]},
    "session_id": "s",
}
WRITE = {
    **AGAIN,
    "message": {
        "id": "m",
        "role": "assistant",
        "content": [{**TOOL, "name": "Write", "input": {"file_path": "/a"}}],
    },
}
SLEEP = ("/bin/sleep", "60")
SH = ("/bin/sh", "-c")

CASES: dict[str, Case] = {
    "completed": Case("reply"),
    "nothing_to_do": Case(command=(*SH, """echo '{"nothing_to_do": true}'""")),
    "satisfied": Case(command=("/bin/false",), keys={"verify": ["true"]}),
    "planned": Case(
        told({**INIT, "permissionMode": "plan", "tools": ["Read"]}, END), keys={"approve": "plan"}
    ),
    "auth": Case("no_credentials"),
    "usage_limit": Case("limit"),
    "overloaded": Case(failed(529, "overloaded_error")),
    "server_error": Case(failed(500, "api_error")),
    "offline": Case(failed(None, "connection_failed")),
    "billing": Case("credit"),
    "model": Case(failed(404, "model_not_found")),
    "invalid_request": Case("prompt_too_long"),
    "max_turns": Case("max_turns"),
    "max_cost": Case("budget"),
    "max_tokens": Case("max_tokens"),
    "denied": Case("denied"),
    "permissions": Case(told(INIT, AGAIN), keys={"permission_mode": "plan"}),
    "hook": Case("hook_stops_the_run"),
    "mcp": Case("mcp_failed", keys={"requires_mcp": ["nowhere"]}),
    "no_result": Case(told(INIT)),
    "empty": Case(told(INIT, {**END, "num_turns": 0, "terminal_reason": None})),
    "no_structure": Case(
        told(INIT, {**END, "is_error": True, "subtype": "error_max_structured_output_retries"}),
        keys={"json_schema": {"type": "object"}},
    ),
    "expect_unmet": Case(command=("/bin/true",), keys={"expect": {"file_exists": "/nowhere"}}),
    "unproven": Case(command=("/bin/true",), keys={"verify": ["false"]}),
    "precheck": Case(command=("/bin/true",), keys={"precheck": ["sh", "-c", "exit 3"]}),
    "setup": Case(command=("/bin/true",), keys={"setup": ["sh", "-c", "exit 3"]}),
    "no_progress": Case(told(INIT, *[AGAIN] * 25)),
    "file_operations": Case(told(INIT, WRITE), keys={"max_file_operations": 0}),
    "protected": Case(command=(*SH, "echo x > $HOME/protected"), keys={"protect": "~/protected"}),
    "agent_error": Case(told(INIT, {**END, "is_error": True})),
    "startup_hang": Case(command=SLEEP, keys={"startup_timeout": "1s"}),
    "stall": Case(command=(*SH, "echo hello; exec sleep 60"), keys={"stall_timeout": "1s"}),
    "timeout": Case(command=SLEEP, keys={"timeout": "1s"}),
    "output_too_large": Case(command=(*SH, "head -c 100000 /dev/zero"), keys={"max_output": "50KB"}),
    "exit_status": Case(command=("/bin/false",)),
    "config": Case(command=(*SH, "exit 78")),
    "killed": Case(command=(*SH, "kill -9 $$")),
    "not_started": Case(command=("/nowhere/program",)),
    "refused": Case("refusal"),
    # A person asks for the end of a run, as docs/spool.md says.
    "cancelled": Case(
        command=(
            *SH,
            "for slot in $CLODPUTER_HOME/spool/lanes/default/slot-?; do touch $slot/for-cancelled.cancel; done; sleep 60",
        )
    ),
}
# These end an exec, or need one of its own.
# The mark of the run names the exec, as docs/spool.md says.
EXEC = "read -r exec rest <$(echo $CLODPUTER_HOME/spool/lanes/default/slot-0/*.started)"
BY_EXEC: dict[str, tuple[str, dict[str, str]]] = {
    # Once: its request goes back to its queue.
    "interrupted": (
        f"test -e $HOME/once && exit; touch $HOME/once; {EXEC}; kill -TERM $exec; exec sleep 60",
        {},
    ),
    "exec_died": (f"{EXEC}; kill -KILL $exec; exec sleep 60", {}),
    "internal": ("exit 0", {"CLODPUTER_FAULT": "prepare@for-internal"}),
    "not_recorded": ("exit 0", {"CLODPUTER_FAULT": "record@for-not-recorded"}),
}
# Whose own tests bring them about, with real execs: where.
ELSEWHERE = {
    "replaced": "tests/runner/test_replace.py",
    "no_worktree": "tests/system/test_worktree.py",
    "worktree_busy": "tests/system/test_worktree.py",
    "withdrawn": "tests/triggers/github/test_withdrawn.py",
    "not_confirmed": "tests/triggers/github/test_withdrawn.py",
    "no_ports": "tests/system/test_provision.py",
    "no_container": "tests/system/test_container.py",
    "image_build": "tests/system/test_container.py",
    "sandbox": "tests/system/test_sandbox.py",
    "job_ended": "tests/engines/test_slurm.py",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home in which every task has had its one request."""
    folder = tmp_path_factory.mktemp("reasons")
    patch = pytest.MonkeyPatch()
    with patch.context():
        patch.setenv("HOME", str(folder))
        home = make_home(folder)
        played = folder / "played"
        played.mkdir()
        claude = folder / "claude"
        claude.write_text(f'#!/bin/sh\ncat "{played}/$CLODPUTER_TASK"\n. "{played}/$CLODPUTER_TASK.sh"\n')
        claude.chmod(0o755)
        config = {"claude": str(claude), "lanes": {"default": {"slots": 4}}, "require": {"disk_free": "1KB"}}
        Path(home.config).write_text(json.dumps(config))
        for reason, case in CASES.items():
            keys: dict[str, Any] = {"stop_grace": "1s", "retry": {"max_attempts": 1}, **case.keys}
            if case.command:
                write_task(home, reason, json.dumps({"agent": "command", "command": case.command, **keys}))
            else:
                # An account of its own, which others do not wait for.
                keys["env"] = {"CLAUDE_CONFIG_DIR": f"{folder}/{reason}"}
                write_task(home, reason, json.dumps({"prompt": "Do it.", **keys}))
                (played / reason).write_bytes(case.printed())
                (played / f"{reason}.sh").write_text(f"{case.then()}\n")
            drop(home, f"{reason}.json", json.dumps({"task": reason, "id": request_of(reason)}))
        execute(home)
        yield home


@pytest.mark.parametrize("reason", REASONS)
def test_each_end_is_brought_about(home: Home, reason: str) -> None:
    """Its record and the log say so, with the outcome that the table has for the reason."""
    if reason in ELSEWHERE:
        assert f'"{reason}"' in Path(ELSEWHERE[reason]).read_text()
        return
    if reason in BY_EXEC:
        script, extra = BY_EXEC[reason]
        Path(home.config).write_text("require: {disk_free: 1KB}\n")
        command_task(home, reason, *SH, script)
        drop(home, f"{reason}.json", json.dumps({"task": reason, "id": request_of(reason)}))
        run(home, "exec", extra=extra)
        until(lambda: not execute(home)["runs"] and records(home, reason), message="nothing is known of it")
    first = records(home, reason)[0]
    assert (first["outcome"], first["reason"]) == (REASONS[reason].outcome, reason), first["message"]
    assert reason in {event["reason"] for event in events(home, "finished") if event["task"] == reason}
