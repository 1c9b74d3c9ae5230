"""The frozen environment: what every alarm starts with, made once from the terminal of the person who installs."""

# A scheduler's own environment knows neither the folder of claude nor a language; and what differs between the night and the
# terminal is found only in the morning. So everything that matters is written down, and nothing secret is.
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from clodputer.schedulers import pathfolders

# Runs at night have none of these, unless secrets.env or the task's `env` has them. Only the names are ever printed.
# Of secrets.env only what concerns claude's login reaches a run by itself (agents/claude/environment.py).
NETWORK = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
)
LOGIN = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
)


class Frozen(NamedTuple):
    """The environment of every alarm, and what a person should know about it."""

    environment: Mapping[str, str]
    notes: tuple[str, ...] = ()


def freeze(
    environ: Mapping[str, str],
    account: Mapping[str, str],
    home: str,
    parts: list[pathfolders.Folder],
    needed: tuple[str, ...],
    platform: str,
    secret_names: frozenset[str] = frozenset(),
) -> Frozen:
    """The frozen environment. Pure.

    account: HOME, USER, LOGNAME as the account database has them. home: CLODPUTER_HOME. parts: PATH as it is now. needed:
    folders that runs need. secret_names: the names that secrets.env has, and those of secrets by reference.
    """
    chosen = pathfolders.choose(parts, environ, needed)
    own = environ.get("HOME", "")
    frozen = {
        "PATH": os.pathsep.join(chosen.folders),
        "HOME": own if os.path.isabs(own) else account["HOME"],
        **{name: account[name] for name in ("USER", "LOGNAME") if account.get(name)},
        # claude starts the shell it finds here as a login shell, which has hung under launchd (2.1.203).
        "SHELL": "/bin/sh",
        "LANG": language(environ, platform),
        "CLODPUTER_HOME": home,
    }
    notes = [
        f"PATH: {part or 'an empty part'} is left out: {why}"
        for part, why in chosen.left_out
        if part not in chosen.folders
    ]
    login = [name for name in LOGIN if environ.get(name) and name not in secret_names]
    network = [name for name in NETWORK if environ.get(name)]
    for missed, where in ((login, "secrets.env"), (network, "the `env` of each task")):
        if missed:
            notes.append(
                f"set in this terminal, but not for runs that the scheduler starts: {', '.join(missed)} "
                f"(what runs need belongs in {where})"
            )
    if environ.get("TZ"):
        notes.append("TZ is set in this terminal; alarms and exec use the system's own time zone")
    return Frozen(frozen, tuple(notes))


def language(environ: Mapping[str, str], platform: str) -> str:
    """The person's own LANG when it is in UTF-8, else one that is there on every system of this kind."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name, "")
        if value.lower().replace("-", "").endswith("utf8") and value.isascii() and value.isprintable():
            # macOS knows a bare `UTF-8` in LC_CTYPE, which is no language.
            return value if "." in value else _usual(platform)
        if value:
            break
    return _usual(platform)


def _usual(platform: str) -> str:
    return "en_US.UTF-8" if platform == "darwin" else "C.UTF-8"


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """In words, what another installation has changed. Pure."""
    changes = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if name == "PATH" and old != new:
            olds, news = old.split(os.pathsep), new.split(os.pathsep)
            gone = [folder for folder in olds if folder not in news]
            come = [folder for folder in news if folder not in olds]
            changes += [f"PATH has lost {folder}" for folder in gone]
            changes += [f"PATH has gained {folder}" for folder in come]
            changes += [] if gone or come else ["PATH has its folders in another order"]
        elif old != new:
            changes.append(f"{name} was {old or 'not set'} and is now {new or 'not set'}")
    return changes
