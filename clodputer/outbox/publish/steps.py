"""Steps that are calls of GitHub's API: what was made before is looked for first, and edited in place."""

# Anybody can write a mark of ours into a comment. What counts is the mark and who has written it, by the id of the account.
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Any, NamedTuple, Optional
from urllib.parse import quote

from clodputer.github import client
from clodputer.github.access import Server
from clodputer.github.account import Account
from clodputer.github.answer import INVALID, NOT_FOUND, GithubError
from clodputer.model.publish import marker
from clodputer.model.publish.parcel import BRANCH_DELETED, Parcel, Push, Step
from clodputer.model.publish.rule import CLOSE, COMMENT, FILE_ISSUE, LABEL, PULL_REQUEST
from clodputer.store.context import Context
from clodputer.store.git import git
from clodputer.store.outgoing import published

# Pages of a hundred that are looked through for what we have made.
_PAGES = 20
# In seconds, for one step with all its questions.
SECONDS = 60.0


class Refused(Exception):
    """GitHub does not take a step, and would not the next time; or a person has decided against it. code: why, in a word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Made(NamedTuple):
    """What came of a step. key: by which it is known again beside its number. message: what is to be known of it."""

    number: Optional[int]
    url: str
    key: str = ""
    message: str = ""


def perform(context: Context, server: Server, who: Account, parcel: Parcel, step: Step) -> Made:
    """Do a step, which may have been done before. Raises Refused, GithubError."""
    return _STEPS[step.kind](context, server, who, parcel, step)


def open_request(server: Server, parcel: Parcel, branch: str) -> Optional[int]:
    """The number of an open pull request for a branch; None when there is none. Raises GithubError."""
    return next(
        (int(one["number"]) for one in _requests(server, parcel, branch) if one.get("state") == "open"), None
    )


def _pull_request(context: Context, server: Server, who: Account, parcel: Parcel, step: Step) -> Made:
    branch = str(step.fields["branch"])
    newer = any(one.branch == branch for one in _newer(context, parcel, PULL_REQUEST))
    found = _known_request(server, who, parcel, step, branch, edit=not newer)
    if found is not None:
        return found
    base = parcel.base or str(_repository(server, parcel).get("default_branch") or "main")
    fields = {
        "title": step.fields["title"],
        "head": branch,
        "base": base,
        "body": step.fields["body"],
        "draft": True,
    }
    try:
        return _made(client.post(server, _path(parcel, "/pulls"), fields).body)
    except GithubError as error:
        # Somebody else may have opened one in between, or an answer of ours was lost.
        again = _known_request(server, who, parcel, step, branch) if error.code == INVALID else None
        if again is not None:
            return again
        if error.code == INVALID and parcel.push is not None and _is_gone(server, parcel, branch):
            raise Refused(BRANCH_DELETED, _kept(parcel.run_id, branch, parcel.push)) from None
        raise


def _is_gone(server: Server, parcel: Parcel, branch: str) -> bool:
    """Whether a branch that was pushed is not there any more. Raises GithubError."""
    try:
        client.get(server, _path(parcel, f"/git/ref/heads/{quote(branch)}"))
    except GithubError as error:
        if error.code != NOT_FOUND:
            raise
        return True
    return False


def _kept(run_id: str, branch: str, push: Push) -> str:
    """Keep the commits of a branch that was deleted, whose worktree was removed as they had been pushed; where they are."""
    name = f"refs/clodputer/{run_id}"
    said = git.call(["--git-dir", push.common, "update-ref", name, push.commit], push.common)
    kept = (
        f"they are kept in {push.common} as {name}" if not said.status else f"the last one is {push.commit}"
    )
    return (
        f"a person has deleted the branch {branch} after the commits were pushed; {kept}. "
        f"To push them once more: clodputer approve {run_id}"
    )


def _newer(context: Context, parcel: Parcel, kind: str) -> list[published.Published]:
    """What later runs of the task have published since the parcel was to be sent: an older text is not put over theirs.

    A moment that is yet to come is of a clock that went back, and says nothing about what is newer.
    """
    return [
        one
        for one in published.everything(context.home)
        if (one.task, one.kind, one.repository) == (parcel.task, kind, parcel.repository)
        and one.run_id > parcel.run_id
        and parcel.created_at < one.at <= time()
    ]


def _known_request(
    server: Server, who: Account, parcel: Parcel, step: Step, branch: str, *, edit: bool = True
) -> Optional[Made]:
    """The pull request that exists already, its text brought up to date if it is open and ours, and `edit` says so."""
    for one in _requests(server, parcel, branch):
        ours = _is_ours(one, who, step)
        if one.get("state") == "open":
            if edit and ours and one.get("body") != step.fields["body"]:
                client.patch(server, _path(parcel, f"/pulls/{one['number']}"), {"body": step.fields["body"]})
            return _made(one)
        if ours and parcel.run_id in str(one.get("body")):
            return _made(one)  # made by this run, and closed by a person since
    return None


def _requests(server: Server, parcel: Parcel, branch: str) -> list[dict[str, Any]]:
    owner = parcel.repository.partition("/")[0]
    found = _of_owner(server, parcel, owner, branch)
    if not found:
        # The repository may be another owner's by now, while its old name still leads to it.
        now = str(_repository(server, parcel).get("full_name") or "").partition("/")[0]
        found = _of_owner(server, parcel, now, branch) if now.lower() not in ("", owner.lower()) else []
    # A server that does not know the filter would give all of them.
    return [one for one in found if isinstance(one.get("head"), dict) and one["head"].get("ref") == branch]


def _of_owner(server: Server, parcel: Parcel, owner: str, branch: str) -> list[dict[str, Any]]:
    query: client.Query = {"head": f"{owner}:{branch}", "state": "all", "per_page": 100}
    return client.entries(client.get(server, _path(parcel, "/pulls"), query))


def _comment(context: Context, server: Server, who: Account, parcel: Parcel, step: Step) -> Made:
    number, body = int(step.fields["issue"]), str(step.fields["body"])
    place = _path(parcel, f"/issues/{number}/comments")
    made = [one for one in published.everything(context.home) if _was_there(one, parcel, number)]
    ours, whole = _by_receipt(server, who, parcel, step, made), True
    if ours is None:
        found, whole = client.both_ends(server, place, most=_PAGES, seconds=SECONDS)
        ours = next((one for one in found if _is_ours(one, who, step)), None)
    if ours is not None:
        if any(one.number == number for one in _newer(context, parcel, COMMENT)):
            told = f"the comment at #{number} shows what a later run has said, and was left as it is"
            return _made(ours, number)._replace(message=told)
        if ours.get("body") != body:
            try:
                client.patch(server, _path(parcel, f"/issues/comments/{ours['id']}"), {"body": body})
            except GithubError as error:
                if error.code != NOT_FOUND:
                    raise
                raise Refused("comment_deleted", f"the comment at #{number} was just deleted") from None
        return _made(ours, number)
    if made:
        raise Refused(
            "comment_deleted", f"a person has deleted the comment at #{number}; it is not made again"
        )
    told = (
        "" if whole else f"#{number} has more than {100 * _PAGES:,} comments, and not all were looked through"
    )
    return _made(client.post(server, place, {"body": body}).body, number)._replace(message=told)


def _was_there(one: published.Published, parcel: Parcel, number: int) -> bool:
    return (one.task, one.kind, one.repository, one.number) == (
        parcel.task,
        COMMENT,
        parcel.repository,
        number,
    )


def _by_receipt(
    server: Server, who: Account, parcel: Parcel, step: Step, made: Sequence[published.Published]
) -> Optional[dict[str, Any]]:
    """The comment of which we know where it is: nobody looks through thousands of others for it."""
    numbers = (
        one.url.rpartition("#issuecomment-")[2] for one in reversed(made) if "#issuecomment-" in one.url
    )
    known = next(numbers, "")
    if not known.isdecimal():
        return None
    try:
        one = client.get(server, _path(parcel, f"/issues/comments/{known}")).body
    except GithubError as error:
        if error.code != NOT_FOUND:
            raise
        return None
    return one if isinstance(one, dict) and _is_ours(one, who, step) else None


def _label(context: Context, server: Server, who: Account, parcel: Parcel, step: Step) -> Made:  # noqa: ARG001
    number = int(step.fields["issue"])
    # This adds: GitHub leaves alone what is set already.
    client.post(server, _path(parcel, f"/issues/{number}/labels"), {"labels": list(step.fields["labels"])})
    return Made(number, "")


def _close(context: Context, server: Server, who: Account, parcel: Parcel, step: Step) -> Made:  # noqa: ARG001
    number = int(step.fields["issue"])
    fields = {"state": "closed", "state_reason": step.fields["reason"]}
    return _made(client.patch(server, _path(parcel, f"/issues/{number}"), fields).body, number)


def _file_issue(context: Context, server: Server, who: Account, parcel: Parcel, step: Step) -> Made:
    mark = str(step.fields["mark"])
    for one in published.everything(context.home):
        if (one.task, one.kind, one.key, one.repository) == (
            parcel.task,
            FILE_ISSUE,
            mark,
            parcel.repository,
        ):
            return Made(one.number, one.url, mark)
    query = {"creator": who.login, "state": "all", "sort": "created", "direction": "desc"}
    found, _ = client.pages(server, _path(parcel, "/issues"), query, most=_PAGES, seconds=SECONDS)
    ours = next((one for one in found if _is_ours(one, who, step)), None)
    if ours is not None:
        return _made(ours)._replace(key=mark)
    fields = {"title": step.fields["title"], "body": step.fields["body"]}
    if step.fields.get("labels"):
        fields["labels"] = list(step.fields["labels"])
    return _made(client.post(server, _path(parcel, "/issues"), fields).body)._replace(key=mark)


_STEPS: Mapping[str, Callable[[Context, Server, Account, Parcel, Step], Made]] = {
    PULL_REQUEST: _pull_request,
    COMMENT: _comment,
    LABEL: _label,
    CLOSE: _close,
    FILE_ISSUE: _file_issue,
}


def _is_ours(one: Mapping[str, Any], who: Account, step: Step) -> bool:
    writer = one.get("user")
    known = isinstance(writer, Mapping) and writer.get("id") == who.id and who.id != 0
    return known and marker.begins(one.get("body"), str(step.fields["mark"]))


def _repository(server: Server, parcel: Parcel) -> Mapping[str, Any]:
    body = client.get(server, _path(parcel, "")).body
    return body if isinstance(body, Mapping) else {}


def _made(body: Any, number: Optional[int] = None) -> Made:
    fields = body if isinstance(body, Mapping) else {}
    told = fields.get("number") if number is None else number
    return Made(told if isinstance(told, int) else None, str(fields.get("html_url") or ""))


def _path(parcel: Parcel, rest: str) -> str:
    return f"/repos/{quote(parcel.repository)}{rest}"
