"""One look at a repository while it lasts: what it asks GitHub, how much more it may ask, and what it has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any, Optional

from clodputer.github import client
from clodputer.github import subject as subjects
from clodputer.github.access import Server, server
from clodputer.github.answer import UNREADABLE, GithubError, Reply, exhausted
from clodputer.model.github.ask import MAY_WRITE
from clodputer.model.github.keys import trusted
from clodputer.model.github.subject import Account, Subject
from clodputer.store.context import Context
from clodputer.triggers.github import judge
from clodputer.triggers.github.wish import Wish

# In seconds: for all questions of a look. Whoever has us look gives us ten.
SECONDS = 8.0
# At one look: issues that are asked about by name, and people of whom it is asked what they may do.
MOST_SUBJECTS, MOST_PEOPLE = 10, 10
# After so many looks that failed, an issue that GitHub cannot show is passed over, and no longer keeps the others waiting.
PATIENCE = 3


class Look:
    """One look while it lasts: what was found so far, and how much more may be asked."""

    def __init__(self, context: Context, wish: Wish, entry: Mapping[str, Any], now: float) -> None:
        self.wish, self.now, self.before = wish, now, judge.read(entry)
        self.give_up = monotonic() + SECONDS
        self.server: Server = server(context, 3.0)
        self.trusted = trusted(context.settings.github)
        # Entity tags are good for one token and one server.
        self.same_server = self.before["server"] == self.server.mark
        self.lists: dict[str, Any] = (
            dict(self.before["lists"]) if self.same_server else _moments(self.before["lists"])
        )
        self.known: dict[str, Any] = dict(self.before["known"])
        self.issues: list[dict[str, Any]] = []
        self.happened: list[dict[str, Any]] = []
        self.more, self.trouble = False, ""
        self.until: Optional[float] = None
        self.at = now
        self._subjects: dict[int, Optional[Subject]] = {}
        self._people: dict[int, str] = {}

    def get(self, path: str, query: Mapping[str, Any], etag: str = "") -> Reply:
        """One question. Raises GithubError."""
        address = path if "://" in path else f"/repos/{self.wish.repository}{path}"
        reply = client.get(self.server, address, query, etag=etag, seconds=subjects.left(self.give_up))
        self.until = exhausted(reply, self.now) or self.until
        self.at = reply.at or self.at
        return reply

    @property
    def watched(self) -> frozenset[str]:
        """The numbers of pull requests whose reviews or checks were looked for at the last look."""
        return frozenset((self.lists.get("pulls") or {}).get("of") or ())

    @contextmanager
    def one(self, what: str) -> Iterator[None]:
        """Around one entry of a list: what cannot be understood of it is passed over, and said; everything else goes on."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self.trouble = f"{what} is not understood, and skipped: {type(error).__name__}: {error}"[:300]

    @property
    def is_over(self) -> bool:
        """Whether no more is to be asked at this look; what is left then comes at the next."""
        spent = self.until is not None or monotonic() > self.give_up - 1.0
        return spent or len(self._subjects) >= MOST_SUBJECTS or len(self._people) >= MOST_PEOPLE

    def subject(self, number: int) -> Optional[Subject]:
        """An issue or pull request by its number, asked once.

        Raises GithubError; ValueError for one that could not be understood at several looks, one after the other.
        """
        if number not in self._subjects:
            try:
                found = subjects.fetch(self.server, self.wish.repository, number, self.give_up)
            except GithubError as error:
                if error.code == UNREADABLE and self.before["failures"] >= PATIENCE:
                    raise ValueError(error.message) from None
                raise
            self._subjects[number] = found
        return self._subjects[number]

    def may_ask(self, account: Optional[Account]) -> bool:
        """Whether what somebody writes counts: of a stranger it is passed over. Raises GithubError."""
        if account is None:
            return False
        if account.id in self.trusted or account.bot:
            return account.id in self.trusted
        if account.id not in self._people:
            repository = self.wish.repository
            held = subjects.permission(self.server, repository, account.login, self.give_up)
            self._people[account.id] = held
        return self._people[account.id] in MAY_WRITE

    def here(self, moment: float) -> float:
        """A moment of GitHub's clock by ours, which may differ."""
        return moment + self.now - self.at

    @property
    def found(self) -> dict[str, Any]:
        """What was found, for `judge`."""
        return {
            "server": self.server.mark,
            "lists": self.lists,
            "issues": self.issues,
            "happened": self.happened,
            "more": self.more,
            "until": self.until,
            "trouble": self.trouble,
        }


def _moments(lists: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the lists without their entity tags."""
    return {name: {**fields, "etag": ""} for name, fields in lists.items() if isinstance(fields, Mapping)}
