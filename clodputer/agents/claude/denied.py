"""Denied tool calls told to a person, each with the rule that would have let it through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from shlex import shlex
from typing import Any

from clodputer.agents.lines import mapping, shortened, text
from clodputer.model.task import Task

MOST_TOLD = 5
JOINTS = {"&&", "||", ";", "|"}
PROGRAM = re.compile(r"[\w./+-]+")
SUBCOMMAND = re.compile(r"[a-z][a-z-]*")
HAVE_SUBCOMMANDS = {
    "apt",
    "brew",
    "cargo",
    "docker",
    "gh",
    "git",
    "go",
    "kubectl",
    "npm",
    "pip",
    "pnpm",
    "podman",
    "systemctl",
    "uv",
    "yarn",
}
SHELL_WORDS = {"case", "cd", "for", "function", "if", "until", "while"}


def message(task: Task, denials: Sequence[Mapping[str, Any]]) -> str:
    """One sentence or two for each of the first few denials."""
    told = [_told(task, denial) for denial in denials[:MOST_TOLD]]
    more = f" And {len(denials) - MOST_TOLD} more." if len(denials) > MOST_TOLD else ""
    return f"Denied: {'; '.join(told)}.{more}"


def _told(task: Task, denial: Mapping[str, Any]) -> str:
    name = text(denial.get("tool_name")) or "a tool"
    given = mapping(denial.get("tool_input"))
    shown = next(
        (text(given.get(key)) for key in ("command", "file_path", "url", "path") if given.get(key)), ""
    )
    call = f"{name} `{shortened(shown, 120)}`" if shown else name
    if any(rule == name or rule.startswith(f"{name}(") for rule in task.claude.disallowed_tools):
        return f"{call} (a rule of disallowed_tools may be why)"
    return f"{call} (to allow it: allowed_tools: [{', '.join(rules(name, given))}])"


def rules(name: str, given: Mapping[str, Any]) -> list[str]:
    """The entries of allowed_tools that cover a call: narrow for commands and addresses, else the tool's name."""
    if name == "Bash":
        return [f'"Bash({words}:*)"' for words in _commands(text(given.get("command")))] or ["Bash"]
    if name == "WebFetch":
        host = re.match(r"https?://([^/:?#]+)", text(given.get("url")))
        return [f'"WebFetch(domain:{host[1]})"'] if host else ["WebFetch"]
    return [name]


def _commands(command: str) -> list[str]:
    """The programs of simple commands joined by `&&`, `||`, `;` and `|`, with their subcommands (`git commit`).

    Empty for everything else: redirections, substitutions, loops, assignments, several lines and `cd` are asked about
    whatever narrow rules there are (tried on 2.1.329).
    """
    parser = shlex(command, posix=True, punctuation_chars=True)
    parser.commenters = ""
    try:
        words = list(parser)
    except ValueError:
        return []
    found: list[str] = []
    at_start = True
    for word, following in zip(words, [*words[1:], ""]):
        if at_start:
            if not PROGRAM.fullmatch(word) or word in SHELL_WORDS:
                return []
            found.append(
                f"{word} {following}"
                if word in HAVE_SUBCOMMANDS and SUBCOMMAND.fullmatch(following)
                else word
            )
        at_start = word in JOINTS
    plain = not any(character in command for character in "\n`$<>(){}")
    return list(dict.fromkeys(found))[:MOST_TOLD] if plain else []
