"""What a run of claude may not do when its prompt is fed by text from outside, unless the task says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.agents.claude import tools
from clodputer.model.task import Task

# A project's own settings, hooks and servers may be somebody else's as well; --setting-sources=user leaves them out.
SOURCES = ("user",)
# The tools that send something out and bring more text in, though the person's own settings may allow them.
FETCH = ("WebFetch", "WebSearch")


def restrict(task: Task) -> Task:
    """The task with what it leaves open closed: settings of the person alone, and no tool that reads from the network."""
    claude = task.claude
    sources = SOURCES if claude.settings_sources is None else claude.settings_sources
    denied = (*claude.disallowed_tools, *_denied(task))
    return task._replace(claude=claude._replace(settings_sources=sources, disallowed_tools=denied))


def no_other_servers(task: Task) -> bool:
    """Whether claude starts no servers of MCP but those of `mcp_config`: of no other one does the task name a tool."""
    return not task.claude.requires_mcp and not any(rule.startswith("mcp__") for rule in _allowed(task))


def restrictions(task: Task) -> str:
    """What is closed, for people; what the task itself opens is left out."""
    found = (
        ["no settings of projects (settings_sources: [user])"] if task.claude.settings_sources is None else []
    )
    denied = _denied(task)
    found += [f"no {' and no '.join(denied)} (name them in allowed_tools)"] if denied else []
    if no_other_servers(task):
        found.append("no MCP servers but those of mcp_config")
    found.append("no SSH agent and no session bus (name SSH_AUTH_SOCK or DBUS_SESSION_BUS_ADDRESS in env)")
    return ", ".join(found)


def _denied(task: Task) -> tuple[str, ...]:
    named = {rule.partition("(")[0] for rule in _allowed(task)}
    given = {rule for text in task.claude.disallowed_tools for rule in tools.split(text)}
    return tuple(name for name in FETCH if name not in named and name not in given)


def _allowed(task: Task) -> Iterator[str]:
    return (rule for text in task.claude.allowed_tools for rule in tools.split(text))
