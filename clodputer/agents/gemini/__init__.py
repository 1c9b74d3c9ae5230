"""The agent `gemini`: Google's gemini, kept to what its task permits by policies of ours; what its events mean is next door."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from glob import escape, iglob
from typing import Any
from uuid import uuid4

from clodputer.agents import keys as shared
from clodputer.agents import prompted
from clodputer.agents.gemini.events import begin, describe, interpret, observe
from clodputer.agents.needs import Needs
from clodputer.agents.own import Own
from clodputer.agents.prompted import EDITING, EVERYTHING, READING
from clodputer.model.run import Facts, Launch
from clodputer.model.task import Task
from clodputer.store.program.templates import folder as templates

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
    shared.SESSION,
    shared.ON_DENIED,
    shared.I_ACCEPT_THE_RISK,
)
CANNOT: Mapping[str, str] = {
    "container": "is not run in containers; start gemini there by agent: command",
    "memory": "could not rewrite it, as its tools write to the working directory alone",
    "publish": "cannot commit, nor ask for anything to be published",
    "window": "does not report how much of its account's usage windows is used",
}

OWN = Own(
    "gemini",
    logins=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    others=(
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_VERTEX_BASE_URL",
        "GOOGLE_GENAI_USE_VERTEXAI",
        "GOOGLE_GENAI_USE_GCA",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_LOCATION",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
    # Otherwise it starts itself once more, with more memory.
    settings={"GEMINI_CLI_NO_RELAUNCH": "true"},
    package="@google/gemini-cli",
)
MODES = {READING: "default", EDITING: "auto_edit", EVERYTHING: "yolo"}
# In templates/gemini; an approval mode alone would be widened by what the person's settings allow (0.61.0).
POLICIES = {READING: "reads.toml", EDITING: "edits.toml"}
OUTSIDE = "outside.toml"
_NONE = "none-of-them"


def launch(task: Task, facts: Facts) -> Launch:
    """How to start it; looks for the program and, to continue a session, for what is kept of it. Raises ClodputerError."""
    binary, env = prompted.surroundings(task, facts, OWN)
    session, remark = prompted.session_to_continue(task, facts, lambda known: _is_kept(known, env))
    mode = prompted.mode_of(task)
    policies = [POLICIES[mode]] if mode in POLICIES else []
    # Without it no folder is worked in that nobody has called trusted; servers and hooks of a project are not started for it.
    words = [binary, "--output-format=stream-json", "--skip-trust", f"--approval-mode={MODES[mode]}"]
    if facts.fed_by:
        policies.append(OUTSIDE)
        words += ["--extensions=none", f"--allowed-mcp-server-names={_NONE}"]
    words += [f"--admin-policy={templates()}/gemini/{name}" for name in policies]
    words += [f"--model={task.claude.model}"] if task.claude.model else []
    words += [f"--include-directories={folder}" for folder in task.claude.add_dirs]
    words.append(f"--resume={session}" if session else f"--session-id={uuid4()}")
    return prompted.launch(task, facts, words, env, session, remark)


def restrictions(task: Task) -> str:  # noqa: ARG001  (the protocol's)
    """What a run may not do because text from outside comes into its prompt."""
    return f"no web_fetch, no google_web_search, no MCP servers and no extensions, {prompted.NO_KEYS}"


def rights(task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:
    """What a run of the task may do, for its memory."""
    return prompted.rights(task, fed_by, None)


def faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a file asks of gemini that it cannot do."""
    yield from prompted.mode_faults(keys, "gemini")
    folders = keys.get("add_dirs")
    if any("," in str(folder) for folder in (folders if isinstance(folders, list) else [folders])):
        yield "add_dirs", "gemini takes no folder with a comma in its name"


def warnings(task: Task, facts: Facts) -> Iterator[tuple[str, str]]:
    """What a task file may say and gemini can do nothing with here."""
    yield from prompted.warnings(task, facts, OWN)
    yield from prompted.unknown_cost(task, "gemini")


def takes(task: Task, names: Collection[str], environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001  (the protocol's)
    """Its logins and its own variables."""
    return prompted.takes(task, names, OWN)


def needs(task: Task, launch: Launch) -> Needs:  # noqa: ARG001  (the protocol's)
    """Its login and settings can be read in a sandbox, and its API reached; sessions stay in there and end with it."""
    own = _folder(launch.env)
    files = ("settings.json", "oauth_creds.json", "google_accounts.json")
    return Needs(
        readable=(*(f"{own}/{name}" for name in files), f"{templates()}/gemini"),
        reaches=("generativelanguage.googleapis.com", "cloudcode-pa.googleapis.com", "oauth2.googleapis.com"),
    )


def _folder(env: Mapping[str, str]) -> str:
    return os.path.join(env["HOME"], ".gemini")


def _is_kept(session: str, env: Mapping[str, str]) -> bool:
    """Whether there may be a transcript of it, where 0.61.0 keeps it: tmp/PROJECT/chats/session-MOMENT-BEGINNING.jsonl."""
    if not prompted.UUID.fullmatch(session):
        return False
    chats = os.path.join(escape(_folder(env)), "tmp", "*", "chats")
    return next(iglob(f"{chats}/session-*-{session[:8]}.json*"), None) is not None
