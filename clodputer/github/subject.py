"""Issues, comments and permissions as they are now, asked from GitHub."""

from __future__ import annotations

from time import monotonic
from typing import NamedTuple, Optional
from urllib.parse import quote

from clodputer.github import client
from clodputer.github.access import Server
from clodputer.github.answer import FORBIDDEN, NOT_FOUND, UNREADABLE, GithubError
from clodputer.model.github import subject as subjects
from clodputer.model.github.ask import Ask, askers
from clodputer.model.github.rule import COMMENT, REVIEW
from clodputer.model.github.subject import Account, Subject


class Written(NamedTuple):
    """A comment or a review: whose it is, and when it was last changed, as GitHub writes that."""

    author: Optional[Account]
    changed: str


def left(give_up: float) -> float:
    """The seconds until a moment of `time.monotonic`, and a little when there are none."""
    return max(0.1, give_up - monotonic())


def fetch(server: Server, repository: str, number: int, give_up: float) -> Optional[Subject]:
    """An issue or pull request; None when there is none. Raises GithubError."""
    owner, _, name = repository.partition("/")
    variables = {"owner": owner, "name": name, "number": number}
    try:
        data = client.graphql(server, subjects.QUERY, variables, seconds=left(give_up))
        return subjects.read(data)
    except ValueError as error:
        raise GithubError(
            UNREADABLE, f"GitHub's answer about {repository}#{number} is not understood: {error}"
        ) from None


def permission(server: Server, repository: str, login: str, give_up: float) -> str:
    """What somebody may do in a repository: `admin`, `write`, `read`, `none` or finer. Raises GithubError."""
    path = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
    try:
        reply = client.get(server, path, seconds=left(give_up))
    except GithubError as error:
        if error.code == NOT_FOUND:
            return "none"
        if error.code == FORBIDDEN:
            raise GithubError(
                FORBIDDEN,
                f"The token may not ask who may write to {repository}",
                "Use a token of an account that may write to it.",
                status=error.status,
            ) from None
        raise
    body = reply.body if isinstance(reply.body, dict) else {}
    # `role_name` tells `triage` from `read`; `permission` says `write` for `maintain` as well.
    return str(body.get("permission") or "none")


def permissions(
    server: Server, ask: Ask, subject: Subject, author: Optional[Account], give_up: float
) -> dict[int, str]:
    """What each of those may do whose wish a run would be, by their number. Raises GithubError."""
    people = {
        account.id: account.login for account in askers(ask, subject, author) if account and not account.bot
    }
    return {number: permission(server, ask.repository, login, give_up) for number, login in people.items()}


def written(server: Server, ask: Ask, give_up: float) -> Written:
    """The comment or review that a request was made by, as it is now; nobody's when it is gone. Raises GithubError."""
    if ask.rule not in (COMMENT, REVIEW):
        return Written(None, "")
    path = f"/repos/{ask.repository}/issues/comments/{ask.comment}"
    if ask.rule == REVIEW:
        path = f"/repos/{ask.repository}/pulls/{ask.number}/reviews/{ask.comment}"
    try:
        body = client.get(server, path, seconds=left(give_up)).body
    except GithubError as error:
        if error.code == NOT_FOUND:
            return Written(None, "")
        raise
    found = body if isinstance(body, dict) else {}
    return Written(
        subjects.account(found.get("user")), str(found.get("updated_at") or found.get("submitted_at") or "")
    )
