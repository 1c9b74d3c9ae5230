"""An issue or a pull request with its history, as GitHub's GraphQL shows it: who set which label when, what was edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.numbers.digest import digest
from clodputer.model.publish.marker import number_on
from clodputer.model.text.moment import parse_moment

ISSUE, PULL_REQUEST = "issue", "pull_request"
# What the branches of our own pull requests begin with.
OURS = "clodputer/"

# With aliases, so that strangers who mention an issue a hundred times push no label out of the answer.
QUERY = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    subject: issueOrPullRequest(number: $number) {
      __typename
      ... on Issue { state lastEditedAt title body author { ...who } labels(first: 100) { nodes { name } }
        labeled: timelineItems(last: 100, itemTypes: [LABELED_EVENT]) { nodes { ...label } }
        renamed: timelineItems(last: 1, itemTypes: [RENAMED_TITLE_EVENT]) { nodes { ...rename } }
        referenced: timelineItems(last: 100, itemTypes: [CROSS_REFERENCED_EVENT]) { nodes { ...reference } } }
      ... on PullRequest { state lastEditedAt title body author { ...who } labels(first: 100) { nodes { name } }
        headRefOid headRefName isCrossRepository
        labeled: timelineItems(last: 100, itemTypes: [LABELED_EVENT]) { nodes { ...label } }
        renamed: timelineItems(last: 1, itemTypes: [RENAMED_TITLE_EVENT]) { nodes { ...rename } } }
    }
  }
}
fragment who on Actor { __typename login ... on User { databaseId } ... on Bot { databaseId } }
fragment label on LabeledEvent { id createdAt label { name } actor { ...who } }
fragment rename on RenamedTitleEvent { createdAt }
fragment reference on CrossReferencedEvent { willCloseTarget source {
  ... on PullRequest { number state headRefName isCrossRepository } } }
"""


class Account(NamedTuple):
    """Somebody's account. Its number stays with it; a login can be given up and taken by somebody else."""

    login: str
    id: int
    bot: bool


class Labeled(NamedTuple):
    """A label was set at a moment (epoch seconds). id: GitHub's, of this event. by: None for an account that is gone."""

    id: str
    at: float
    label: str
    by: Optional[Account]


class Reference(NamedTuple):
    """An open pull request that mentions the issue. closes: it says that it closes it.

    branch: of its commits; fork: that branch is in another repository, where others may write.
    """

    number: int
    closes: bool
    branch: str = ""
    fork: bool = False


class Subject(NamedTuple):
    """What is known. edited, renamed: when the text and the title were last changed (epoch seconds), 0.0 for never.

    sha, branch, fork: of a pull request's commits.
    """

    kind: str
    open: bool
    title: str
    body: str
    author: Optional[Account]
    labels: tuple[str, ...]
    labeled: tuple[Labeled, ...]
    edited: float
    renamed: float
    references: tuple[Reference, ...] = ()
    sha: str = ""
    branch: str = ""
    fork: bool = False

    @property
    def text(self) -> str:
        """A short name for title and text together: by it is known whether they are still the same."""
        return digest(f"{self.title}\0{self.body}".encode("utf-8", "replace"))

    @property
    def ours(self) -> bool:
        """Whether it is a pull request whose branch Clodputer has made."""
        return self.kind == PULL_REQUEST and not self.fork and self.branch.startswith(OURS)


def read(data: Mapping[str, Any]) -> Optional[Subject]:
    """The subject in an answer to QUERY; None for one that there is not. Raises ValueError for a shape that is not known."""
    try:
        repository = data.get("repository")
        found = repository.get("subject") if repository else None
        return None if found is None else _subject(found)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def asked(subject: Subject, labels: Iterable[str]) -> Optional[tuple[Labeled, ...]]:
    """How each of these labels was set last, the latest last; None when one of them is not on it. Names in any case."""
    present, found = {name.lower() for name in subject.labels}, []
    for label in labels:
        events = [event for event in subject.labeled if event.label.lower() == label.lower()]
        if label.lower() not in present or not events:
            return None
        found.append(events[-1])
    return tuple(sorted(found, key=lambda event: event.at))


def own_branch(subject: Subject, task: str, number: int) -> str:
    """The branch of the open pull request that a task has made for an issue, or that it is; empty for none."""
    if subject.kind == PULL_REQUEST:
        return subject.branch if subject.ours and number_on(subject.branch, task) is not None else ""
    own = (one.branch for one in subject.references if is_own(one, task, number))
    return next(own, "")


def is_own(reference: Reference, task: str, number: int) -> bool:
    """Whether a pull request is one that a task has made for an issue: nobody else may write to that branch without
    being asked."""
    return not reference.fork and number_on(reference.branch, task) == number


def _subject(found: Mapping[str, Any]) -> Subject:
    kind = PULL_REQUEST if found["__typename"] == "PullRequest" else ISSUE
    return Subject(
        kind,
        found["state"] == "OPEN",
        str(found["title"]),
        str(found["body"] or ""),
        account(found["author"]),
        tuple(str(label["name"]) for label in found["labels"]["nodes"]),
        tuple(
            Labeled(
                str(event["id"]),
                moment(event["createdAt"]),
                str(event["label"]["name"]),
                account(event["actor"]),
            )
            for event in found["labeled"]["nodes"]
            if event and event.get("label")
        ),
        moment(found["lastEditedAt"]),
        max((moment(event["createdAt"]) for event in found["renamed"]["nodes"] if event), default=0.0),
        tuple(_references((found.get("referenced") or {}).get("nodes") or ())),
        str(found.get("headRefOid") or ""),
        str(found.get("headRefName") or ""),
        bool(found.get("isCrossRepository")),
    )


def _references(nodes: Iterable[Any]) -> Iterable[Reference]:
    for node in nodes:
        source = (node or {}).get("source") or {}
        if source.get("state") == "OPEN":
            branch, fork = str(source.get("headRefName") or ""), bool(source.get("isCrossRepository"))
            yield Reference(int(source["number"]), bool(node["willCloseTarget"]), branch, fork)


def account(found: Optional[Mapping[str, Any]]) -> Optional[Account]:
    """An account of GraphQL or of REST; None for one that is gone, or that shows no number."""
    number = (found or {}).get("databaseId") or (found or {}).get("id")
    if not found or not isinstance(number, int):
        return None
    kind = found.get("__typename") or found.get("type")
    return Account(str(found["login"]), number, kind != "User")


def moment(text: Any) -> float:
    """A moment in epoch seconds; 0.0 for none. Raises ValueError."""
    return parse_moment(text, 0.0) if text else 0.0
