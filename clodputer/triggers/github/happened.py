"""What has happened on GitHub, as the request that it may become."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.model.github.ask import Ask, to_json
from clodputer.model.github.subject import Account, Labeled, Subject, own_branch
from clodputer.model.publish.marker import number_on
from clodputer.model.text.moment import iso

# The account of somebody who has deleted theirs; GitHub shows it so.
GHOST = "ghost"
# In characters: of what a comment, a review or a check says.
LONGEST = 65_536


def item_of(task: str, subject: Subject, ask: Ask) -> str:
    """What a request is about: for a pull request that a task has made for an issue that issue, for the sake of its session."""
    number = number_on(subject.branch, task) if subject.ours else None
    return f"{ask.repository}#{ask.number if number is None else number}"


def candidate(
    task: str,
    subject: Subject,
    ask: Ask,
    *,
    url: str,
    labeled: Optional[Labeled] = None,
    answers: str = "",
    **brought: dict[str, Any],
) -> dict[str, Any]:
    """One request, before the caps. answers: `go` or `comment` for what may decide about a plan that waits."""
    issue = {
        "number": ask.number,
        "kind": subject.kind,
        "repository": ask.repository,
        "title": subject.title,
        "body": subject.body,
        "author": login(subject.author),
        "labels": list(subject.labels),
        "url": url,
        "labeled_by": login(labeled.by) if labeled else "",
        "labeled_at": iso(labeled.at) if labeled else "",
        "branch": subject.branch,
        "sha": subject.sha,
        "asked": to_json(ask._replace(branch=own_branch(subject, task, ask.number))),
    }
    return {
        "item": item_of(task, subject, ask),
        "author": subject.author.id if subject.author else 0,
        "answers": answers,
        "context": {"issue": issue, **brought},
    }


def login(account: Optional[Account]) -> str:
    """The name of an account for people."""
    return account.login if account else GHOST


def text(value: Any) -> str:
    """What somebody has written, not too long; empty for none."""
    return value[:LONGEST] if isinstance(value, str) else ""
