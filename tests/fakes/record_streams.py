#!/usr/bin/env python3
"""Record what the real claude says in every situation we know: `record_streams.py CLAUDE [NAME ...]`."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

# Started as a program, the folder of this file is on the path, and not the top of the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.messages_api import Api, serving
from tests.fakes.start import claude_environment
from tests.wait import until

STREAMS = Path(__file__).resolve().parents[1] / "fixtures" / "streams"
MCP_SERVER = Path(__file__).with_name("mcp_server.py")
USUAL = ("-p", "--output-format", "stream-json", "--verbose")
SCHEMA = '{"type":"object","properties":{"answer":{"type":"number"}},"required":["answer"]}'
# Lists of which two entries are kept.
SHORT = (
    "tools",
    "slash_commands",
    "terminal_slash_commands",
    "agents",
    "skills",
    "plugins",
    "capabilities",
)
SESSION = "5e55105e-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Scene:
    """One situation: the prompt's steps, what is said on the command line, and who pulls the plug."""

    prompt: str
    args: tuple[str, ...] = ()
    oauth: bool = False
    extra: dict[str, str] = field(default_factory=dict)
    kill: Optional[signal.Signals] = (
        None  # sent when MARK has been touched, else when the stand-in has been asked
    )
    before: Optional[str] = None  # prompt of an earlier run of the same session
    settings: dict[str, Any] = field(default_factory=dict)  # the person's own


def servers(**given: list[str]) -> str:
    return json.dumps(
        {"mcpServers": {name: {"command": sys.executable, "args": args} for name, args in given.items()}}
    )


def hook(event: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Settings with one hook that answers so."""
    command = f"echo {shlex.quote(json.dumps(answer))}"
    return {"hooks": {event: [{"hooks": [{"type": "command", "command": command}]}]}}


STOP = {"continue": False, "stopReason": "enough for tonight"}
NOT_AT_NIGHT = {
    "hookEventName": "PreToolUse",
    "permissionDecision": "deny",
    "permissionDecisionReason": "not at night",
}
TOUCH = ("--permission-mode", "default", "--allowedTools", "Bash(touch:*)")

SCENES = {
    "reply": Scene("@usage input=1200 output=80 cache_read=4000\n@say All quiet."),
    "reply_oauth": Scene("@say All quiet.", oauth=True),
    "reply_oauth_warned": Scene("@warn utilization=0.91 resets_in=7200\n@say All quiet.", oauth=True),
    "tool_use": Scene(
        "@bash touch made && echo made it\n@say Made.", ("--allowedTools", "Bash(touch:*) Bash(echo:*)")
    ),
    "two_tools_at_once": Scene("@bash echo one\n@and bash echo two\n@say Both.", ("--allowedTools", "Bash")),
    "tool_fails": Scene("@bash ls /nowhere\n@say It failed.", ("--allowedTools", "Bash")),
    "tool_missing": Scene('@tool Teleport {"to": "Mars"}\n@say No such tool.'),
    "tool_timeout": Scene(
        '@tool Bash {"command": "tail -f /dev/null", "timeout": 500}\n@say It hung.',
        ("--allowedTools", "Bash"),
    ),
    "denied": Scene(
        '@tool Write {"file_path": "/etc/made", "content": "x"}\n@bash touch made\n@say Was not let.'
    ),
    "denied_then_ends_by_limit": Scene("@bash touch a\n@bash touch b\n@bash touch c", ("--max-turns", "2")),
    "denied_by_hook": Scene(
        "@bash touch made\n@say Was not let.",
        TOUCH,
        settings=hook("PreToolUse", {"hookSpecificOutput": NOT_AT_NIGHT}),
    ),
    "denied_by_ask_rule": Scene(
        "@bash touch made\n@say Was not let.", TOUCH, settings={"permissions": {"ask": ["Bash(touch:*)"]}}
    ),
    "denied_by_deny_rule": Scene(
        "@bash touch made\n@say Was not let.", TOUCH, settings={"permissions": {"deny": ["Bash(touch:*)"]}}
    ),
    "denied_by_plan_mode": Scene(
        '@tool Write {"file_path": "made", "content": "x"}\n@say Was not let.',
        ("--permission-mode", "plan", "--allowedTools", "Write"),
    ),
    "hook_stops_the_run": Scene("@bash touch made\n@say never", TOUCH, settings=hook("PreToolUse", STOP)),
    "hook_stops_at_the_end": Scene("@bash touch made\n@say Made.", TOUCH, settings=hook("Stop", STOP)),
    "hook_blocks_the_prompt": Scene(
        "@say never", settings=hook("UserPromptSubmit", {"decision": "block", "reason": "no such words"})
    ),
    "hook_stops_the_prompt": Scene("@say never", settings=hook("UserPromptSubmit", STOP)),
    "mcp_tool": Scene(
        '@mcp talk echo {"text": "hello"}\n@say It spoke.',
        (
            "--strict-mcp-config",
            "--mcp-config",
            servers(talk=[str(MCP_SERVER)]),
            "--allowedTools",
            "mcp__talk",
        ),
    ),
    "mcp_failed": Scene(
        "@say Without it.",
        (
            "--strict-mcp-config",
            "--mcp-config",
            servers(talk=[str(MCP_SERVER), "--die"], fine=[str(MCP_SERVER)]),
        ),
    ),
    "max_turns": Scene("@bash echo 1\n@bash echo 2\n@bash echo 3", ("--max-turns", "2")),
    "budget": Scene(
        "@usage input=100000 output=50000\n@bash echo 1\n@say Over.", ("--max-budget-usd", "0.5")
    ),
    "structured": Scene('@structured {"answer": 42}', ("--json-schema", SCHEMA)),
    "structured_never": Scene("@say Prose.\n@say Prose again.", ("--json-schema", SCHEMA)),
    "partial_messages": Scene("@say All quiet.", ("--include-partial-messages",)),
    "status_400": Scene("@status 400"),
    "status_401": Scene("@status 401"),
    "status_401_oauth": Scene("@status 401", oauth=True),
    "status_403": Scene("@status 403"),
    "status_404_model": Scene("@status 404 message='model: no-such-model'", ("--model", "no-such-model")),
    "status_413": Scene("@status 413"),
    "status_429": Scene("@status 429"),
    "status_500": Scene("@status 500"),
    "status_529": Scene("@status 529"),
    "prompt_too_long": Scene("@status 400 message='prompt is too long: 1200000 tokens > 1000000 maximum'"),
    "credit": Scene("@status 400 message='Your credit balance is too low to access the Anthropic API.'"),
    "retried_529": Scene("@status 529 times=2\n@say At last.", extra={"CLAUDE_CODE_MAX_RETRIES": "3"}),
    "limit": Scene("@limit resets_in=7200", oauth=True),
    "limit_seven_day": Scene("@limit resets_in=400000 type=seven_day", oauth=True),
    "limit_after_tool": Scene("@bash echo working\n@limit resets_in=7200", oauth=True),
    "background_task": Scene(
        '@tool Bash {"command": "sleep 0.3", "run_in_background": true}\n@say Begun.\n@say Ended.',
        ("--allowedTools", "Bash"),
        extra={"CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": ""},
    ),
    "refusal": Scene("@refuse"),
    "empty": Scene("@empty"),
    "max_tokens": Scene("@max_tokens"),
    "garbage": Scene("@garbage html"),
    "reset": Scene("@reset"),
    "cut_mid_stream": Scene("@cut"),
    "no_credentials": Scene("@say never", extra={"ANTHROPIC_API_KEY": ""}),
    "slash_command": Scene("/cost"),
    "empty_prompt": Scene(""),
    "bad_flag": Scene("@say never", ("--no-such-flag",)),
    "unknown_session": Scene("@say never", ("--resume", SESSION)),
    "continued": Scene(
        "@say Second.", ("--resume", SESSION), before="@usage input=5000 output=900\n@say First."
    ),
    "session_in_use": Scene("@say never", ("--session-id", SESSION), before="@say First."),
    "sigterm_waiting": Scene("@hang", kill=signal.SIGTERM),
    "sigterm_in_tool": Scene(
        "@bash touch MARK && tail -f /dev/null",
        ("--allowedTools", "Bash"),
        kill=signal.SIGTERM,
    ),
    "sigint_in_tool": Scene(
        "@bash touch MARK && tail -f /dev/null",
        ("--allowedTools", "Bash"),
        kill=signal.SIGINT,
    ),
    "sigkill_waiting": Scene("@hang", kill=signal.SIGKILL),
}


def run(claude: str, scene: Scene, api: Api, scratch: Path) -> tuple[int, str, str]:
    """(exit status, stdout, stderr) of one run."""
    environment = {**claude_environment(api, scratch, scene.oauth), **scene.extra}
    work = scratch / "here"
    work.mkdir(exist_ok=True)
    if scene.settings:
        own = Path(environment["CLAUDE_CONFIG_DIR"])
        own.mkdir(exist_ok=True)
        own.joinpath("settings.json").write_text(json.dumps(scene.settings))
    mark = scratch / "mark"
    prompt = scratch / "prompt"
    if scene.before is not None:
        prompt.write_text(scene.before)
        with prompt.open() as stdin:
            command = [claude, *USUAL, "--session-id", SESSION]
            subprocess.run(
                command, env=environment, cwd=work, stdin=stdin, stdout=subprocess.DEVNULL, check=True
            )
    prompt.write_text(scene.prompt.replace("MARK", str(mark)))
    out, err = scratch / "stdout", scratch / "stderr"
    with prompt.open() as stdin, out.open("wb") as stdout, err.open("wb") as stderr:
        child = subprocess.Popen(
            [claude, *USUAL, *scene.args],
            env=environment,
            cwd=work,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        if scene.kill is not None:
            until(
                mark.exists if "MARK" in scene.prompt else lambda: bool(api.requests),
                timeout=200,
            )
            child.send_signal(scene.kill)
        status = child.wait(timeout=120)
    return status, out.read_text(), err.read_text()


def trimmed(stdout: str, tidy: Any) -> Iterator[str]:
    for line in stdout.splitlines():
        try:
            event = json.loads(tidy(line))
        except ValueError:
            yield tidy(line)
            continue
        for key in SHORT:
            if isinstance(event.get(key), list):
                event[key] = event[key][:2]
        for key in ("memory_paths", "messages"):
            event.pop(key, None)
        yield json.dumps(event, ensure_ascii=False)


def record(claude: str, version: str, name: str, scene: Scene) -> None:
    with serving() as api, tempfile.TemporaryDirectory(prefix="st-") as folder:
        scratch = Path(os.path.realpath(folder))
        status, stdout, stderr = run(claude, scene, api, scratch)
        answers = api.answers()

        def tidy(text: str) -> str:
            text = text.replace(str(MCP_SERVER), "/fakes/mcp_server.py").replace(
                sys.executable, "/usr/bin/python3"
            )
            text = text.replace(str(scratch), "/scratch").replace(str(scratch).replace("/", "-"), "-scratch")
            text = text.replace(claude, "claude").replace(f"127.0.0.1:{api.port}", "127.0.0.1:8080")
            return re.sub(r"\b(tmp|st)-[a-z0-9_]{8}\b", "st", text)

        lines = list(trimmed(stdout, tidy))
    meta = {
        "args": [tidy(argument) for argument in (*USUAL, *scene.args)],
        "prompt": scene.prompt,
        "auth": "oauth" if scene.oauth else "api_key",
        "answers": answers,
        "signal": scene.kill.name if scene.kill else None,
        "exit_status": status,
        "stderr": tidy(stderr),
        "version": version,
    }
    (STREAMS / f"{name}.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    (STREAMS / f"{name}.meta.json").write_text(
        json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"{name}: exit {status}, {len(lines)} lines, {len(answers)} requests", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("claude", help="the real claude")
    parser.add_argument("names", nargs="*", help=f"which of: {', '.join(SCENES)}; all when none is named")
    options = parser.parse_args()
    STREAMS.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([options.claude, "--version"], capture_output=True, text=True, check=True).stdout
    for name in options.names or SCENES:
        record(options.claude, version.split()[0], name, SCENES[name])


if __name__ == "__main__":
    main()
