"""What became of what was published: read from GitHub's answers, and when it is looked at again; all pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.publish.rule import FILE_ISSUE, PULL_REQUEST
from clodputer.model.text.moment import moment_or

# An open one waits for a person. Merged and completed ones were accepted, closed ones were not; a reverted one was taken back.
# Ignored: it was still open when nobody looked any more. Gone: GitHub does not have it any more.
OPEN, MERGED, COMPLETED, CLOSED, REVERTED, IGNORED, GONE = (
    "open",
    "merged",
    "completed",
    "closed",
    "reverted",
    "ignored",
    "gone",
)
FATES = (OPEN, MERGED, COMPLETED, CLOSED, REVERTED, IGNORED, GONE)
ACCEPTED = (MERGED, COMPLETED)
# The kinds of which anything is to become.
WATCHED = (PULL_REQUEST, FILE_ISSUE)

# In seconds: how long one is watched, and how often it is looked at on its first day and after that.
WATCHED_FOR, OFTEN, SELDOM, DAY = 14 * 86400.0, 3600.0, 6 * 3600.0, 86400.0


class Fate(NamedTuple):
    """What became of one thing. at: epoch seconds. merged: the commit by which it was merged; base: into which branch."""

    fate: str
    at: float
    merged: str = ""
    base: str = ""


def next_look(kind: str, fate: str, at: float, looked_at: float) -> Optional[float]:
    """When one that was published at `at` is looked at again (epoch seconds); None for never."""
    if kind not in WATCHED or fate not in ("", OPEN, MERGED) or looked_at >= at + WATCHED_FOR:
        return None
    if not looked_at:
        return at + OFTEN
    pause = OFTEN if looked_at < at + DAY else SELDOM
    return min(looked_at + pause, at + WATCHED_FOR)


def of_thing(kind: str, body: Mapping[str, Any], at: float, now: float) -> Fate:
    """The fate that GitHub's answer about a pull request or an issue tells. at: when it was published."""
    closed = moment_or(body.get("closed_at"), now)
    if body.get("state") == "closed" and kind == PULL_REQUEST:
        if not body.get("merged_at"):
            return Fate(CLOSED, closed)
        base = body.get("base")
        name = str(base.get("ref") or "") if isinstance(base, Mapping) else ""
        return Fate(MERGED, moment_or(body["merged_at"], now), str(body.get("merge_commit_sha") or ""), name)
    if body.get("state") == "closed":
        return Fate(CLOSED if body.get("state_reason") == "not_planned" else COMPLETED, closed)
    return when_open(at, now)


def when_open(at: float, now: float) -> Fate:
    """The fate of one that is open still."""
    return Fate(IGNORED, at + WATCHED_FOR) if now >= at + WATCHED_FOR else Fate(OPEN, at)


def reverting(commits: Iterable[Any], merged: str, repository: str, number: Optional[int]) -> Optional[float]:
    """When one of these commits took a merge back, by its message as git and GitHub write it (epoch seconds); else None."""
    by_hand = f"This reverts commit {merged}" if merged else None
    by_button = re.compile(rf"\bReverts {re.escape(repository)}#{number}(?!\d)", re.IGNORECASE)
    for one in commits:
        commit = one.get("commit") if isinstance(one, Mapping) else None
        message = str(commit.get("message") or "") if isinstance(commit, Mapping) else ""
        if (by_hand and by_hand in message) or by_button.search(message):
            committer = commit.get("committer") if isinstance(commit, Mapping) else None
            return moment_or(committer.get("date") if isinstance(committer, Mapping) else None, 0.0)
    return None
