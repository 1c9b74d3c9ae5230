"""Denied tool calls in words for a person, each with the rule that would have allowed it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from shlex import shlex
from typing import Any, NamedTuple, Optional

from clodputer.agents.lines import mapping, shortened, text
from clodputer.model.task import Task

MOST_TOLD = 5
LONGEST_REASON = 300
# A longer text in the input of a tool is cut; in characters.
LONGEST_KEPT = 500
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


class Refusal(NamedTuple):
    """Why a call was not carried out. kind: claude's word (hook, rule, mode, ...), or "deny" for a rule that forbids it."""

    kind: str
    words: str = ""


def refusal(meta: Mapping[str, Any], event: Mapping[str, Any], known: Optional[Refusal]) -> Optional[Refusal]:
    """Why a call was refused, as the event says that brings its result (2.1.329); `known` when that says no more."""
    decision = mapping(meta.get("permission_decision"))
    if decision.get("decision") != "reject":
        return known
    kind = text(decision.get("reason_type"))
    if meta.get("non_execution_kind") == "permission-rule" and kind != "hook":
        return Refusal("deny")
    words = text(event.get("tool_use_result")) if kind == "hook" else ""
    return known or Refusal(kind, shortened(words, LONGEST_REASON))


def brief(given: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's input fit for a record: a few keys, long texts cut, no nesting."""
    kept: dict[str, Any] = {}
    for key, value in list(given.items())[:16]:
        kept[key[:100]] = (
            value[:LONGEST_KEPT]
            if isinstance(value, str)
            else value
            if isinstance(value, (int, float))
            else "…"
        )
    return kept


def message(task: Task, denials: Sequence[Mapping[str, Any]]) -> str:
    """One sentence or two for each of the first few denials."""
    calls = [_call(task, denial) for denial in denials[:MOST_TOLD]]
    more = f" And {len(denials) - MOST_TOLD} more." if len(denials) > MOST_TOLD else ""
    return f"Denied: {'; '.join(calls)}.{more}"


def _call(task: Task, denial: Mapping[str, Any]) -> str:
    name = text(denial.get("tool_name")) or "a tool"
    given = mapping(denial.get("tool_input"))
    shown = next(
        (text(given.get(key)) for key in ("command", "file_path", "url", "path") if given.get(key)), ""
    )
    call = f"{name} `{shortened(shown, 120)}`" if shown else name
    kind, words = text(denial.get("reason_type")), text(denial.get("reason"))
    if kind == "hook":
        return f"{call} (a hook of claude's settings refused it{': ' + words if words else ''})"
    if any(rule == name or rule.startswith(f"{name}(") for rule in task.claude.disallowed_tools):
        return f"{call} (a rule of disallowed_tools may be why)"
    if kind == "deny":
        ours = "protect forbids it, or " if task.guards.protect else ""
        return f"{call} ({ours}a deny rule of claude's settings forbids it)"
    if kind == "classifier" or (kind == "mode" and task.claude.permission_mode == "plan"):
        return f"{call} (permission_mode: {task.claude.permission_mode or 'default'} does not allow it)"
    missing = [rule for rule in rules(name, given) if not _allowed(task, name, rule)]
    if kind == "rule" or not missing:
        already = "" if missing else ", although allowed_tools has it"
        return f"{call} (a rule of claude's settings asks a person about it{already})"
    return f"{call} (to allow it: allowed_tools: [{', '.join(missing)}])"


def _allowed(task: Task, name: str, rule: str) -> bool:
    """Whether allowed_tools has the rule, or the whole tool."""
    return name in task.claude.allowed_tools or rule.strip('"') in task.claude.allowed_tools


def rules(name: str, given: Mapping[str, Any]) -> list[str]:
    """The entries of allowed_tools that cover a call: narrow for commands and addresses, else the tool's name."""
    if name == "Bash":
        return [f'"Bash({words}:*)"' for words in commands(text(given.get("command")))[:MOST_TOLD]] or [
            "Bash"
        ]
    if name == "WebFetch":
        host = re.match(r"https?://([^/:?#]+)", text(given.get("url")))
        return [f'"WebFetch(domain:{host[1]})"'] if host else ["WebFetch"]
    return [name]


# Why claude refused a call, where no entry of allowed_tools helps.
_WHATEVER_IS_ALLOWED = frozenset(("hook", "deny", "classifier", "rule"))


def entries(denial: Mapping[str, Any], refusal: Refusal) -> list[str]:
    """The entries of allowed_tools that would let a denied call through, as they are written in a task; empty for none."""
    if refusal.kind in _WHATEVER_IS_ALLOWED:
        return []
    found = rules(text(denial.get("tool_name")), mapping(denial.get("tool_input")))
    return [rule.strip('"') for rule in found if rule]


def commands(command: str) -> list[str]:
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
    return list(dict.fromkeys(found)) if plain else []
