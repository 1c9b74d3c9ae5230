"""What a person puts into Claude Code's settings so that it feeds the usage windows: a snippet for each account."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.agents import locate
from clodputer.model.agent import CLAUDE
from clodputer.model.config.account import CONFIG_FOLDER, OWN, account_of
from clodputer.model.gates import windowrule
from clodputer.model.task import Task
from clodputer.model.text.jsontext import loads
from clodputer.store.context import Context
from clodputer.store.files import plainfile

# In bytes; a settings file of a person is some kilobytes.
LARGEST = 1024 * 1024


class Snippet(NamedTuple):
    """The status line for the sessions of one account. settings: the file that it goes into; empty when that is not known.

    wraps: the status line that is set there now, which ours runs and shows in its place.
    """

    account: str
    tasks: tuple[str, ...]
    settings: str
    command: str
    wraps: str

    @property
    def text(self) -> str:
        """What is in the file."""
        return f'"statusLine": {dumps({"type": "command", "command": self.command})}'

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "account": self.account,
            "tasks": list(self.tasks),
            "settings": self.settings or None,
            "command": self.command,
            "wraps": self.wraps or None,
        }


def snippets(context: Context, tasks: list[Task]) -> list[Snippet]:
    """One for each account of which a task uses `window`; the person's own when none does."""
    wanted: dict[str, list[Task]] = {}
    for task in tasks:
        if task.agent == CLAUDE and windowrule.both(task.window, context.settings.window) != windowrule.NONE:
            wanted.setdefault(account_of(task), []).append(task)
    return [_snippet(context, account, using) for account, using in sorted(wanted.items())] or [
        _snippet(context, OWN, [])
    ]


def _snippet(context: Context, account: str, tasks: list[Task]) -> Snippet:
    path = _settings(account, tasks, context.environ)
    wraps = _status_line(path) if path else ""
    words = [*_program(context), "statusline", "--account", account]
    if wraps:
        words += ["--", "sh", "-c", wraps]
    return Snippet(account, tuple(task.name for task in tasks), path, shlex.join(words), wraps)


def _settings(account: str, tasks: list[Task], environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    if account == OWN:
        return os.path.join(environ.get(CONFIG_FOLDER) or f"{home}/.claude", "settings.json")
    folder = tasks[0].env.get(CONFIG_FOLDER, "")
    if folder.startswith("~/"):
        folder = home + folder[1:]
    return os.path.join(folder, "settings.json") if os.path.isabs(folder) else ""


def _status_line(path: str) -> str:
    """The person's own status line that is set now, also where ours wraps it already; what cannot be read has none."""
    try:
        said = loads(plainfile.read(path, LARGEST).content.decode())
    except (OSError, ValueError):
        return ""
    line: Optional[Any] = said.get("statusLine") if isinstance(said, dict) else None
    command = line.get("command") if isinstance(line, dict) else None
    return _own(command) if isinstance(command, str) else ""


def _own(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    ours = "statusline" in words and any("clodputer" in word for word in words[: words.index("statusline")])
    if not ours:
        return command
    rest = words[words.index("--") + 1 :] if "--" in words else []
    return rest[2] if rest[:2] == ["sh", "-c"] and len(rest) == 3 else shlex.join(rest)


def _program(context: Context) -> list[str]:
    """How a shell starts us, with our home if it is not the usual one."""
    words = program(context.environ)
    chosen = context.environ.get("CLODPUTER_HOME")
    return ["env", f"CLODPUTER_HOME={context.home.root}", *words] if chosen else words


def program(environ: Mapping[str, str]) -> list[str]:
    """The words with which another program starts us, from whatever folder."""
    found = locate.find("clodputer", locate.folders(environ.get("PATH", "")))
    return [found] if found else [sys.executable, "-m", "clodputer"]
