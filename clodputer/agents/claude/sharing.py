"""Whether several claudes at once may use one configuration folder: that depends on its version and on the login."""

from __future__ import annotations

import os
from collections.abc import Mapping

from clodputer.agents.claude.variables import CLOUDS, LOGINS
from clodputer.agents.lines import mapping
from clodputer.model.task import Task
from clodputer.store.records import runs

# Before this version, sessions at the same time overwrote each other's .claude.json (claude-code issues 28922, 29217).
SHARES_SINCE = (2, 1, 259)
FOLDER = "CLAUDE_CONFIG_DIR"


def folder(task: Task, known: Mapping[str, str]) -> str:
    """The configuration folder of a task's runs, as far as it is known before its templates are filled in.

    known: the variables of `exec` and of secrets.env.
    """
    written = task.env.get(FOLDER) or known.get(FOLDER, "")
    if "{{" in written:
        return written
    found = written or os.path.join(known.get("HOME", ""), ".claude")
    return os.path.realpath(os.path.expanduser(found))


def login_rotates(task: Task, known: Mapping[str, str], platform: str) -> bool:
    """Whether a run may replace the login that others use: one of `claude /login`, which is renewed every few hours.

    Keys, the tokens of `claude setup-token` and clouds stay as they are. A login in the keychain of macOS cannot be looked at.
    """
    if any(task.env.get(name) or known.get(name) for name in LOGINS) or any(map(known.get, CLOUDS)):
        return False
    if platform == "darwin":
        return True
    stored = runs.read_json(f"{folder(task, known)}/.credentials.json") or {}
    return bool(mapping(stored.get("claudeAiOauth")).get("refreshToken"))
