"""A prompt of claude-code-queue: a Markdown file with front matter, as a task that is started by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clodputer.archive.imports.values import LEFT, TASK, UNSAID, Call, Entry, Facts

# What the queue appends to a prompt that it has run.
_LOG = re.compile(r"\n+## Execution Log\n+```\n.*\Z", re.DOTALL)
_FRONT = re.compile(r"---[ \t]*\n(.*?)(?:^|\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_KNOWN = frozenset(
    (
        "priority",
        "working_directory",
        "context_files",
        "max_retries",
        "estimated_tokens",
        "model",
        "created_at",
        "status",
        "retry_count",
        "last_executed",
        "rate_limited_at",
        "reset_time",
    )
)
# Its smallest number comes first, ours last.
_PRIORITIES = (4, 3, 2)
_RISK = (
    "claude-code-queue starts claude with --dangerously-skip-permissions, unless it is told otherwise: name what the task may "
    "do in allowed_tools and permission_mode"
)
MOST_ATTEMPTS = 20


def front(content: str) -> tuple[str, str]:
    """The front matter of a file, without its lines of dashes, and the prompt."""
    content = content.replace("\r\n", "\n").lstrip("\ufeff")
    match = _FRONT.match(content)
    if match is None:
        return "", _LOG.sub("", content).strip()
    return match[1], _LOG.sub("", content[match.end() :]).strip()


def read(where: str, fields: Any, prompt: str, facts: Facts, problem: str = "") -> Entry:
    """The entry of one file. fields: its front matter as YAML has it; problem: why that could not be read."""
    name = where.rpartition("/")[2]
    stem = name.removesuffix(".md")
    for ending in (".executing", ".rate-limited"):
        stem = stem.removesuffix(ending)
    entry = Entry(where, prompt[:200], UNSAID, hint=stem, original=name)
    if not prompt:
        return entry._replace(fate=LEFT, reason="it has no prompt")
    if problem or not (fields is None or isinstance(fields, Mapping)):
        return entry._replace(reason=f"its front matter cannot be read: {problem or 'it is not a mapping'}")
    given: Mapping[str, Any] = fields or {}
    keys: dict[str, Any] = {"prompt": prompt}
    unsaid, notes = [_RISK], []
    folder = str(given.get("working_directory") or ".")
    if folder in (".", "./"):
        unsaid.append(
            "working_directory is the folder in which claude-code-queue is started: write it into working_directory"
        )
    else:
        keys["working_directory"] = facts.place(folder)
    files = given.get("context_files")
    if isinstance(files, list) and files:
        keys["prompt"] = f"{' '.join(f'@{file}' for file in files)} {prompt}"
    elif files:
        unsaid.append("context_files is not a list")
    if isinstance(given.get("model"), str) and given["model"]:
        keys["model"] = given["model"]
    priority = given.get("priority", 0)
    if isinstance(priority, int) and not isinstance(priority, bool):
        keys["priority"] = _PRIORITIES[min(max(priority, 0), len(_PRIORITIES) - 1)]
    elif priority is not None:
        unsaid.append(f"priority {str(priority)[:40]}: this is not a number")
    retries = given.get("max_retries")
    if isinstance(retries, int) and not isinstance(retries, bool) and retries >= 0:
        keys["retry"] = {"max_attempts": min(max(1, retries), MOST_ATTEMPTS)}
        notes.append("max_retries became retry.max_attempts")
    unsaid += [f"{str(key)[:40]}: a task has no key for this" for key in given if key not in _KNOWN]
    return entry._replace(fate=TASK, call=Call(keys, {}, tuple(unsaid), tuple(notes)))
