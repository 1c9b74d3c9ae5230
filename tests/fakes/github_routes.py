"""What the stand-in of GitHub's API does at each address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import quote

from tests.fakes import github_shapes as shapes
from tests.fakes.github_state import Item, Repository, State, stamp

LONGEST = 65_536


class Refused(Exception):
    """An answer other than 200, with GitHub's words."""

    def __init__(self, status: int, message: str = "", headers: Optional[dict[str, str]] = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}


@dataclass(frozen=True)
class Call:
    """A request that has a route."""

    state: State
    url: str
    found: re.Match[str]
    query: dict[str, str]
    body: Any
    address: str

    @property
    def repository(self) -> Repository:
        name = f"{self.found['owner']}/{self.found['name']}"
        found = self.state.repositories.get(name)
        if found is None:
            raise Refused(404, "Not Found")
        if found.moved_to:
            # As GitHub does it: to an address by number, without the query.
            rest = self.address.partition(name)[2]
            location = f"{self.url}/repos/{found.moved_to}{rest}"
            raise Refused(301 if self.body is None else 307, "Moved Permanently", {"Location": location})
        if found.refused:
            raise Refused(found.refused, "Issues has been disabled in this repository.")
        return found

    @property
    def item(self) -> Item:
        found = self.repository.items.get(int(self.found["number"]))
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def page(self, entries: list[Any], status: int = 200) -> tuple[int, Any, dict[str, str]]:
        """A part of a list, with `Link`, whose addresses have the repository by its number as on GitHub."""
        size = min(100, int(self.query.get("per_page", 30)))
        page = int(self.query.get("page", 1))
        pages = max(1, -(-len(entries) // size))
        rest = self.address.partition(f"/{self.found['owner']}/{self.found['name']}")[2]
        query = "".join(f"&{name}={quote(value)}" for name, value in self.query.items() if name != "page")
        base = f"{self.url}/repositories/{self.state.number(self.repository)}{rest}"
        others = {"prev": page - 1, "next": page + 1, "last": pages, "first": 1}
        shown = [
            relation for relation in others if (page > 1 if relation in ("prev", "first") else page < pages)
        ]
        links = [f'<{base}?page={others[relation]}{query}>; rel="{relation}"' for relation in shown]
        headers = {"Link": ", ".join(links)} if links else {}
        return status, entries[(page - 1) * size : page * size], headers


Answer = tuple[int, Any, dict[str, str]]
Act = Callable[[Call], Answer]


def issues(call: Call) -> Answer:
    found, state = call.repository, call.state
    items = list(found.items.values())
    wanted = [name.lower() for name in call.query.get("labels", "").split(",") if name]
    items = [item for item in items if {name.lower() for name in item.labels} >= set(wanted)]
    if call.query.get("state", "open") != "all":
        items = [item for item in items if item.state == call.query.get("state", "open")]
    items = [item for item in items if stamp(item.updated) >= call.query.get("since", "")]
    by = "updated" if call.query.get("sort") == "updated" else "created"
    items.sort(
        key=lambda item: (getattr(item, by), item.number), reverse=call.query.get("direction") != "asc"
    )
    return call.page([shapes.issue(state, call.url, found, item) for item in items])


def pulls(call: Call) -> Answer:
    found = call.repository
    wanted, (owner, _, head) = call.query.get("state", "open"), call.query.get("head", "").rpartition(":")
    if owner and owner != found.name.partition("/")[0]:
        return call.page([])  # of the forks of others the stand-in has none
    items = [item for item in found.items.values() if item.head and wanted in ("all", item.state)]
    items = [item for item in items if not head or item.head == head]
    items.sort(key=lambda item: (item.updated, item.number), reverse=call.query.get("direction") != "asc")
    return call.page([shapes.pull(call.state, call.url, found, item) for item in items])


def comments(call: Call) -> Answer:
    found = call.repository
    number = int(call.found["number"]) if "number" in call.found.re.groupindex else None
    entries = [one for one in found.comments if number in (None, one["issue_number"])]
    entries = [one for one in entries if one["updated_at"] >= call.query.get("since", "")]
    return call.page([shapes.comment(call.url, found, one) for one in entries])


def comment(call: Call) -> Answer:
    item, body = call.item, str(call.body.get("body", ""))
    if item.locked:
        raise Refused(403, "Unable to create comment because issue is locked.")
    if not body or len(body) > LONGEST:
        raise Refused(422, "Validation Failed")
    made = call.state.comment(call.repository, item, body, call.state.me)
    return 201, shapes.comment(call.url, call.repository, made), {}


def edit_comment(call: Call) -> Answer:
    found, state = call.repository, call.state
    for entry in found.comments:
        if entry["id"] == int(call.found["comment"]):
            if entry["user"]["login"] != state.me:
                raise Refused(403, "Must have admin rights to Repository.")
            entry.update(body=call.body["body"], updated_at=stamp(state.now))
            return 200, shapes.comment(call.url, found, entry), {}
    raise Refused(404, "Not Found")


def new_issue(call: Call) -> Answer:
    state = call.state
    made = state.issue(call.repository, call.body["title"], call.body.get("body"), state.me)
    for name in call.body.get("labels") or ():
        state.label(made, name, state.me)
    return 201, shapes.issue(state, call.url, call.repository, made), {}


def edit_issue(call: Call) -> Answer:
    item, state = call.item, call.state
    if {"title", "body"} & set(call.body):
        state.edit(item, title=call.body.get("title"), body=call.body.get("body"), actor=state.me)
    if call.body.get("state"):
        item.state, item.updated = call.body["state"], state.now
        item.reason = call.body.get("state_reason")
    return 200, shapes.issue(state, call.url, call.repository, item), {}


def new_pull(call: Call) -> Answer:
    found, state = call.repository, call.state
    why = shapes.refused_pull(state, found, call.body)
    if why:
        raise Refused(422, why)
    title, text = str(call.body["title"]), str(call.body.get("body") or "")
    draft = bool(call.body.get("draft"))
    made = state.pull(found, title, text, state.me, call.body["head"], call.body["base"], draft=draft)
    made.closes = [int(number) for number in re.findall(r"(?i)(?:fixes|closes) #(\d+)", text)]
    return 201, shapes.pull(state, call.url, found, made), {}


def edit_pull(call: Call) -> Answer:
    edit_issue(call)
    return 200, shapes.pull(call.state, call.url, call.repository, call.item), {}


def one_pull(call: Call) -> Answer:
    if not call.item.head:
        raise Refused(404, "Not Found")
    return 200, shapes.pull(call.state, call.url, call.repository, call.item), {}


def labels(call: Call) -> Answer:
    for name in call.body["labels"]:
        call.state.label(call.item, name, call.state.me)
    return 200, [{"name": name} for name in call.item.labels], {}


def unlabel(call: Call) -> Answer:
    if not call.state.unlabel(call.item, call.found["label"], call.state.me):
        raise Refused(404, "Label does not exist")
    return 200, [{"name": name} for name in call.item.labels], {}


def permission(call: Call) -> Answer:
    _ = call.repository
    login = call.found["login"]
    if login not in call.state.people:
        raise Refused(404, f"{login} is not a user")
    held = call.state.permission(login)
    return 200, {"permission": held, "role_name": held, "user": call.state.user(login)}, {}


def checks(call: Call) -> Answer:
    runs = call.repository.checks.get(call.found["sha"], [])
    status, shown, headers = call.page(runs)
    return status, {"total_count": len(runs), "check_runs": shown}, headers


def ask(call: Call) -> Answer:
    return 200, shapes.graphql(call.state, call.body), {}


def user(call: Call) -> Answer:
    """Whose token it is; that of an App's installation is nobody's."""
    shown = call.state.user(call.state.me)
    if shown is not None and shown["type"] == "Bot":
        raise Refused(403, "Resource not accessible by integration")
    return 200, shown, {}


def one_comment(call: Call) -> Answer:
    for entry in call.repository.comments:
        if entry["id"] == int(call.found["comment"]):
            return 200, shapes.comment(call.url, call.repository, entry), {}
    raise Refused(404, "Not Found")


def one_review(call: Call) -> Answer:
    for entry in call.item.reviews:
        if entry["id"] == int(call.found["review"]):
            return 200, entry, {}
    raise Refused(404, "Not Found")


def reference(call: Call) -> Answer:
    """A branch."""
    sha = call.state.sha(call.repository, call.found["branch"])
    if not sha:
        raise Refused(404, "Not Found")
    return 200, {"ref": f"refs/heads/{call.found['branch']}", "object": {"sha": sha, "type": "commit"}}, {}


_REPOSITORY = r"/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)"
_ISSUE, _PULL = rf"{_REPOSITORY}/issues/(?P<number>\d+)", rf"{_REPOSITORY}/pulls/(?P<number>\d+)"
ROUTES: tuple[tuple[str, str, Act], ...] = (
    ("POST", r"/graphql", ask),
    ("GET", r"/user", user),
    ("GET", _REPOSITORY, lambda call: (200, shapes.repository(call.state, call.repository), {})),
    ("GET", rf"{_REPOSITORY}/issues", issues),
    ("POST", rf"{_REPOSITORY}/issues", new_issue),
    ("GET", _ISSUE, lambda call: (200, shapes.issue(call.state, call.url, call.repository, call.item), {})),
    ("PATCH", _ISSUE, edit_issue),
    ("GET", rf"{_ISSUE}/(?:events|timeline)", lambda call: call.page(call.item.events)),
    ("GET", rf"{_ISSUE}/comments", comments),
    ("POST", rf"{_ISSUE}/comments", comment),
    ("GET", rf"{_REPOSITORY}/issues/comments", comments),
    ("GET", rf"{_REPOSITORY}/issues/comments/(?P<comment>\d+)", one_comment),
    ("PATCH", rf"{_REPOSITORY}/issues/comments/(?P<comment>\d+)", edit_comment),
    ("POST", rf"{_ISSUE}/labels", labels),
    ("DELETE", rf"{_ISSUE}/labels/(?P<label>.+)", unlabel),
    ("POST", rf"{_ISSUE}/reactions", lambda call: (201, {"content": call.body["content"]}, {})),
    ("GET", rf"{_REPOSITORY}/git/ref/heads/(?P<branch>.+)", reference),
    ("GET", rf"{_REPOSITORY}/pulls", pulls),
    ("POST", rf"{_REPOSITORY}/pulls", new_pull),
    ("GET", _PULL, one_pull),
    ("PATCH", _PULL, edit_pull),
    ("GET", rf"{_PULL}/reviews", lambda call: call.page(call.item.reviews)),
    ("GET", rf"{_PULL}/reviews/(?P<review>\d+)", one_review),
    ("GET", rf"{_PULL}/reviews/(?P<review>\d+)/comments", lambda call: call.page([])),
    ("GET", rf"{_PULL}/comments", lambda call: call.page([])),
    ("GET", rf"{_REPOSITORY}/commits/(?P<sha>[^/]+)/check-runs", checks),
    ("GET", rf"{_REPOSITORY}/commits", lambda call: call.page(call.repository.commits)),
    ("GET", rf"{_REPOSITORY}/collaborators/(?P<login>[^/]+)/permission", permission),
)
