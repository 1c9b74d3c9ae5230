"""The fake claude: reads a prompt, does what its `@fake` lines say, and otherwise answers as the real one does."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import sys
import uuid
from typing import Any, NoReturn, Optional

from tests.fakes import fake_play
from tests.fakes.fake_events import Talk
from tests.fakes.fake_shapes import VERSION, failure

DIRECTIVE = re.compile(r"^[ \t]*@fake[ \t]+([a-z_0-9]+)(?:[ \t]+(.*?))?[ \t]*$", re.MULTILINE)
LIFETIME = 900  # seconds after which even a deaf fake is gone

FLAGS = {  # options of the real one that take no value
    *("-p", "--print", "--verbose", "--continue", "-c", "--fork-session", "--no-session-persistence"),
    *(
        "--strict-mcp-config",
        "--include-partial-messages",
        "--bare",
        "--safe-mode",
        "--disable-slash-commands",
    ),
    *("--dangerously-skip-permissions", "--restricted"),
}
VALUES = {  # that take one
    *(
        "--output-format",
        "--input-format",
        "--permission-mode",
        "--model",
        "--fallback-model",
        "--session-id",
    ),
    *("--resume", "-r", "--max-turns", "--max-budget-usd", "--settings", "--agents", "--setting-sources"),
    *("--json-schema", "--append-system-prompt", "--system-prompt", "--permission-prompts", "--effort"),
}
MANY = {
    "--allowedTools",
    "--disallowedTools",
    "--tools",
    "--mcp-config",
    "--add-dir",
}  # that take what follows


def options(arguments: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The command line as options and the rest; an unknown option ends us as it ends the real one."""
    given: dict[str, list[str]] = {}
    rest: list[str] = []
    left = list(arguments)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name == "--":
            return given, rest + left
        if not name.startswith("-"):
            rest.append(name + equals + value)
        elif name in FLAGS:
            given[name] = []
        elif name in VALUES:
            if not equals and not left:
                fail(f"error: option '{name}' argument missing")
            given[name] = [value if equals else left.pop(0)]
        elif name in MANY:
            given.setdefault(name, []).extend([value] if equals else [])
            while left and not left[0].startswith("-"):
                given[name].append(left.pop(0))
        else:
            fail(f"error: unknown option '{name}'")
    return given, rest


def fail(message: str, status: int = 1) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(status)


def log_line(prompt: bytes) -> str:
    """What this start was, for the tests; of the environment the names, and two values that are no secrets."""
    return json.dumps(
        {
            "argv": sys.argv,
            "cwd": os.getcwd(),
            "environment": sorted(os.environ),
            "CLODPUTER_RUN_ID": os.environ.get("CLODPUTER_RUN_ID"),
            "TMPDIR": os.environ.get("TMPDIR"),
            "pid": os.getpid(),
            "ppid": os.getppid(),
            "pgid": os.getpgrp(),
            "sid": os.getsid(0),
            "stdin_sha256": hashlib.sha256(prompt).hexdigest(),
            "stdin": prompt[:2000].decode("utf-8", "replace"),
        }
    )


def append(path: str, line: str) -> None:
    """One line in one write: several fakes may log to one file."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(handle, line.encode("utf-8", "surrogateescape") + b"\n")
    os.close(handle)


def config_folder() -> str:
    return os.environ.get("CLAUDE_CONFIG_DIR") or os.path.join(
        os.environ.get("HOME", "/nonexistent"), ".claude"
    )


def session_file(session: str) -> str:
    return os.path.join(config_folder(), "fake-sessions", session + ".json")


def open_session(given: dict[str, list[str]], talk: Talk) -> None:
    """New, or the one that is resumed: its cost so far counts on, as with the real one."""
    resumed = (given.get("--resume") or given.get("-r") or [""])[0]
    if resumed:
        try:
            with open(session_file(resumed), encoding="utf-8") as kept:
                before = json.load(kept)
        except OSError:
            talk.session = resumed
            told = f"No conversation found with session ID: {resumed}"
            talk.result(**failure("error_during_execution", told), num_turns=0, stop_reason=None)
            fail(told)
        talk.cost_before, talk.tokens_before = before["cost"], tuple(before["tokens"])
        talk.session = str(uuid.uuid4()) if "--fork-session" in given else resumed
    elif os.path.exists(session_file(talk.session)):
        fail(f"Error: Session ID {talk.session} is already in use.")


def keep_session(talk: Talk, given: dict[str, list[str]]) -> None:
    """So that it can be resumed, after SIGKILL as well."""
    if "--no-session-persistence" in given:
        return
    path = session_file(talk.session)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as kept:
            json.dump({"cost": talk.cost_before, "tokens": talk.tokens_before}, kept)
        transcripts = os.path.join(config_folder(), "projects", os.getcwd().replace("/", "-"))
        os.makedirs(transcripts, exist_ok=True)
        with open(os.path.join(transcripts, f"{talk.session}.jsonl"), "w", encoding="utf-8"):
            pass  # that it is there is all that anybody looks at
    except OSError:
        return  # an unwritable home does not stop the real one either


def auth_status() -> NoReturn:
    kind = "none"
    if os.environ.get("ANTHROPIC_API_KEY"):
        kind = "api_key"
    elif os.environ.get("CLAUDE_CODE_OAUTH_TOKEN"):
        kind = "oauth_token"
    told: dict[str, Any] = {"loggedIn": kind != "none", "authMethod": kind, "apiProvider": "firstParty"}
    sys.stdout.write(json.dumps({**told, "configDirectory": config_folder()}, indent=2) + "\n")
    sys.exit(0 if kind != "none" else 1)


def main() -> NoReturn:
    signal.alarm(LIFETIME)
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-v"]):
        sys.stdout.write(f"{VERSION} (Claude Code)\n")
        sys.exit(0)
    if arguments[:2] == ["auth", "status"]:
        auth_status()
    given, rest = options(arguments)
    form = (given.get("--output-format") or ["text"])[0]
    if "-p" not in given and "--print" not in given:
        fail("fake claude: it only plays headless runs (-p)", 70)
    if form == "stream-json" and "--verbose" not in given:
        fail("Error: When using --print, --output-format=stream-json requires --verbose")
    stdin = sys.stdin.buffer.read()
    prompt = "\n".join([*rest, stdin.decode("utf-8", "replace")])
    log = os.environ.get("FAKE_CLAUDE_LOG")
    if log:
        append(log, log_line(stdin))
    if not prompt.strip():
        fail("Error: Input must be provided either through stdin or as a prompt argument when using --print")
    talk = Talk(
        session=(given.get("--session-id") or [str(uuid.uuid4())])[0],
        model=(given.get("--model") or ["claude-opus-5-5"])[0],
        mode=(given.get("--permission-mode") or ["default"])[0],
        spoken=form == "stream-json",
        forbidden=given.get("--disallowedTools", []),
    )
    open_session(given, talk)
    keep_session(talk, given)
    play = fake_play.Play(talk, log_line(stdin))
    try:
        status = play.all(directives(prompt))
    except fake_play.Unknown as error:
        fail(f"fake claude: {error}", 70)
    keep_session(talk, given)
    if form != "stream-json" and talk.last_result:
        whole: Optional[str] = json.dumps(talk.last_result) if form == "json" else talk.text
        talk.write(f"{whole}\n".encode("utf-8", "replace"))
    sys.stderr.flush()
    os._exit(status)


def directives(prompt: str) -> list[tuple[str, str]]:
    return [(match.group(1), match.group(2) or "") for match in DIRECTIVE.finditer(prompt)]
