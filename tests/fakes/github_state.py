"""What the stand-in of GitHub's API knows: people, repositories, issues, pull requests, and what has happened to them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional, Union

from tests.repositories import git

Json = dict[str, Any]


def stamp(moment: float) -> str:
    """As GitHub writes moments: whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


@dataclass
class Item:
    """An issue, or a pull request when it has a head."""

    number: int
    title: str
    body: Optional[str]
    author: Optional[str]
    created: float
    updated: float
    edited: Optional[float] = None
    state: str = "open"
    reason: Optional[str] = None
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    head: str = ""
    head_sha: str = ""
    base: str = ""
    draft: bool = False
    merged: Optional[float] = None
    reviews: list[Json] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)


@dataclass
class Repository:
    """One repository. git: its bare repository, where there is one. gone: the status with which it is refused."""

    name: str
    git: Optional[Path] = None
    items: dict[int, Item] = field(default_factory=dict)
    comments: list[Json] = field(default_factory=list)
    checks: dict[str, list[Json]] = field(default_factory=dict)
    commits: list[Json] = field(default_factory=list)
    moved_to: str = ""
    refused: int = 0
    drafts: bool = True
    next_comment: int = 1000


class State:
    """Everything, and what people do. `now` is GitHub's clock, which stands until a test moves it."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))
        # login: (id, type, permission in every repository)
        self.people: dict[str, tuple[int, str, str]] = {}
        self.repositories: dict[str, Repository] = {}
        self.me = "clodputer-robot"
        self.person(self.me, "write")
        self.person("owner", "admin")

    def person(self, login: str, permission: str, kind: str = "User") -> int:
        """Somebody with an account; the number of it."""
        number = self.people[login][0] if login in self.people else 1000 + len(self.people)
        self.people[login] = (number, kind, permission)
        return number

    def user(self, login: Optional[str]) -> Optional[Json]:
        if login is None:
            return None
        number, kind, _ = self.people[login]
        return {"login": login, "id": number, "type": kind}

    def later(self, seconds: float = 60.0) -> float:
        self.now += seconds
        return self.now

    def repository(self, name: str, bare: Optional[Path] = None) -> Repository:
        found = self.repositories[name] = Repository(name, bare)
        return found

    def number(self, repository: Repository) -> int:
        """By which a repository is known whatever it is called."""
        return 1 + list(self.repositories).index(repository.name)

    def issue(
        self, repository: Repository, title: str, body: Optional[str] = "", author: Optional[str] = "owner"
    ) -> Item:
        number = len(repository.items) + 1
        if author is not None and author not in self.people:
            self.person(author, "none")
        item = repository.items[number] = Item(number, title, body, author, self.now, self.now)
        return item

    def pull(
        self,
        repository: Repository,
        title: str,
        body: str,
        author: str,
        head: str,
        base: str = "main",
        *,
        draft: bool = False,
    ) -> Item:
        item = self.issue(repository, title, body, author)
        item.head, item.base, item.draft = head, base, draft
        item.head_sha = self.sha(repository, head) or f"{item.number:040x}"
        return item

    def sha(self, repository: Repository, branch: str) -> str:
        if repository.git is None:
            return ""
        return git(repository.git, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)

    def label(self, item: Item, name: str, actor: Optional[str] = "owner") -> None:
        """Somebody sets a label."""
        if name.lower() not in (label.lower() for label in item.labels):
            item.labels.append(name)
        self._event(item, "labeled", actor, label={"name": name})

    def unlabel(self, item: Item, name: str, actor: Optional[str] = "owner") -> bool:
        if name not in item.labels:
            return False
        item.labels.remove(name)
        self._event(item, "unlabeled", actor, label={"name": name})
        return True

    def edit(
        self, item: Item, *, title: Optional[str] = None, body: Optional[str] = None, actor: str = "owner"
    ) -> None:
        if title is not None:
            self._event(item, "renamed", actor, rename={"from": item.title, "to": title})
            item.title = title
        if body is not None:
            item.body, item.edited = body, self.now
        item.updated = self.now

    def comment(self, repository: Repository, item: Item, body: str, author: str) -> Json:
        repository.next_comment += 1
        found: Json = {
            "id": repository.next_comment,
            "node_id": f"IC_{repository.next_comment}",
            "issue_number": item.number,
            "user": self.user(author),
            "body": body,
            "created_at": stamp(self.now),
            "updated_at": stamp(self.now),
        }
        repository.comments.append(found)
        item.updated = self.now
        return found

    def review(self, item: Item, body: str, author: str, state: str = "CHANGES_REQUESTED") -> Json:
        found: Json = {
            "id": 5000 + len(item.reviews) + 100 * item.number,
            "user": self.user(author),
            "body": body,
            "state": state,
            "submitted_at": stamp(self.now),
            "commit_id": item.head_sha,
        }
        item.reviews.append(found)
        item.updated = self.now
        return found

    def check(self, repository: Repository, sha: str, name: str, conclusion: str, summary: str = "") -> None:
        """A check of a commit has come to its end. As on GitHub, the pull request does not count as updated."""
        runs = repository.checks.setdefault(sha, [])
        runs.append(
            {
                "id": 9000 + sum(map(len, repository.checks.values())),
                "name": name,
                "head_sha": sha,
                "status": "completed",
                "conclusion": conclusion,
                "completed_at": stamp(self.now),
                "html_url": f"https://github.invalid/{repository.name}/runs/{name}",
                "output": {"title": name, "summary": summary},
                "app": {"id": 15368, "slug": "github-actions"},
            }
        )

    def close(self, item: Item, *, merged: bool = False) -> None:
        item.state, item.updated = "closed", self.now
        item.merged = self.now if merged else None

    def permission(self, login: str) -> str:
        return self.people[login][2] if login in self.people else "none"

    def find(self, login: Union[str, int]) -> Optional[str]:
        for name, (number, _, _) in self.people.items():
            if login in (name, number):
                return name
        return None

    def _event(self, item: Item, name: str, actor: Optional[str], **fields: Any) -> None:
        number = item.number * 10_000 + len(item.events)
        item.events.append(
            {"id": number, "event": name, "actor": self.user(actor), "created_at": stamp(self.now), **fields}
        )
        item.updated = self.now
