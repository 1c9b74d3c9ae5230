"""The agent `opencode`: kept to what its task permits by a configuration of ours; what its events mean is next door."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from json import dumps
from typing import Any

from clodputer.agents import keys as shared
from clodputer.agents import prompted
from clodputer.agents.needs import Needs
from clodputer.agents.opencode.events import begin, describe, interpret, observe
from clodputer.agents.own import Own
from clodputer.agents.prompted import EDITING, EVERYTHING
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
    "permissions",
    "restrictions",
    "rights",
    "takes",
    "warnings",
]

KEYS = (
    shared.MODEL,
    shared.PERMISSION_MODE,
    shared.MAX_COST_USD,
    shared.APPEND_SYSTEM_PROMPT,
    shared.SESSION,
    shared.ON_DENIED,
    shared.I_ACCEPT_THE_RISK,
)
CANNOT: Mapping[str, str] = {
    "container": "is not run in containers; start opencode there by agent: command",
    "memory": "could not rewrite it, as its tools write to the working directory alone",
    "publish": "cannot commit, nor ask for anything to be published",
    "window": "does not report how much of its account's usage windows is used",
}

# The companies whose keys are taken from secrets.env; those of others are in a task's env.
HOSTS = {
    "OPENCODE_API_KEY": "opencode.ai",
    "ANTHROPIC_API_KEY": "api.anthropic.com",
    "OPENAI_API_KEY": "api.openai.com",
    "GEMINI_API_KEY": "generativelanguage.googleapis.com",
    "OPENROUTER_API_KEY": "openrouter.ai",
}

OWN = Own(
    "opencode",
    logins=tuple(HOSTS),
    others=("OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR"),
    settings={"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_TERMINAL_TITLE": "1"},
    package="opencode-ai",
)
# The agents that 1.18.33 brings; what one of them may do comes before what holds for all.
AGENT, AGENTS = "build", ("build", "general", "explore")
GUARDED = (
    "edit",
    "bash",
    "external_directory",
    "webfetch",
    "websearch",
    "codesearch",
    "doom_loop",
    "question",
)
FETCHING = ("webfetch", "websearch", "codesearch")
ALLOW, DENY = "allow", "deny"
# Of servers of MCP: their name, `_`, and the name of the tool.
SERVERS = "*_*"
SESSION = re.compile(r"ses_[0-9A-Za-z]{1,60}")


def permissions(task: Task, fed_by: tuple[str, ...]) -> dict[str, str]:
    """What its tools may do. Nobody can be asked, so each is allowed or denied; of several rules the last that fits counts."""
    mode = prompted.mode_of(task)
    given = dict.fromkeys((SERVERS,) if fed_by else (), DENY)
    given.update(dict.fromkeys(GUARDED, ALLOW if mode == EVERYTHING else DENY))
    if mode == EDITING:
        given["edit"] = ALLOW
    given.update(dict.fromkeys(FETCHING, DENY if fed_by else ALLOW))
    return {**given, "question": DENY}


def launch(task: Task, facts: Facts) -> Launch:
    """How to start it. Whether a session is kept, it says itself at the start. Raises ClodputerError."""
    may = permissions(task, facts.fed_by)
    config = {"permission": may, "agent": {name: {"permission": may} for name in AGENTS}, "share": "disabled"}
    # It merges this over all files of configuration, those of the working directory too.
    ours = {"OPENCODE_CONFIG_CONTENT": dumps(config), "OPENCODE_PERMISSION": dumps(may)}
    if facts.fed_by:
        ours["OPENCODE_DISABLE_PROJECT_CONFIG"] = "1"
    binary, env = prompted.surroundings(task, facts, OWN, ours)
    session, remark = prompted.session_to_continue(
        task, facts, lambda known: not task.sandbox.strict and SESSION.fullmatch(known) is not None
    )
    words = [binary, "run", "--format=json", f"--agent={AGENT}"]
    words += ["--pure"] if facts.fed_by else []
    words += [f"--model={task.claude.model}"] if task.claude.model else []
    words += [f"--session={session}"] if session else []
    return prompted.launch(task, facts, words, env, session, remark)


def restrictions(task: Task) -> str:  # noqa: ARG001  (the protocol's)
    """What a run may not do because text from outside comes into its prompt."""
    return (
        "no webfetch and no websearch, no tools of MCP servers, no plugins, and nothing that the project says to opencode, "
        f"{prompted.NO_KEYS}"
    )


def rights(task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:
    """What a run of the task may do, for its memory."""
    return prompted.rights(task, fed_by, None)


def faults(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a file asks of opencode that it cannot do."""
    yield from prompted.mode_faults(keys, "opencode")
    model = keys.get("model")
    if isinstance(model, str) and model.strip() and "/" not in model and "{{" not in model:
        yield "model", "opencode takes PROVIDER/MODEL, such as anthropic/claude-sonnet-4-5"


def warnings(task: Task, facts: Facts) -> Iterator[tuple[str, str]]:
    """What a task file may say and opencode can do nothing with here."""
    yield from prompted.warnings(task, facts, OWN)


def takes(task: Task, names: Collection[str], environ: Mapping[str, str]) -> list[str]:  # noqa: ARG001  (the protocol's)
    """Its logins and its own variables."""
    return prompted.takes(task, names, OWN)


def needs(task: Task, launch: Launch) -> Needs:  # noqa: ARG001  (the protocol's)
    """Its login and settings can be read in a sandbox; the host of its model goes by its key."""
    home, env = launch.env["HOME"], launch.env
    data = env.get("XDG_DATA_HOME") or f"{home}/.local/share"
    config = env.get("XDG_CONFIG_HOME") or f"{home}/.config"
    files = (
        f"{data}/opencode/auth.json",
        *(f"{config}/opencode/opencode.{end}" for end in ("json", "jsonc")),
    )
    return Needs(
        readable=(*files, *prompted.parts_of(launch.argv[0], "opencode-*")),
        reaches=tuple(host for name, host in HOSTS.items() if env.get(name)),
    )
