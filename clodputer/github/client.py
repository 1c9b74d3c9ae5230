"""One question to GitHub's API and its answer: a server may be slow, redirect, refuse, or answer without end."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from json import dumps, loads
from time import monotonic, time
from typing import Any, Optional, Union
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from clodputer import __version__
from clodputer.github.access import Server
from clodputer.github.answer import (
    MOVED,
    UNREACHABLE,
    UNREADABLE,
    GithubError,
    Reply,
    date,
    judge,
    links,
    same_place,
)
from clodputer.store.computer import proxies

# In seconds: for one question with all redirections, unless who asks has less.
SECONDS = 10.0
# In bytes: a page of a hundred issues, each as long as GitHub allows, has less than half of this.
LARGEST = 32 * 1024 * 1024
REDIRECTIONS = 3
# The version of the API for which this is written; https://docs.github.com/rest/about-the-rest-api/api-versions
API_VERSION = "2022-11-28"

_CHUNK = 64 * 1024
_PER_PAGE = 100
_MOVED, _MOVED_FOR_WRITES = (301, 302, 307, 308), (307, 308)

Query = Mapping[str, Union[str, int]]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows none by itself: where a redirection leads is looked at first, for the token goes along."""

    def redirect_request(self, *_: Any) -> None:
        """Say that there is nothing to follow, which makes an HTTPError of the answer."""


def get(
    server: Server, path: str, query: Optional[Query] = None, *, etag: str = "", seconds: float = SECONDS
) -> Reply:
    """Read something. path: from the slash on, such as `/repos/o/r/issues`, or a whole address of the same server.

    etag: of an earlier answer to the same question; `Reply.unchanged` then says that it still holds. Raises GithubError.
    """
    address = _address(server, path, query)
    return _ask(server, "GET", address, None, {"If-None-Match": etag} if etag else {}, seconds)


def post(server: Server, path: str, body: Any, *, seconds: float = SECONDS) -> Reply:
    """Make something. Raises GithubError."""
    return _ask(server, "POST", _address(server, path), body, {}, seconds)


def patch(server: Server, path: str, body: Any, *, seconds: float = SECONDS) -> Reply:
    """Change something. Raises GithubError."""
    return _ask(server, "PATCH", _address(server, path), body, {}, seconds)


def pages(
    server: Server, path: str, query: Optional[Query] = None, *, most: int = 10, seconds: float = SECONDS
) -> tuple[list[Any], bool]:
    """The entries of a list on all its pages, at most so many; and whether these were all. Raises GithubError.

    The time is for all pages together.
    """
    give_up = monotonic() + seconds
    address, found = _address(server, path, {"per_page": _PER_PAGE, **(query or {})}), []
    for _ in range(most):
        reply = _ask(server, "GET", address, None, {}, max(0.1, give_up - monotonic()))
        found += entries(reply)
        address = links(reply).get("next", "")
        if not address:
            return found, True
    return found, False


def both_ends(
    server: Server, path: str, *, most: int = 10, seconds: float = SECONDS
) -> tuple[list[Any], bool]:
    """The entries of a long list on its first page and on its last ones, at most so many pages; and whether these were all.

    Raises GithubError. The time is for all pages together.
    """
    give_up = monotonic() + seconds
    reply = _ask(server, "GET", _address(server, path, {"per_page": _PER_PAGE}), None, {}, seconds)
    found, address = entries(reply), links(reply).get("last", "")
    for _ in range(most - 1):
        if not address:
            return found, True
        reply = _ask(server, "GET", address, None, {}, max(0.1, give_up - monotonic()))
        found += entries(reply)
        there = links(reply)
        address = there.get("prev", "")
        if address == there.get("first"):
            address = ""
    return found, not address


def entries(reply: Reply) -> list[Any]:
    """The mappings of an answer that is a list. Raises GithubError for any other."""
    if not isinstance(reply.body, list):
        raise GithubError(UNREADABLE, f"GitHub's answer to {_shown(reply.url)} is not a list")
    return [entry for entry in reply.body if isinstance(entry, dict)]


def graphql(
    server: Server, query: str, variables: Mapping[str, Any], *, seconds: float = SECONDS
) -> Mapping[str, Any]:
    """What the GraphQL API answers, its `data`. Raises GithubError, also for an answer with errors."""
    reply = _ask(server, "POST", server.graphql, {"query": query, "variables": dict(variables)}, {}, seconds)
    body = reply.body if isinstance(reply.body, dict) else {}
    data, errors = body.get("data"), body.get("errors")
    if isinstance(data, dict) and (not errors or _only_missing(data, errors)):
        return data
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    # GraphQL says with status 200 what the other API says with 403 and 404.
    status = {"NOT_FOUND": 404, "FORBIDDEN": 403, "RATE_LIMITED": 429}.get(str(first.get("type")), 0)
    told = Reply(status, {"message": first.get("message")}, reply.headers, reply.url, reply.at)
    wrong = judge(told, time(), "a question of GraphQL") if status else None
    raise wrong or GithubError(
        UNREADABLE,
        f"GitHub cannot answer a question of GraphQL: {str(first.get('message') or 'no data')[:300]}",
    )


def _only_missing(data: Mapping[str, Any], errors: Any) -> bool:
    """Whether the errors of an answer say no more than that one part of it is not there: an issue, of a repository that is."""
    kinds = (
        {error.get("type") for error in errors if isinstance(error, dict)}
        if isinstance(errors, list)
        else set()
    )
    return kinds == {"NOT_FOUND"} and any(value is not None for value in data.values())


def _address(server: Server, path: str, query: Optional[Query] = None) -> str:
    address = path if "://" in path else f"{server.url}{path}"
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}" if query else address


def _ask(
    server: Server, method: str, address: str, body: Any, headers: Mapping[str, str], seconds: float
) -> Reply:
    give_up = monotonic() + seconds
    what = f"{method} {_shown(address)}"
    if not same_place(server.url, address):
        raise GithubError(
            UNREADABLE, f"GitHub names {_shown(address)}, which is another server; it is not asked"
        )
    followed = _MOVED if method == "GET" else _MOVED_FOR_WRITES
    reply = _once(server, method, address, body, headers, give_up)
    for _ in range(REDIRECTIONS):
        location = reply.headers.get("location", "")
        if reply.status not in _MOVED or not location:
            break
        there = _carried(urljoin(address, location), address)
        if reply.status not in followed or not same_place(server.url, there):
            message = f"{what} is redirected to {_shown(there)}, where the token is not sent"
            raise GithubError(MOVED, message, "Write the new name.", status=reply.status)
        address = there
        reply = _once(server, method, address, body, headers, give_up)
    if reply.status in _MOVED:
        raise GithubError(MOVED, f"{what} is redirected to nowhere, or again and again", status=reply.status)
    wrong = judge(reply, time(), what)
    if wrong is not None:
        raise wrong
    return reply


def _carried(there: str, before: str) -> str:
    """Where a redirection leads, with the query of before where it has none: a renamed repository's has none."""
    parts = urlsplit(there)
    return there if parts.query else urlunsplit(parts._replace(query=urlsplit(before).query))


def _once(
    server: Server, method: str, address: str, body: Any, headers: Mapping[str, str], give_up: float
) -> Reply:
    host = urlsplit(address).hostname or ""
    opener = urllib.request.build_opener(
        _NoRedirect, urllib.request.ProxyHandler(proxies.of_host(server.environ, host))
    )
    data = None if body is None else dumps(body).encode()
    request = urllib.request.Request(address, data, method=method)
    sent = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": API_VERSION,
        "User-Agent": f"clodputer/{__version__}",
        **({"Content-Type": "application/json"} if data is not None else {}),
        **headers,
    }
    for name, value in sent.items():
        request.add_header(name, value)
    # Not one of those that urllib would repeat to another host.
    request.add_unredirected_header("Authorization", f"Bearer {server.token}")
    try:
        try:
            answer: Any = opener.open(request, timeout=_left(give_up))
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return _reply(answer, address, _read(answer, give_up))
    except (TimeoutError, socket.timeout):  # two classes before Python 3.10
        raise _unreachable(f"{host} does not answer in time") from None
    except urllib.error.URLError as error:
        raise _unreachable(f"{host}: {_why(error.reason)}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise _unreachable(f"{host}: {_why(error)}") from None


def _read(answer: Any, give_up: float) -> bytes:
    """What is answered, whole. Raises TimeoutError when it takes too long, GithubError when it is too much."""
    found = bytearray()
    response = answer if isinstance(answer, HTTPResponse) else answer.fp
    while True:
        _left(give_up)
        # No more than one look at the socket: a server may send a byte now and then, forever.
        some = response.read1(_CHUNK)
        if not some:
            return bytes(found)
        found += some
        if len(found) > LARGEST:
            raise GithubError(UNREADABLE, f"GitHub's answer has more than {LARGEST // 1024**2} MB")


def _reply(answer: Any, url: str, content: bytes) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    status, at = int(answer.status), date(headers.get("date", ""))
    body = None
    if content and "json" in headers.get("content-type", ""):
        try:
            body = loads(content)
        except (ValueError, RecursionError):
            if 200 <= status < 300:
                raise GithubError(
                    UNREADABLE, f"GitHub's answer to {_shown(url)} is broken JSON", status=status
                ) from None
    elif content and 200 <= status < 300:
        raise GithubError(UNREADABLE, f"GitHub's answer to {_shown(url)} is not JSON", status=status)
    return Reply(status, body, headers, url, at)


def _left(give_up: float) -> float:
    left = give_up - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _unreachable(message: str) -> GithubError:
    return GithubError(UNREACHABLE, f"GitHub cannot be reached: {message}", "Clodputer will ask again later.")


def _why(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "it does not answer in time"
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _shown(address: str) -> str:
    """An address for people: without its query, which says nothing to them."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))[:300]
