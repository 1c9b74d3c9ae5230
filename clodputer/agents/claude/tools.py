"""Tools and rules as `allowed_tools` and `disallowed_tools` name them: `Read`, `Bash(git log:*)`, `mcp__github__search`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clodputer.model.config.withunit import Expected
from clodputer.model.text.suggest import did_you_mean

# Tools of 2.1.329 and 2.1.332, and names that earlier versions had for some of them. Servers of MCP bring others.
KNOWN = frozenset(
    (
        "Agent",
        "AskUserQuestion",
        "Bash",
        "BashOutput",
        "CronCreate",
        "CronDelete",
        "CronList",
        "Edit",
        "EnterPlanMode",
        "EnterWorktree",
        "ExitPlanMode",
        "ExitWorktree",
        "Glob",
        "Grep",
        "KillBash",
        "KillShell",
        "LS",
        "LSP",
        "ListMcpResourcesTool",
        "Monitor",
        "MultiEdit",
        "NotebookEdit",
        "NotebookRead",
        "PowerShell",
        "Read",
        "ReadMcpResourceTool",
        "SendMessage",
        "Skill",
        "SlashCommand",
        "StructuredOutput",
        "Task",
        "TaskCreate",
        "TaskGet",
        "TaskList",
        "TaskOutput",
        "TaskStop",
        "TaskUpdate",
        "TodoRead",
        "TodoWrite",
        "ToolSearch",
        "WebFetch",
        "WebSearch",
        "Write",
    )
)

_NAME = re.compile(r"[A-Za-z_*][\w.*-]*", re.ASCII)


def check(text: str) -> str:
    """The text as it is. Raises Expected when it holds no rules that Claude can read."""
    rules = list(split(text))
    for rule in rules:
        name, opened, inside = rule.partition("(")
        if not _NAME.fullmatch(name):
            raise Expected("a tool such as Read, or a rule such as Bash(git log:*)")
        if opened and not (_balanced(rule) and rule.endswith(")")):
            raise Expected("a rule whose parentheses match, such as Bash(git log:*)", _closed(rule))
        if opened and not inside[:-1].strip():
            raise Expected(
                "something between the parentheses", f"; write {name} for all that the tool can do"
            )
    return text


def split(text: str) -> Iterator[str]:
    """The rules in a text; Claude takes several, with commas or spaces between them."""
    depth, rule = 0, ""
    for letter in text:
        if depth <= 0 and (letter == "," or letter.isspace()):
            if rule:
                yield rule
            rule, depth = "", 0
            continue
        depth += (letter == "(") - (letter == ")")
        rule += letter
    if rule:
        yield rule


def unknown(text: str) -> str:
    """What is odd about the tools that a text names, for people; empty when Claude has them all, as far as we know."""
    for rule in split(text):
        name = rule.partition("(")[0]
        if not (name in KNOWN or name.startswith("mcp__") or "*" in name):
            meant = did_you_mean(name, KNOWN)
            return f"Claude has no tool {name} that we know of{meant}; those of MCP servers begin with mcp__"
    return ""


def _balanced(rule: str) -> bool:
    depth = 0
    for letter in rule:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def _closed(rule: str) -> str:
    missing = rule.count("(") - rule.count(")")
    return f"; write {rule}{')' * missing}" if missing > 0 else ""
