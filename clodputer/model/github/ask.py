"""Who asks for a run of an issue or a pull request, and whether that still holds: decided before it runs, purely."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.github.rule import CHECK, COMMENT, LABEL, REVIEW, RULES
from clodputer.model.github.subject import Account, Labeled, Subject, asked, is_own
from clodputer.model.text.moment import moment_or

# Permissions of `GET /collaborators/LOGIN/permission` with which somebody may change the repository anyway.
MAY_WRITE = frozenset(("admin", "maintain", "write"))

# Why a request is given up.
CLOSED, LABEL_GONE, RELABELED = "github_closed", "github_label_gone", "github_relabeled"
NOT_PERMITTED, EDITED, HAS_PULL, PUSHED = (
    "github_not_permitted",
    "github_edited",
    "github_has_pull",
    "github_pushed",
)
COMMENT_CHANGED, NOT_ASKED = "github_comment_changed", "github_not_asked"
CODES = (
    CLOSED,
    LABEL_GONE,
    RELABELED,
    NOT_PERMITTED,
    EDITED,
    HAS_PULL,
    PUSHED,
    COMMENT_CHANGED,
    NOT_ASKED,
)


class Ask(NamedTuple):
    """What a request was made by, as its context keeps it under `issue.asked`.

    rule: one of RULES. event: id of the label's latest event. text: `Subject.text` when it was made. sha: of the commits that
    it is about, for a pull request. comment: id of the comment or review; changed: when that was last edited, as GitHub says.
    branch: of the task's own open pull request, in which the run goes on; empty for none.
    """

    repository: str
    number: int
    rule: str
    labels: tuple[str, ...]
    event: str = ""
    text: str = ""
    sha: str = ""
    comment: int = 0
    changed: str = ""
    branch: str = ""


class Refusal(NamedTuple):
    """Why it is not to run. message: what happened, and what to do."""

    code: str
    message: str


def to_json(ask: Ask) -> dict[str, Any]:
    """As a mapping of plain values."""
    return {**ask._asdict(), "labels": list(ask.labels)}


def from_json(fields: Any) -> Ask:
    """What `to_json` wrote. Raises ValueError for anything else."""
    try:
        ask = Ask(**{**fields, "labels": tuple(fields["labels"])})
    except (TypeError, KeyError):
        raise ValueError("the request does not say what it was asked for by") from None
    texts = (ask.repository, ask.rule, ask.event, ask.text, ask.sha, ask.changed, ask.branch, *ask.labels)
    if not all(isinstance(text, str) for text in texts) or ask.rule not in RULES:
        raise ValueError("the request does not say what it was asked for by")
    if not all(isinstance(number, int) for number in (ask.number, ask.comment)):
        raise ValueError("the request does not say what it was asked for by")
    return ask


def askers(ask: Ask, subject: Subject, author: Optional[Account]) -> tuple[Optional[Account], ...]:
    """Whose wish the run would be: of everybody it must be known that they may write. author: of the comment or review."""
    if ask.rule in (COMMENT, REVIEW):
        return (author,)
    if ask.rule == CHECK and subject.ours:
        return ()
    labeled = tuple(event.by for event in asked(subject, ask.labels) or ())
    # The commits that fail were pushed after the label was set, to a fork by whoever it belongs to.
    return (*labeled, subject.author) if ask.rule == CHECK and subject.fork else labeled


def judge(
    ask: Ask,
    subject: Subject,
    author: Optional[Account],
    changed: str,
    permissions: Mapping[int, str],
    trusted: Collection[int],
    task: str,
) -> Optional[Refusal]:
    """Why the request of a task is not to run, as things are now; None when it is.

    author, changed: of the comment or review, and empty when it is gone. permissions: what each asker may do, by their number.
    """
    what = f"{ask.repository}#{ask.number}"
    if not subject.open:
        return Refusal(CLOSED, f"{what} was closed.")
    if ask.rule in (COMMENT, REVIEW) and changed != ask.changed:
        return Refusal(
            COMMENT_CHANGED,
            f"The {ask.rule} on {what} was edited or removed after it was read. Write a new one.",
        )
    for account in askers(ask, subject, author):
        refusal = _unfit(what, ask, account, permissions, trusted)
        if refusal is not None:
            return refusal
    if ask.sha and subject.sha != ask.sha:
        return Refusal(PUSHED, f"{what} has had new commits since it was asked for. Set the label again.")
    if ask.rule == CHECK and subject.ours:
        return None
    return (
        _labels(what, ask, subject)
        or _read_since(what, ask, subject)
        or _other_pull(what, ask, subject, task)
    )


def _labels(what: str, ask: Ask, subject: Subject) -> Optional[Refusal]:
    events = asked(subject, ask.labels)
    if events is None:
        if subject.ours:
            return None  # a pull request of ours is followed without a label
        return Refusal(LABEL_GONE, f"{what} has no label {' and '.join(ask.labels)} any more.")
    if ask.rule != LABEL:
        return None
    if events[-1].id != ask.event:
        return Refusal(RELABELED, f"{what} was labeled again; a newer request is about that.")
    return _edited(what, ask, subject, events)


def _edited(what: str, ask: Ask, subject: Subject, events: tuple[Labeled, ...]) -> Optional[Refusal]:
    # By the whole second, so that what was done in the same one counts as done later. The earliest of several labels counts:
    # whoever set it has seen nothing newer.
    since = events[0].at
    if subject.text != ask.text or subject.edited >= since or subject.renamed >= since:
        return Refusal(
            EDITED,
            f"Title or text of {what} was edited after the label was set, so nobody has agreed to what it says now. "
            "Read it, and set the label again.",
        )
    return None


def _read_since(what: str, ask: Ask, subject: Subject) -> Optional[Refusal]:
    """Whoever has commented has read title and text as they were then: what was edited since, nobody has agreed to."""
    if ask.rule not in (COMMENT, REVIEW) or subject.ours:
        return None  # the text of our own pull requests is ours
    since = moment_or(ask.changed, 0.0)
    if max(subject.edited, subject.renamed) >= since:
        return Refusal(
            EDITED,
            f"Title or text of {what} was edited after the {ask.rule}, so nobody has agreed to what it says now. "
            f"Read it, and write the {ask.rule} again.",
        )
    return None


def _other_pull(what: str, ask: Ask, subject: Subject, task: str) -> Optional[Refusal]:
    if ask.rule != LABEL:
        return None
    for other in subject.references:
        # In the task's own one the run goes on.
        if other.closes and not is_own(other, task, ask.number):
            return Refusal(HAS_PULL, f"There is an open pull request for {what} already: #{other.number}.")
    return None


def _unfit(
    what: str, ask: Ask, account: Optional[Account], permissions: Mapping[int, str], trusted: Collection[int]
) -> Optional[Refusal]:
    done = {
        LABEL: "set the label of",
        COMMENT: "commented on",
        REVIEW: "reviewed",
        CHECK: "set the label of, or pushed to,",
    }[ask.rule]
    if account is None:
        return Refusal(
            NOT_PERMITTED,
            f"An account that no longer exists {done} {what}. Somebody who may write to the repository has to do it.",
        )
    if account.id in trusted:
        return None
    if account.bot:
        message = f"{account.login}, which is a bot, {done} {what}. To have it count, list {account.id} under github.trusted."
        return Refusal(NOT_PERMITTED, message)
    if permissions.get(account.id) in MAY_WRITE:
        return None
    held = permissions.get(account.id) or "none"
    message = f"{account.login} {done} {what}, but may not write to the repository (permission: {held})."
    return Refusal(NOT_PERMITTED, message)
