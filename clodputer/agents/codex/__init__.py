"""The agent `codex`: OpenAI's `codex exec`, shut in by its own sandbox; what its events mean is next door."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from glob import escape, iglob
from json import dumps
from typing import Any

from clodputer.agents import keys as shared
from clodputer.agents import prompted
from clodputer.agents.codex.events import begin, describe, interpret, observe
from clodputer.agents.needs import Needs
from clodputer.agents.own import Own
from clodputer.agents.prompted import EDITING, EVERYTHING, READING
from clodputer.model.isolate.sandbox.keys import STRICT
from clodputer.model.run import Facts, Launch
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
    "needs",
    "observe",
    "restrictions",
    "rights",
    "takes",
    "warnings",
]

KEYS = (
    shared.MODEL,
    shared.PERMISSION_MODE,
    shared.APPEND_SYSTEM_PROMPT,
    shared.ADD_DIRS,
    shared.SETTINGS_SOURCES,
    shared.SESSION,
    shared.I_ACCEPT_THE_RISK,
)
CANNOT: Mapping[str, str] = {
    "container": "is not run in containers; start codex there by agent: command",
    "publish": "cannot commit inside its own sandbox, nor ask for anything to be published",
    "window": "does not report how much of its account's usage windows is used",
}

OWN = Own(
    "codex",
    logins=("CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "OPENAI_API_KEY"),
    others=("CODEX_HOME", "CODEX_CA_CERTIFICATE"),
    package="@openai/codex",
)
SANDBOX = {READING: "read-only", EDITING: "workspace-write"}
BYPASS = "--dangerously-bypass-approvals-and-sandbox"
# What else of codex 0.171.0 reaches out of a run, besides its own settings.
OUTWARD = ("apps", "plugins", "browser_use", "computer_use")
_EDIT = f"add permission_mode: {EDITING}"


def launch(task: Task, facts: Facts) -> Launch:
    """How to start it; looks for the program and, to continue a session, for what is kept of it. Raises ClodputerError."""
    binary, env = prompted.surroundings(task, facts, OWN)
    session, remark = prompted.session_to_continue(task, facts, lambda known: _is_kept(known, env))
    words = [binary, "exec", *(["resume"] if session else []), "--json", "--skip-git-repo-check"]
    words += [f"--model={task.claude.model}"] if task.claude.model else []
    words += _permitted(task, facts)
    # `-`: the prompt comes by stdin, for arguments can be read by every account.
    return prompted.launch(task, facts, (*words, *([session] if session else []), "-"), env, session, remark)


def _permitted(task: Task, facts: Facts) -> Iterator[str]:
    """Always said in full, or the person's own config.toml would decide. `-s` and `--add-dir` are unknown to `resume`."""
    mode = prompted.mode_of(task)
    yield _set("approval_policy", "never")
    if mode == EVERYTHING or task.sandbox.strict:
        # Its own sandbox cannot be made inside ours, which lets it write to the same places.
        yield BYPASS
    else:
        yield _set("sandbox_mode", SANDBOX[mode])
    if mode == EDITING and not task.sandbox.strict:
        folders = [os.path.join(task.working_directory, folder) for folder in task.claude.add_dirs]
        yield _set("sandbox_workspace_write.writable_roots", folders)
        yield _set("sandbox_workspace_write.network_access", value=False)
        # The run has a temporary folder of its own.
        yield _set("sandbox_workspace_write.exclude_slash_tmp", value=True)
    sources = _sources(task, facts.fed_by)
    if "user" not in sources:
        yield "--ignore-user-config"
        yield "--ignore-rules"
    if "project" not in sources:
        # Its settings, hooks, servers and AGENTS.md may be somebody else's.
        yield _set("project_doc_max_bytes", 0)
        folders = list(dict.fromkeys((task.working_directory, os.path.realpath(task.working_directory))))
        yield (
            "--config=projects={"
            + ", ".join(f'{dumps(one)} = {{trust_level = "untrusted"}}' for one in folders)
            + "}"
        )
    if facts.fed_by:
        yield _set("web_search", "disabled")
        yield from (_set(f"features.{name}", value=False) for name in OUTWARD)


def _set(name: str, value: Any) -> str:
    # What JSON writes of a text, a list of texts or a truth value, TOML reads as the same.
    return f"--config={name}={dumps(value)}"


def _sources(task: Task, fed_by: tuple[str, ...]) -> tuple[str, ...]:
    given = task.claude.settings_sources
    return given if given is not None else () if fed_by else ("user", "project")


def restrictions(task: Task) -> str:
    """What a run may not do because text from outside comes into its prompt."""
    given = task.claude.settings_sources
    settings = (
        [] if given else ["none of your settings, rules and MCP servers for codex (settings_sources: [user])"]
    )
    return ", ".join((*settings, "no web search, no apps and no plugins", prompted.NO_KEYS))


def rights(task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:
    """What a run of the task may do, for its memory."""
    return prompted.rights(task, fed_by, _sources(task, fed_by))


def faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a file asks of codex that it cannot do."""
    yield from prompted.mode_faults(keys, "codex")
    reads = keys.get("permission_mode", "default") in ("default", "manual")
    sandbox = keys.get("sandbox")
    level = sandbox.get("mode", STRICT) if isinstance(sandbox, dict) else sandbox
    if reads and level == STRICT:
        yield (
            "sandbox",
            f"codex cannot be kept from writing there: its own sandbox cannot be made inside; {_EDIT}",
        )
    if reads and keys.get("memory"):
        yield "memory", f"codex may only read, so that it could not rewrite it; {_EDIT}"
    if keys.get("add_dirs") and keys.get("permission_mode") != EDITING:
        yield (
            "add_dirs",
            f"has no effect on codex without permission_mode: {EDITING}, as it reads every folder",
        )


def warnings(task: Task, facts: Facts) -> Iterator[tuple[str, str]]:
    """What a task file may say and codex can do nothing with here."""
    yield from prompted.warnings(task, facts, OWN)
    yield from prompted.unknown_cost(task, "codex")


def takes(task: Task, names: Collection[str], environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001  (the protocol's)
    """Its logins and its own variables."""
    return prompted.takes(task, names, OWN)


def needs(task: Task, launch: Launch) -> Needs:  # noqa: ARG001  (the protocol's)
    """Its login and settings can be read in a sandbox, and its API reached; sessions stay in there and end with it."""
    folder = _folder(launch.env)
    return Needs(
        readable=(
            f"{folder}/auth.json",
            f"{folder}/config.toml",
            *prompted.parts_of(launch.argv[0], "@openai/codex-*"),
        ),
        reaches=("api.openai.com", "chatgpt.com", "auth.openai.com"),
    )


def _folder(env: Mapping[str, str]) -> str:
    return env.get("CODEX_HOME") or os.path.join(env["HOME"], ".codex")


def _is_kept(session: str, env: Mapping[str, str]) -> bool:
    """Whether there is a transcript of the session, where 0.171.0 keeps it: sessions/YYYY/MM/DD/rollout-MOMENT-ID.jsonl."""
    if not prompted.UUID.fullmatch(session):
        return False
    days = f"{escape(_folder(env))}/sessions/*/*/*"
    return next(iglob(f"{days}/rollout-*-{session}.jsonl"), None) is not None
