"""The start of an agent with a prompt: its program found, its variables, its limits, and what is said to it first."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from glob import escape, glob
from typing import Any

from clodputer.agents import environment, locate
from clodputer.agents.lines import shortened
from clodputer.agents.own import Own
from clodputer.agents.system_prompt import appended
from clodputer.model import memory
from clodputer.model.errors import ClodputerError
from clodputer.model.run import STOP_GRACE, TIMEOUT, Facts, Launch
from clodputer.model.task import Task

STARTUP_TIMEOUT = 90.0
STALL_TIMEOUT = 20 * 60.0

# Where installers put such programs, for schedulers whose PATH knows none of these.
PLACES = (
    "~/.local/bin",
    "~/.npm-global/bin",
    "~/.bun/bin",
    "~/.volta/bin",
    "~/.opencode/bin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/usr/bin",
)

# What people may open again for a run that text from outside feeds; the names are those of environment.KEYS_OF_THE_PERSON.
NO_KEYS = "no SSH agent and no session bus (name SSH_AUTH_SOCK or DBUS_SESSION_BUS_ADDRESS in env)"

# The values of permission_mode by what they mean to an agent that has not all of claude's.
READING, EDITING, EVERYTHING = "", "acceptEdits", "bypassPermissions"
# How codex and gemini name their sessions.
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MODULES = "/node_modules/"
_SAME = {"default": READING, "manual": READING}


def mode_of(task: Task) -> str:
    """READING, EDITING or EVERYTHING: what the task lets its agent do."""
    mode = task.claude.permission_mode
    return _SAME.get(mode, mode)


def locate_binary(own: Own, path: str, home: str) -> str:
    """Where the program is. Raises ClodputerError ("not_started") when it is in no place."""
    usual = [home + place[1:] if place.startswith("~") else place for place in PLACES]
    places = list(dict.fromkeys([*locate.folders(path), *usual]))
    found = locate.find(own.program, places)
    if not found:
        raise ClodputerError(
            "not_started",
            f"there is no {own.program} in {', '.join(places)}",
            f"Install it, for example: npm install -g {own.package}",
        )
    return found


def surroundings(
    task: Task, facts: Facts, own: Own, ours: Mapping[str, str] = {}
) -> tuple[str, dict[str, str]]:
    """The absolute path of the program, and its environment. Raises ClodputerError ("not_started").

    ours: variables that the task may not override, such as those by which an agent is told what it may do.
    """
    extra = {**own.settings, **credentials(task, facts, own)}
    env = environment.build(task, facts, extra, ours)
    binary = locate_binary(own, env["PATH"], env["HOME"])
    if task.sandbox.strict and _MODULES in os.path.realpath(binary):
        # In there a link becomes a file, from which node would not find the rest of the package.
        binary = os.path.realpath(binary)
    # What npm installs is started by a node that lies beside it.
    return binary, environment.build(task, facts, extra, ours, path=(os.path.dirname(binary),))


def parts_of(binary: str, pattern: str) -> tuple[str, ...]:
    """What npm has put beside the package of a program, as it is for one kind of machine alone. pattern: of its name."""
    head, inside, _ = os.path.realpath(binary).rpartition(_MODULES)
    return tuple(sorted(glob(f"{escape(head)}{inside}{pattern}"))) if inside else ()


def credentials(task: Task, facts: Facts, own: Own) -> dict[str, str]:
    """The variables that say who pays, from secrets.env and from the environment of `exec`.

    The task's `env` comes before secrets.env, and that before the environment; a login in one displaces each of the next.
    """
    sources = (task.env, facts.secrets, facts.environ)
    logins = next((source for source in sources if any(source.get(name) for name in own.logins)), {})
    found = {name: logins.get(name, "") for name in own.logins}
    both = {**facts.environ, **facts.secrets}
    found.update((name, both.get(name, "")) for name in own.others)
    return {name: value for name, value in found.items() if value}


def takes(task: Task, names: Collection[str], own: Own) -> list[str]:
    """Those of these variables that `credentials` would take, if the secrets had them."""
    logins = () if any(task.env.get(name) for name in own.logins) else own.logins
    return [name for name in names if name in (*logins, *own.others)]


def launch(
    task: Task, facts: Facts, argv: Iterable[str], env: Mapping[str, str], session: str = "", remark: str = ""
) -> Launch:
    """The start with these arguments. session: the one that is gone on with, empty for a new one.

    All that other agents get as a system prompt comes before the prompt, which comes by stdin.
    """
    limits = task.limits
    said = appended(task, fenced=facts.fenced, memory=facts.memory)
    return Launch(
        argv=tuple(argv),
        env=env,
        working_directory=task.working_directory,
        session_id=session,
        resumed=bool(session),
        remark=remark,
        startup_timeout=STARTUP_TIMEOUT if limits.startup_timeout is None else limits.startup_timeout,
        stall_timeout=STALL_TIMEOUT if limits.stall_timeout is None else limits.stall_timeout,
        timeout=TIMEOUT if limits.timeout is None else limits.timeout,
        stop_grace=STOP_GRACE if limits.stop_grace is None else limits.stop_grace,
        max_output=facts.max_output,
        withheld=environment.withheld(facts),
        fed_by=facts.fed_by,
        preface=f"{said}\n\nThe task follows.\n\n",
    )


def session_to_continue(task: Task, facts: Facts, is_kept: Callable[[str], bool]) -> tuple[str, str]:
    """The session to go on with, empty for a new one, and why it is a new one where another was wanted.

    Wanted is the session in which this request was cut off, or with `session: continue` that of the task's last run.
    is_kept: whether the agent may still have that session.
    """
    last = facts.last or {}
    if last.get("agent", task.agent) != task.agent or last.get("reason") == "invalid_request":
        return "", ""  # rather start again than fail forever: what is too long to be sent stays too long
    session = facts.resume or (last.get("session_id") if task.claude.session == "continue" else "")
    if not isinstance(session, str) or not session:
        return "", ""
    if is_kept(session):
        return session, ""
    return "", f"A new session was begun, because nothing is kept of session {shortened(session, 60)}."


def rights(task: Task, fed_by: tuple[str, ...], sources: Iterable[str] | None) -> dict[str, Any]:
    """What a run of the task may do, for its memory. sources: the settings that count, None for all."""
    reach = [
        *(f"add_dirs: {folder}" for folder in (task.working_directory, *task.claude.add_dirs)),
        *(f"env: {name}" for name in task.env),
        *(() if task.sandbox.strict else ("no sandbox",)),
    ]
    mode = task.claude.permission_mode
    return memory.rights(task.agent, mode, (), (), reach, sources, fed=bool(fed_by))


def warnings(task: Task, facts: Facts, own: Own) -> Iterator[tuple[str, str]]:
    """That the program is not there, and what has little effect."""
    try:
        surroundings(task, facts, own)
    except ClodputerError as error:
        yield "agent", error.message
    for folder in task.claude.add_dirs:
        path = os.path.join(task.working_directory, folder)
        if not os.path.isdir(path):
            yield "add_dirs", f"there is no folder {path}"


def unknown_cost(task: Task, agent: str) -> Iterator[tuple[str, str]]:
    """That a budget in dollars does not hold an agent that tells no cost."""
    if (task.budget.per_day, task.budget.per_24h, task.budget.per_month) != (None, None, None):
        yield (
            "budget",
            f"{agent} does not report what a run costs, so no limit in dollars applies to it; add runs_per_day",
        )


def mode_faults(keys: Mapping[str, Any], agent: str) -> Iterator[tuple[str, str]]:
    """The modes of claude that this agent has not."""
    mode = keys.get("permission_mode")
    known = ("default", "manual", EDITING, EVERYTHING)
    if isinstance(mode, str) and mode in ("auto", "dontAsk", "plan"):
        yield "permission_mode", f"agent: {agent} has no {mode}; it has {', '.join(known)}"
