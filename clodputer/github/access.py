"""Who asks GitHub, and where: the address and the token, as `github` in config.yaml says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from clodputer.github.answer import TOKEN_MISSING, GithubError
from clodputer.model.config.secretref import words
from clodputer.model.github.keys import API, GH, token_name
from clodputer.model.numbers.digest import digest
from clodputer.store.context import Context
from clodputer.store.secrets import fetch, program
from clodputer.store.secrets.lookup import Missed, text_of

_LOCAL = ("localhost", "127.0.0.1", "::1")
# A host with its port: without the login of a person, and without anything that means something in a script.
_PLAIN = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?")
# In seconds: how long the look-up of a token may take.
SECONDS = 5.0


class Server(NamedTuple):
    """The address of an API, without a slash at its end, and the token for it. environ: says by which proxy it is reached."""

    url: str
    token: str
    environ: Mapping[str, str]

    def __repr__(self) -> str:
        """Without the token: it must not get into what is printed of an error."""
        return f"Server({self.url!r})"

    @property
    def graphql(self) -> str:
        """The address of its GraphQL API: on a GitHub Enterprise Server that lies beside the other, not below it."""
        return f"{self.url.removesuffix('/v3')}/graphql"

    def takes_pushes(self, url: str) -> bool:
        """Whether the token may go to a remote at that address: one of the same service, by https or within this machine.

        github.com has its API at api.github.com, a GitHub Enterprise Server at its own host. Where the API is reached by a
        proxy on this machine, that is not known: then github.com counts, and this machine.
        """
        parts, host = urlsplit(url), urlsplit(self.url).hostname or ""
        if not _PLAIN.fullmatch(parts.netloc) or parts.scheme not in ("https", "http"):
            return False
        there, local = parts.hostname or "", host in _LOCAL
        if parts.scheme == "http":
            return local and there in _LOCAL
        return there == host.removeprefix("api.") or (local and there in ("github.com", *_LOCAL))

    @property
    def mark(self) -> str:
        """A name for this address and token, which gives neither away. Entity tags are valid under one mark only."""
        return digest(f"{self.url}\0{self.token}".encode("utf-8", "surrogateescape"), 8)


def server(context: Context, seconds: float = SECONDS) -> Server:
    """The server that config.yaml names, its token looked up.

    Raises GithubError ("github_token_missing") when no token is named or it cannot be had; `until` is set where it may be had
    later.
    """
    setting = context.settings.github
    url = str(setting.get("api_url") or API)
    return Server(url, _checked(_token(context, setting, url, seconds)), context.environ)


def _token(context: Context, setting: Mapping[str, Any], url: str, seconds: float) -> str:
    name = token_name(setting)
    if name is None:
        if setting.get("token") != GH:
            raise _missing(
                "config.yaml names no token for GitHub",
                f"Write GITHUB_TOKEN=... into {context.home.secrets}, and into {context.home.config}:\n"
                'github:\n  token: "{{ env.GITHUB_TOKEN }}"',
            )
        return _of_gh(context, url, seconds)
    value = context.secrets.get(name)
    if value is not None:
        return value
    reference = context.settings.secrets.get(name)
    if reference is None:
        raise _missing(
            f"the secret {name}, which github.token in config.yaml names, is not known",
            f"Write {name}=... into {context.home.secrets}.",
        )
    try:
        return fetch.directly(reference, context.environ, seconds)
    except Missed as error:
        raise _missing(f"the secret {name} ({words(reference)}) could not be looked up: {error}") from None


def _of_gh(context: Context, url: str, seconds: float) -> str:
    host = url.partition("://")[2].partition("/")[0]
    argv = ["gh", "auth", "token"]
    if host != "api.github.com":
        argv += ["--hostname", host.partition(":")[0]]
    try:
        return text_of(program.printed(argv, context.environ, seconds))
    except Missed as error:
        raise _missing(f"gh has no token: {error}", "To log in: gh auth login") from None


def _checked(token: str) -> str:
    """The token, which goes into a header: anything else in it than what tokens hold would end the header."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise _missing(
            "the value that is configured as GitHub's token is not a token: tokens are letters, digits and signs on one line"
        )
    return token


def _missing(message: str, hint: str = "") -> GithubError:
    return GithubError(TOKEN_MISSING, message, hint)
