"""How what was published is known again: hidden marks in texts, and branches; always the same for the same thing."""

from __future__ import annotations

import re
from typing import Optional

from clodputer.model.isolate.worktree import part
from clodputer.model.numbers.digest import digest

# `issue 42`, `#42`, `octocat/hello-world#42`, or an address that ends in /issues/42 or /pull/42.
_NUMBERED = re.compile(
    r"(?:(?:issue|pr|pull|pull request)\s*)?#?(?P<bare>\d{1,9})"
    r"|(?:github:|https?://[^/\s]+/)?(?P<repository>[\w.-]+/[\w.-]+)(?:#|/issues/|/pull/)"
    r"(?P<number>\d{1,9})",
    re.IGNORECASE,
)
# In characters, of the part of a branch's name that an item makes.
LONGEST = 60


def sticky(task: str, number: int) -> str:
    """The mark of the one comment that a task has at an issue or pull request."""
    return _mark("comment", task, str(number))


def pull_request(task: str, item: str) -> str:
    """The mark of the pull requests for an item."""
    return _mark("pull-request", task, item)


def issue(task: str, key: str) -> str:
    """The mark of an issue that a task has filed. key: what it is about."""
    return _mark("issue", task, key)


def begins(body: object, mark: str) -> bool:
    """Whether a body is one of ours. Whoever asks must know also who wrote it: anybody can write a mark."""
    return isinstance(body, str) and body.lstrip().startswith(mark)


def number_of(item: str, repository: str = "") -> Optional[int]:
    """The number of the issue or pull request of a repository that an item is; None when it is something else."""
    found = _NUMBERED.fullmatch(item.strip())
    if found is None:
        return None
    named = found["repository"]
    if named and repository and named.lower() != repository.lower():
        return None
    return int(found["bare"] or found["number"])


def branch(task: str, item: str, request_id: str) -> str:
    """The branch on the remote: `clodputer/TASK/ITEM`, of a request about nothing `clodputer/TASK/REQUEST`."""
    number = number_of(item)
    if number is not None:
        return f"clodputer/{part(task)}/{number}"
    if not item:
        return f"clodputer/{part(task)}/{part(request_id)}"
    short = part(item)[:LONGEST].strip("-")
    # Two items that look alike as parts of a name are two branches.
    return f"clodputer/{part(task)}/{short if short == item else f'{short}-{_short(item)}'}"


def number_on(branch: str, task: str) -> Optional[int]:
    """The number of the issue for which a task has made that branch, or its `other_branch`; None for any other."""
    found = re.fullmatch(rf"clodputer/{re.escape(part(task))}/(\d{{1,9}})(?:-[0-9a-f]{{8}})*", branch)
    return int(found[1]) if found else None


def other_branch(branch: str, run_id: str) -> str:
    """Where commits go for which the branch has no room, as it has others that these do not follow."""
    return f"{branch}-{_short(run_id)}"


def _mark(kind: str, *about: str) -> str:
    return f"<!-- clodputer:{kind}:{digest(chr(0).join((kind, *about)).encode('utf-8', 'replace'), 12)} -->"


def _short(text: str) -> str:
    return digest(text.encode("utf-8", "replace"), 4)
