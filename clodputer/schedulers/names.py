"""What units are called: names that every scheduler accepts, unique for each task of each home, the same every time."""

from __future__ import annotations

import re
from hashlib import sha256

_LONGEST = 48


def slug(task: str) -> str:
    """A task's name in `a-z0-9-`; with a few letters of its hash when that alone could be another task's too."""
    plain = re.sub(r"[^a-z0-9]+", "-", task.lower()).strip("-")[:_LONGEST].strip("-")
    return plain if plain == task else f"{plain or 'task'}-{_digest(task)}"


def tag(home: str, account: str) -> str:
    """What sets the units of this home apart from those of other homes: nothing for the usual one."""
    return "" if home == f"{account.rstrip('/')}/.clodputer" else _digest(home)


def stem(home: str, account: str, kind: str, task: str = "", separator: str = "-") -> str:
    """The name of a unit without prefix and suffix: `task-nightly`, `spool`, or `1f3a9c-task-nightly` of another home."""
    parts = (tag(home, account), kind, slug(task) if task else "")
    return separator.join(part for part in parts if part)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:6]
