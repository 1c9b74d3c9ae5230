"""What an answer of GitHub's API means: done, to be asked again later, or wrong in a way that a person has to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

from clodputer.model.errors import ClodputerError

# Codes of `GithubError`.
TOKEN_MISSING, TOKEN_INVALID, FORBIDDEN = "github_token_missing", "github_token_invalid", "github_forbidden"
NOT_FOUND, GONE, INVALID, MOVED = "github_not_found", "github_gone", "github_invalid", "github_moved"
LIMITED, UNREACHABLE, UNREADABLE = "github_limited", "github_unreachable", "github_unreadable"

# In seconds: how long to wait after a limit that names no time, and the most that a limit may make us wait. GitHub's own
# limits end within the hour.
MINUTE, LONGEST = 60.0, 3900.0
# As long as this part of an answer's message is shown.
SHOWN = 300

_LINK = re.compile(r'<([^<>]{1,2000})>;\s*rel="([a-z]+)"')
_LIMIT = re.compile(r"rate limit|abuse detection", re.IGNORECASE)


class GithubError(ClodputerError):
    """GitHub could not be asked, or refuses. status: of its answer, 0 for none. until: when to ask again (epoch seconds).

    passes: whether it may be otherwise without anybody doing anything.
    """

    def __init__(
        self, code: str, message: str, hint: str = "", *, status: int = 0, until: Optional[float] = None
    ) -> None:
        super().__init__(code, message, hint)
        self.status, self.until = status, until

    @property
    def passes(self) -> bool:
        return self.code in (LIMITED, UNREACHABLE, UNREADABLE)


class Reply(NamedTuple):
    """An answer. body: the JSON in it, None where there is none. headers: with small names. url: that has answered.

    at: when it came by the server's clock (epoch seconds), 0.0 when it does not say.
    """

    status: int
    body: Any
    headers: Mapping[str, str]
    url: str
    at: float = 0.0

    @property
    def unchanged(self) -> bool:
        """Whether there is nothing new since the entity tag that was sent with the question."""
        return self.status == 304

    @property
    def etag(self) -> str:
        """What to send with the same question next time."""
        return self.headers.get("etag", "")


def judge(reply: Reply, now: float, what: str) -> Optional[GithubError]:
    """What is wrong with an answer to the question `what`, such as `GET /repos/o/r`; None for one that can be used."""
    status = reply.status
    if 200 <= status < 300 or status == 304:
        return None
    said = f"GitHub answers {status} to {what}{_said(reply.body)}"
    if status in (403, 429) and _is_limit(reply):
        message = "GitHub's limit of requests is used up"
        return GithubError(
            LIMITED, f"{message}{_said(reply.body)}", status=status, until=not_before(reply, now)
        )
    if status >= 500 or status in (408, 429):
        return GithubError(
            UNREACHABLE, said, "Clodputer will ask again later.", status=status, until=_after(reply, now)
        )
    if status == 401:
        return GithubError(
            TOKEN_INVALID, said, "Make a new token, and put it where `github.token` looks.", status=status
        )
    if status == 403:
        return GithubError(FORBIDDEN, said, _scope(reply), status=status)
    if status == 404:
        hint = "Check the name of the repository, and whether the token may see it: GitHub says 404 for both."
        return GithubError(NOT_FOUND, said, hint, status=status)
    if status in (410, 451):
        return GithubError(GONE, said, "GitHub no longer offers this.", status=status)
    return GithubError(INVALID, said, status=status)


def not_before(reply: Reply, now: float) -> float:
    """When to ask again after a limit (epoch seconds of our clock): as the answer says, else in a minute."""
    after = _after(reply, now)
    if after is not None:
        return after
    reset = _number(reply.headers.get("x-ratelimit-reset"))
    if reply.headers.get("x-ratelimit-remaining", "").strip() == "0" and reset is not None:
        # By the server's clock, which ours may not agree with.
        return now + min(max(reset - (reply.at or now), 1.0), LONGEST)
    return now + MINUTE


def exhausted(reply: Reply, now: float) -> Optional[float]:
    """When to ask again after an answer that was given, and was the last that the limit leaves room for."""
    return not_before(reply, now) if reply.headers.get("x-ratelimit-remaining", "").strip() == "0" else None


def links(reply: Reply) -> dict[str, str]:
    """The addresses in its `Link` header by their relation, such as `next` and `last`."""
    return {relation: address for address, relation in _LINK.findall(reply.headers.get("link", "")[:8192])}


def date(text: str) -> float:
    """The moment of an HTTP date in epoch seconds; 0.0 for what is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return 0.0


def same_place(one: str, other: str) -> bool:
    """Whether two addresses are of one scheme, host and port: only there a token may go that was meant for one of them."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme.lower(), first.netloc.lower()) == (second.scheme.lower(), second.netloc.lower())


def _after(reply: Reply, now: float) -> Optional[float]:
    """What `retry-after` says: seconds, or a date by the server's clock."""
    text = reply.headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None and text:
        moment = date(text)
        seconds = moment - (reply.at or now) if moment else None
    return None if seconds is None else now + min(max(seconds, 1.0), LONGEST)


def _number(text: Optional[str]) -> Optional[float]:
    text = (text or "").strip()
    return float(text) if text.isdecimal() and text.isascii() and len(text) < 13 else None


def _is_limit(reply: Reply) -> bool:
    headers = reply.headers
    return bool(
        reply.status == 429
        or headers.get("retry-after")
        or headers.get("x-ratelimit-remaining", "").strip() == "0"
        or _LIMIT.search(_message(reply.body))
    )


def _scope(reply: Reply) -> str:
    needed = reply.headers.get("x-accepted-github-permissions") or reply.headers.get(
        "x-accepted-oauth-scopes"
    )
    what = f"the permission {_plain(needed)}" if needed else "a permission for this"
    return f"The token lacks {what}. Give it that in GitHub's settings."


def _message(body: Any) -> str:
    if not isinstance(body, Mapping):
        return ""
    message = body.get("message")
    parts = [message] if isinstance(message, str) else []
    errors = body.get("errors")
    for error in errors[:3] if isinstance(errors, list) else ():
        text = error.get("message") if isinstance(error, Mapping) else error
        parts += [text] if isinstance(text, str) else []
    return ": ".join(parts)


def _said(body: Any) -> str:
    message = _plain(_message(body))
    return f": {message}" if message else ""


def _plain(text: str) -> str:
    """What somebody else has written, on one line and not too long."""
    line = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:SHOWN]
