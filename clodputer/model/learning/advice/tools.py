"""Advice about `allowed_tools`: what runs were refused again and again. Never from runs that text from outside came into."""

from __future__ import annotations

import re

from clodputer.model.learning.advice.subject import LEAST, Advice, Subject, named
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.plural import counted

# In so many runs the same was refused.
_AGAIN = 3
# What runs anything at all, or as somebody else, or cannot be undone: a person may allow it, and nobody advises it.
_NEVER = frozenset(
    [
        "sudo",
        "su",
        "doas",
        "sh",
        "bash",
        "dash",
        "zsh",
        "fish",
        "ksh",
        "eval",
        "exec",
        "env",
        "xargs",
        "nohup",
        "timeout",
        "ssh",
        "scp",
        "curl",
        "wget",
        "nc",
        "python",
        "python3",
        "perl",
        "ruby",
        "node",
        "npx",
        "uvx",
        "pipx",
        "php",
        "osascript",
        "rm",
        "rmdir",
        "dd",
        "mkfs",
        "shred",
        "chmod",
        "chown",
        "kill",
        "pkill",
        "killall",
        "crontab",
        "launchctl",
        "systemctl",
        "docker",
        "podman",
        "kubectl",
    ]
)
_BASH = re.compile(r"Bash\((?P<program>[^\s:)]+)[^)]*\)")


def look(subject: Subject) -> tuple[Advice, ...]:
    """One piece of advice for each entry, so that each can be taken or dismissed by itself."""
    runs = [run for run in subject.runs if not run.outside]
    if len(runs) < LEAST or subject.task.agent != "claude":
        return ()
    wanted: dict[str, list[PastRun]] = {}
    for run in runs:
        for rule in run.denied:
            wanted.setdefault(rule, []).append(run)
    found = []
    allowed = list(subject.task.claude.allowed_tools)
    for rule, refused in sorted(wanted.items()):
        if len(refused) < _AGAIN or not may_be_advised(rule) or _settled(subject, rule):
            continue
        why = f"{counted(len(refused), 'run')} of {len(runs)} were refused it"
        found.append(
            Advice(
                subject.task.name,
                "allowed_tools",
                "allowed_tools",
                [rule],
                True,
                allowed,
                why,
                len(refused),
                named(refused),
            )
        )
    return tuple(found)


def may_be_advised(rule: str) -> bool:
    """Whether an entry is narrow enough: not all of Bash, and not a program that runs whatever it is given."""
    if rule == "Bash":
        return False
    program = _BASH.fullmatch(rule)
    return program is None or program["program"].rsplit("/", 1)[-1] not in _NEVER


def _settled(subject: Subject, rule: str) -> bool:
    """Whether the task has it already, or says that it must not."""
    claude, tool = subject.task.claude, rule.partition("(")[0]
    forbidden = any(one == tool or one.startswith(f"{tool}(") for one in claude.disallowed_tools)
    return forbidden or tool in claude.allowed_tools or rule in claude.allowed_tools
