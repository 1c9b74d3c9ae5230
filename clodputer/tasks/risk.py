"""Risk: which task may let its agent do everything without asking: one in an isolated folder whose risk a person accepted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.model.agent import CLAUDE, prompted
from clodputer.model.isolate.sandbox import keys as sandbox
from clodputer.model.task import Task
from clodputer.store.files.tilde import expand
from clodputer.store.processes import deadline

BYPASS = "bypassPermissions"

# What a folder holds that is no folder for such an agent: keys, passwords and tokens of the person's, and of programs.
CREDENTIALS = (
    ".aws",
    ".azure",
    ".claude/.credentials.json",
    ".codex/auth.json",
    ".config/gcloud",
    ".config/gh",
    ".docker/config.json",
    ".env",
    ".gemini/oauth_creds.json",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".local/share/opencode/auth.json",
    ".netrc",
    ".password-store",
    ".pgpass",
    ".pypirc",
    ".ssh",
)
# How long the folder may take to answer, in seconds.
PATIENCE = 3.0

_ACCEPT = (
    "lets the agent do whatever this account may, without asking; if you want that, add i_accept_the_risk: true, otherwise "
    "write permission_mode: acceptEdits, and list in allowed_tools what else it may do"
)
_ISOLATE = (
    "set working_directory to a folder that holds nothing but what the task is about, such as a clone of its own, or give each "
    "run its own with isolation: worktree, or enclose it with sandbox: strict"
)


def without_effect(keys: Mapping[str, Any], agent: Any) -> Iterator[tuple[str, str]]:
    """Keys of a file that have no effect without another one, or with this agent, each with what is to be done."""
    if "protect_restore" in keys and "protect" not in keys:
        yield "protect_restore", "has no effect without protect, which names the files"
    if agent != CLAUDE and keys.get("sandbox") in (sandbox.CLAUDE, {"mode": sandbox.CLAUDE}):
        other = agent if prompted(str(agent)) else "a command"
        yield "sandbox", f"claude works only for the agent claude; for {other} write sandbox: strict"
    if keys.get("i_accept_the_risk") is True and keys.get("permission_mode") != BYPASS:
        yield "i_accept_the_risk", f"has no effect without permission_mode: {BYPASS}; remove the line"


def bypasses(task: Task) -> bool:
    """Whether the agent of the task asks for no permission at all."""
    return task.prompted and task.claude.permission_mode == BYPASS


def fault(task: Task, environ: Mapping[str, str]) -> str:
    """What keeps the task from running, and what to do; empty when nothing does. The working directory holds no template."""
    if not bypasses(task):
        return ""
    if not task.claude.i_accept_the_risk:
        return f"{BYPASS} {_ACCEPT}"
    why = not_isolated(task, environ)
    return f"{BYPASS} needs an isolated folder, and {why}; {_ISOLATE}" if why else ""


def not_isolated(task: Task, environ: Mapping[str, str]) -> str:
    """Why the runs of a task are not kept apart from the rest of what the person has, as a clause; empty when they are.

    This is the one place that says what isolated means: a worktree of the run's own, a strict sandbox, or a folder that is not
    the home folder, not above it, and holds no credentials that are known by their names.
    """
    if task.in_worktree or task.sandbox.strict:
        return ""
    home = expand("~", environ)
    folder = expand(task.working_directory or "~", environ)
    try:
        why: str = deadline.within(PATIENCE, lambda: _of_folder(folder, home))
    except (OSError, deadline.WorkFailed):
        return f"{folder} does not answer"
    return why


def note(task: Task, environ: Mapping[str, str]) -> str:
    """What is worth knowing of a task that may run so; empty for every other one."""
    if not bypasses(task) or fault(task, environ):
        return ""
    if task.sandbox.strict:
        return f"permission_mode: {BYPASS}, and the risk is accepted; its runs are enclosed (sandbox: strict)"
    return (
        f"permission_mode: {BYPASS}, and the risk is accepted; its runs begin in {task.working_directory}, and nothing keeps "
        "them inside it"
    )


def _of_folder(folder: str, home: str) -> str:
    real, real_home = os.path.realpath(folder), os.path.realpath(home)
    if real == "/":
        return "this one is /"
    if real == real_home:
        return f"{folder} is your home folder"
    if real_home.startswith(f"{real}/"):
        return f"your home folder lies in {folder}"
    found = [name for name in CREDENTIALS if os.path.lexists(f"{real}/{name}")]
    return f"{folder} holds {', '.join(found)}" if found else ""
