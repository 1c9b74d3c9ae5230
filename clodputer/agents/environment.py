"""The environment of an agent: an allow-list, what cron and launchd leave out, and the task's own on top."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterable, Mapping

from clodputer.model.isolate.certificates import CERTIFICATES
from clodputer.model.run import Facts
from clodputer.model.task import Task
from clodputer.store.outgoing.intentplace import VARIABLE, programs

# TERM is left out: a run behaves the same whether a person or the scheduler has started it.
ALLOWED = frozenset(
    (
        "HOME",
        "USER",
        "LOGNAME",
        "PATH",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "SSH_AUTH_SOCK",
        # where programs keep their settings and sockets: git, gh, keyrings, podman
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_CACHE_HOME",
        "XDG_STATE_HOME",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        # the way out to the network
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
        *CERTIFICATES,
    )
)
# Ways to the keys and passwords of the person's session: an agent that is fed by text from outside gets them by its task's
# `env` alone.
KEYS_OF_THE_PERSON = ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS")
ALLOWED_PREFIX = "LC_"

USUAL_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

# A task may override everything but these: the sweep finds what a run leaves behind by them, and a clodputer that the run
# calls finds its home.
OURS = (
    "CLODPUTER_HOME",
    "CLODPUTER_RUN_ID",
    "CLODPUTER_TASK",
    "CLODPUTER_MEMORY",
    "CLODPUTER_INTENTS",
    "CLODPUTER_SESSIONS",
    "TMPDIR",
)


def build(
    task: Task,
    facts: Facts,
    extra: Mapping[str, str] = {},
    ours: Mapping[str, str] = {},
    path: Iterable[str] = (),
) -> dict[str, str]:
    """The environment of a task's agent.

    `extra`: the agent's own variables, which the task's `env` may override; `ours`: those it may not.
    `path`: folders to have at the end of PATH.
    """
    env = account()
    env.update((name, value) for name, value in facts.environ.items() if value and allowed(name))
    for name in withheld(facts):
        env.pop(name, None)
    if not any(name in env for name in ("LANG", "LC_ALL", "LC_CTYPE")):
        # Without one, programs take every byte above 127 for an error.
        env["LANG"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    env.update(extra)
    env.update((name, value) for name, value in task.env.items() if name not in OURS)
    folders = env["PATH"].split(os.pathsep)
    more = (*path, programs(facts.intents)) if facts.intents else tuple(path)
    env["PATH"] = os.pathsep.join([*folders, *(folder for folder in more if folder not in folders)])
    env.update(ours)
    if facts.home:
        env.update(CLODPUTER_HOME=facts.home)
    if facts.memory:
        env.update(CLODPUTER_MEMORY=facts.memory)
    if facts.intents:
        env[VARIABLE] = facts.intents
    env.update(facts.given)
    env.update(CLODPUTER_RUN_ID=facts.run_id, CLODPUTER_TASK=task.name, TMPDIR=facts.temporary)
    return env


def withheld(facts: Facts) -> dict[str, str]:
    """The variables that an agent does not get, as it is fed by text from outside."""
    found = {name: facts.environ.get(name, "") for name in KEYS_OF_THE_PERSON if facts.fed_by}
    return {name: value for name, value in found.items() if value}


def allowed(name: str) -> bool:
    """Whether every agent gets this variable of ours."""
    return name in ALLOWED or name.startswith(ALLOWED_PREFIX)


def account() -> dict[str, str]:
    """HOME, USER, LOGNAME, SHELL and PATH as the account database has them.

    cron sets no USER on some systems, and launchd units that name neither USER nor LOGNAME could not log in.
    """
    try:
        entry = pwd.getpwuid(os.getuid())
    except KeyError:  # a container that runs under a number without a name
        return {"HOME": "/", "SHELL": "/bin/sh", "PATH": USUAL_PATH}
    return {
        "HOME": entry.pw_dir or "/",
        "USER": entry.pw_name,
        "LOGNAME": entry.pw_name,
        "SHELL": entry.pw_shell or "/bin/sh",
        "PATH": USUAL_PATH,
    }
