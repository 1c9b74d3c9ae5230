"""How the stand-in of GitHub's API shows what it knows, as JSON in GitHub's shapes, and what its GraphQL answers."""

from __future__ import annotations

from typing import Any, Optional

from tests.fakes.github_state import Item, Json, Repository, State, stamp
from tests.repositories import git


def _default_branch(found: Repository) -> str:
    return git(found.git, "symbolic-ref", "--short", "HEAD") if found.git else "main"


def repository(state: State, found: Repository) -> Json:
    """A repository as it is shown to whoever may push; of an App this does not say what it may do."""
    owner, person = found.name.partition("/")[0], state.people[state.me][1] == "User"
    return {
        "id": state.number(found),
        "full_name": found.name,
        "default_branch": _default_branch(found),
        "owner": {"login": owner},
        "permissions": {"push": person, "pull": person},
        "private": False,
    }


def issue(state: State, url: str, found: Repository, item: Item) -> Json:
    """An entry of the list of issues: pull requests are in it, and only these have the key."""
    shown: Json = {
        "id": item.number + 100_000,
        "node_id": f"I_{item.number}",
        "number": item.number,
        "title": item.title,
        "body": item.body or None,
        "state": item.state,
        "locked": item.locked,
        "user": state.user(item.author),
        "labels": [{"name": name, "id": 1} for name in item.labels],
        "created_at": stamp(item.created),
        "updated_at": stamp(item.updated),
        "html_url": f"https://github.invalid/{found.name}/issues/{item.number}",
        "comments": sum(comment["issue_number"] == item.number for comment in found.comments),
        "author_association": "NONE",
        "state_reason": item.reason,
        "closed_at": stamp(item.updated) if item.state == "closed" else None,
    }
    if item.head:
        shown["pull_request"] = {"url": f"{url}/repos/{found.name}/pulls/{item.number}"}
        shown["draft"] = item.draft
    return shown


def pull(state: State, url: str, found: Repository, item: Item) -> Json:
    shown = issue(state, url, found, item)
    del shown["pull_request"]
    name, _, branch = item.head.rpartition(":")
    head = found.name if not name else f"{name}/fork"
    item.head_sha = (state.sha(found, branch) if not name else "") or item.head_sha
    return {
        **shown,
        "html_url": f"https://github.invalid/{found.name}/pull/{item.number}",
        "draft": item.draft,
        "merged": item.merged is not None,
        "merged_at": stamp(item.merged) if item.merged is not None else None,
        "merge_commit_sha": item.head_sha if item.merged is not None else None,
        "head": {
            "ref": branch,
            "sha": item.head_sha,
            "label": item.head if name else f"{found.name.partition('/')[0]}:{branch}",
            "repo": {"full_name": head},
        },
        "base": {"ref": item.base, "repo": {"full_name": found.name}},
    }


def comment(url: str, found: Repository, entry: Json) -> Json:
    number = entry["issue_number"]
    return {
        **entry,
        "issue_url": f"{url}/repos/{found.name}/issues/{number}",
        "html_url": f"https://github.invalid/{found.name}/issues/{number}#issuecomment-{entry['id']}",
    }


def refused_pull(state: State, found: Repository, body: Json) -> str:
    """Why a pull request cannot be opened, in GitHub's words; empty when it can be."""
    head, base = str(body.get("head", "")), str(body.get("base", ""))
    if any(item.head == head and item.state == "open" for item in found.items.values()):
        return f"A pull request already exists for {found.name.partition('/')[0]}:{head}."
    if body.get("draft") and not found.drafts:
        return "Draft pull requests are not supported in this repository."
    if found.git is None:
        return ""
    if not state.sha(found, head):
        return "Validation Failed: head is invalid"
    if git(found.git, "rev-list", "--count", f"refs/heads/{base}..refs/heads/{head}", check=False) in (
        "",
        "0",
    ):
        return f"No commits between {base} and {head}"
    return ""


def graphql(state: State, body: Json) -> Json:
    """What is answered to the two questions that Clodputer asks: an issue or a pull request, with its history, and who asks."""
    variables = body.get("variables") or {}
    if "viewer" in str(body.get("query")):
        me: Any = state.user(state.me)
        return {"data": {"viewer": {"login": me["login"], "databaseId": me["id"]}}}
    found = state.repositories.get(f"{variables.get('owner')}/{variables.get('name')}")
    if found is not None and found.moved_to:
        found = state.repositories[found.moved_to]
    item = found.items.get(int(variables.get("number") or 0)) if found is not None else None
    if found is None or found.refused or item is None:
        return {
            "data": {"repository": None if found is None or found.refused else {"subject": None}},
            "errors": [{"type": "NOT_FOUND", "message": "Could not resolve to an issue or pull request."}],
        }
    subject: Json = {
        "__typename": "PullRequest" if item.head else "Issue",
        "title": item.title,
        "body": item.body or "",
        "state": item.state.upper() if item.merged is None else "MERGED",
        "lastEditedAt": stamp(item.edited) if item.edited is not None else None,
        "author": _actor(state, item.author),
        "labels": {"nodes": [{"name": name} for name in item.labels]},
        "labeled": {
            "nodes": [
                {
                    "__typename": "LabeledEvent",
                    "id": f"LE_{event['id']}",
                    "createdAt": event["created_at"],
                    "label": event["label"],
                    "actor": _actor(state, (event["actor"] or {}).get("login")),
                }
                for event in item.events
                if event["event"] == "labeled"
            ][-100:]
        },
        "renamed": {
            "nodes": [
                {"createdAt": event["created_at"]} for event in item.events if event["event"] == "renamed"
            ][-1:]
        },
        "referenced": {
            "nodes": [
                {
                    "willCloseTarget": item.number in other.closes,
                    "source": {
                        "number": other.number,
                        "state": other.state.upper(),
                        "headRefName": other.head.rpartition(":")[2],
                        "isCrossRepository": ":" in other.head,
                    },
                }
                for other in found.items.values()
                if other.head and (item.number in other.closes or f"#{item.number}" in (other.body or ""))
            ][-50:]
        },
    }
    if item.head:
        subject["headRefOid"] = state.sha(found, item.head) or item.head_sha
        subject["headRefName"] = item.head.rpartition(":")[2]
        subject["isCrossRepository"] = ":" in item.head
    return {"data": {"repository": {"subject": subject}}}


def _actor(state: State, login: Optional[str]) -> Optional[Json]:
    user: Any = state.user(login)
    if user is None:
        return None
    return {"__typename": user["type"], "login": user["login"], "databaseId": user["id"]}
