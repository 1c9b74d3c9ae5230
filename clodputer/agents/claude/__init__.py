"""The agent `claude`: how the command line is started; reading its stream and judging it are next door."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any, Optional
from uuid import uuid4

from clodputer.agents import environment, locate
from clodputer.agents.claude.enclosed import needs, own_sandbox
from clodputer.agents.claude.keys import KEYS
from clodputer.agents.claude.reading.describe import describe
from clodputer.agents.claude.reading.in_effect import asked_mode
from clodputer.agents.claude.reading.stream import begin, observe
from clodputer.agents.claude.restricted import no_other_servers, restrict, restrictions
from clodputer.agents.claude.rights import rights
from clodputer.agents.claude.variables import containment, credentials, settings, takes
from clodputer.agents.claude.verdict import interpret
from clodputer.agents.claude.warnings import warnings
from clodputer.agents.lines import items, text
from clodputer.agents.own import Own
from clodputer.agents.system_prompt import appended
from clodputer.model.errors import ClodputerError
from clodputer.model.proof import guards
from clodputer.model.run import STOP_GRACE, TIMEOUT, Facts, Launch
from clodputer.model.task import Task

__all__ = [
    "CANNOT",
    "KEYS",
    "OWN",
    "begin",
    "describe",
    "faults",
    "interpret",
    "launch",
    "locate_binary",
    "needs",
    "observe",
    "restrictions",
    "rights",
    "takes",
    "warnings",
]

CANNOT: Mapping[str, str] = {}
OWN: Optional[Own] = None

STARTUP_TIMEOUT = 90.0
STALL_TIMEOUT = 20 * 60.0

# Where its installers put it, for schedulers whose PATH knows none of these.
USUAL_PLACES = (
    "~/.local/bin",
    "~/.claude/local",
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "~/.npm-global/bin",
    "~/.bun/bin",
    "~/.volta/bin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/usr/bin",
)

# Linux takes no single argument of this length or more (MAX_ARG_STRLEN, execve(2)).
LONGEST_ARGUMENT = 128 * 1024

SESSION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:  # noqa: ARG001  (the protocol's)
    """Its own keys are all that it is asked by."""
    return iter(())


def launch(task: Task, facts: Facts) -> Launch:
    """How to start it; looks for the binary and, to continue a session, for its transcript.

    Raises ClodputerError when it cannot be started.
    """
    if facts.fed_by:
        task = restrict(task)
    ours = containment(facts, sys.platform)
    extra = {**settings(task), **credentials(task, facts)}
    env = environment.build(task, facts, extra, ours)
    binary = "claude"  # of an image, where it is in PATH
    if not facts.contained:
        binary = locate_binary(facts.claude, facts.environ.get("PATH", environment.USUAL_PATH), env["HOME"])
        # What npm installs is started by a node that lies beside it.
        env = environment.build(task, facts, extra, ours, path=(os.path.dirname(binary),))
    resume, remark = _session_to_continue(task, facts, env)
    session_id = resume or str(uuid4())
    return Launch(
        argv=_arguments(binary, task, facts, "--resume" if resume else "--session-id", session_id),
        env=env,
        working_directory=task.working_directory,
        session_id=session_id,
        resumed=bool(resume),
        remark=remark,
        startup_timeout=STARTUP_TIMEOUT
        if task.limits.startup_timeout is None
        else task.limits.startup_timeout,
        stall_timeout=STALL_TIMEOUT if task.limits.stall_timeout is None else task.limits.stall_timeout,
        timeout=TIMEOUT if task.limits.timeout is None else task.limits.timeout,
        stop_grace=STOP_GRACE if task.limits.stop_grace is None else task.limits.stop_grace,
        max_output=facts.max_output,
        withheld=environment.withheld(facts),
        fed_by=facts.fed_by,
    )


def _arguments(binary: str, task: Task, facts: Facts, session_flag: str, session_id: str) -> tuple[str, ...]:
    # Every value is joined to its flag by `=`: so none that begins with `-` is taken for a flag, and the flags that
    # take several values swallow nothing (tried on 2.1.329). The prompt comes by stdin, for argv is in `ps`.
    given = [
        (session_flag, session_id),
        ("--model", task.claude.model),
        ("--fallback-model", ",".join(task.claude.fallback_model)),
        *(("--allowedTools", rule) for rule in task.claude.allowed_tools),
        *_memory(facts),
        *_intents(facts),
        *(("--disallowedTools", rule) for rule in (*task.claude.disallowed_tools, *_protecting(task))),
        # Always said: without the flag, `defaultMode` of the person's own settings would decide (bypassPermissions, even).
        ("--permission-mode", asked_mode(task)),
        ("--max-turns", "" if task.claude.max_turns is None else str(task.claude.max_turns)),
        ("--max-budget-usd", "" if task.claude.max_cost_usd is None else f"{task.claude.max_cost_usd:.6f}"),
        (
            "--append-system-prompt",
            appended(task, fenced=facts.fenced, memory=facts.memory, intents=facts.intents),
        ),
        *own_sandbox(task),
        *(("--mcp-config", config) for config in task.claude.mcp_config),
        *(("--add-dir", folder) for folder in task.claude.add_dirs),
        ("--json-schema", "" if task.claude.json_schema is None else dumps(task.claude.json_schema)),
    ]
    flags = [f"{flag}={value}" for flag, value in given if value]
    if task.claude.mcp_config or (facts.fed_by and no_other_servers(task)):
        flags.append("--strict-mcp-config")
    if task.claude.settings_sources is not None:
        flags.append("--setting-sources=" + ",".join(task.claude.settings_sources))  # empty: none of them
    for flag in flags:
        if len(flag.encode("utf-8", "replace")) >= LONGEST_ARGUMENT:
            raise ClodputerError(
                "not_started",
                f"the value of {flag.partition('=')[0]} is too long for a command-line argument",
                "Put long texts into the prompt, or into a file that the prompt names.",
            )
    return (binary, "-p", "--output-format=stream-json", "--verbose", *flags)


def _memory(facts: Facts) -> Iterator[tuple[str, str]]:
    """The file of the task's memory may be read and rewritten; `//` begins a path that is absolute (tried on 2.1.332)."""
    if facts.memory:
        yield "--allowedTools", f"Read(/{facts.memory})"
        yield "--allowedTools", f"Edit(/{facts.memory})"
        yield "--add-dir", os.path.dirname(facts.memory)


def _intents(facts: Facts) -> Iterator[tuple[str, str]]:
    """What is to be published after the run may be said by a command, or written down in a file of its own."""
    if facts.intents:
        yield "--allowedTools", "Bash(clodputer intend:*)"
        yield "--allowedTools", f"Write(/{facts.intents}/*.json)"
        yield "--add-dir", facts.intents


def _protecting(task: Task) -> list[str]:
    """The rules that keep claude from editing what the task protects, also by the name that the folder has without links."""
    real = os.path.realpath(task.working_directory)
    folders = dict.fromkeys((task.working_directory, real))
    return guards.rules(guards.meant(text, folder) for folder in folders for text in task.guards.protect)


def usual_places(home: str) -> list[str]:
    """The folders into which installers of claude put it, for a person with this home folder."""
    return [home + place[1:] if place.startswith("~") else place for place in USUAL_PLACES]


def locate_binary(named: str, path: str, home: str) -> str:
    """Where claude is: `named` (of config.yaml) when that is given, else looked for in PATH and in the usual places.

    Raises ClodputerError ("not_started") when it is in none of them.
    """
    if named:
        binary = os.path.expanduser(named)
        if os.path.isabs(binary) and locate.executable(binary):
            return binary
        raise ClodputerError(
            "not_started",
            f"{binary}, named as claude in config.yaml, is not the absolute path of an executable file",
            "Correct it, or remove the line; claude is then looked for.",
        )
    on_path = locate.folders(path)
    places = list(dict.fromkeys([*on_path, *usual_places(home)]))
    found = locate.find("claude", places)
    if not found:
        raise ClodputerError(
            "not_started",
            f"there is no claude in {', '.join(places)}",
            "Install Claude Code, or write claude: /path/to/claude into config.yaml.",
        )
    return found


def _session_to_continue(task: Task, facts: Facts, env: dict[str, str]) -> tuple[str, str]:
    """The session to go on with, empty when a new one has to be begun; and why it has to, for the record.

    It is the one in which this request was cut off, or with `session: continue` the one that the task's last run left.
    """
    last = facts.last or {}
    session_id = facts.resume or last.get("session_id")
    if (
        not (facts.resume or task.claude.session == "continue")
        or not isinstance(session_id, str)
        or not SESSION_ID.fullmatch(session_id)
    ):
        return "", ""
    # Rather start again than fail forever: a session too long to be sent stays too long.
    if last.get("reason") == "invalid_request":
        return "", "A new session was begun, because the API refused the last request of the previous one."
    if not facts.resume and could_not_resume(last):
        return "", f"A new session was begun, because session {session_id} could not be resumed."
    projects = facts.sessions or os.path.join(
        env.get("CLAUDE_CONFIG_DIR") or os.path.join(env["HOME"], ".claude"), "projects"
    )
    try:
        with os.scandir(projects) as folders:
            found = any(
                os.path.isfile(os.path.join(folder.path, f"{session_id}.jsonl")) for folder in folders
            )
    except OSError:
        found = False
    return (
        (session_id, "")
        if found
        else ("", f"A new session was begun, because the transcript of session {session_id} is gone.")
    )


def could_not_resume(last: Mapping[str, Any]) -> bool:
    """Whether the run of this record tried to go on with a session and took no turn: its transcript is damaged, say.

    2.1.329 and 2.1.332 tell this with num_turns 0, 2.1.197 by exit 1 without any event. Errors of the API count as a turn.
    """
    resumed = any(text(word).startswith("--resume=") for word in items(last.get("argv")))
    turns, reason = last.get("num_turns"), last.get("reason")
    return resumed and (
        (reason == "agent_error" and turns == 0) or (reason == "exit_status" and turns is None)
    )
