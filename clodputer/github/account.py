"""Whose token it is: the account under which everything is made that we publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.github import client
from clodputer.github.access import Server
from clodputer.github.answer import FORBIDDEN, UNREADABLE, GithubError

_VIEWER = "query { viewer { login databaseId } }"
# How the login of an App's account ends.
BOT = "[bot]"


class Account(NamedTuple):
    """An account of GitHub: of a person, or of an App."""

    id: int
    login: str


def account(server: Server, *, seconds: float = client.SECONDS) -> Account:
    """Whose token it is. Raises GithubError, also when GitHub does not say."""
    return asked(server, seconds=seconds)[0]


def asked(server: Server, *, seconds: float = client.SECONDS) -> tuple[Account, Mapping[str, str]]:
    """The same, and the headers of GitHub's answer, which tell of the token. Raises GithubError."""
    try:
        reply = client.get(server, "/user", seconds=seconds)
    except GithubError as error:
        if error.code != FORBIDDEN:
            raise
        # The token of an App's installation is no person's, and may not ask this.
        viewer = client.graphql(server, _VIEWER, {}, seconds=seconds).get("viewer")
        return _known(viewer, "databaseId"), {}
    return _known(reply.body, "id"), dict(reply.headers)


def _known(told: Any, key: str) -> Account:
    fields = told if isinstance(told, Mapping) else {}
    number, login = fields.get(key), fields.get("login")
    if isinstance(number, int) and number > 0 and isinstance(login, str) and login:
        return Account(number, login)
    # What is made under an account that nobody knows could not be found again, and would be made twice.
    raise GithubError(UNREADABLE, "GitHub does not say whose token this is")
