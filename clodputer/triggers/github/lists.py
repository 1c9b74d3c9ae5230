"""Lists of a repository that tell what has happened: issues with the label, and comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from clodputer.github import client
from clodputer.github.answer import Reply, links
from clodputer.model.github.ask import Ask
from clodputer.model.github.marker import is_ours
from clodputer.model.github.rule import COMMENT, LABEL
from clodputer.model.github.subject import Labeled, Subject, account, asked
from clodputer.model.text.moment import iso, parse_moment
from clodputer.triggers.github.asking import Look
from clodputer.triggers.github.happened import candidate, login, text

# In seconds: a list begins so long before what was seen last, for GitHub's lists lag a little.
OVERLAP = 60.0
PER_PAGE, MOST_PAGES = 100, 5
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_OLDEST_FIRST: Mapping[str, Any] = {"sort": "updated", "direction": "asc", "per_page": PER_PAGE}


def issues(at: Look) -> None:
    """Issues and pull requests whose label was set since the last look. Raises GithubError."""
    kept, labels = at.lists.get("issues") or {}, ",".join(at.wish.labels)
    # Of other labels or kinds, what was set long ago is new.
    wish = f"{labels} {' '.join(sorted(at.wish.kinds))}"
    since = str(kept.get("since") or "") if kept.get("wish") == wish else ""
    question = f"{wish} {since}"
    query = {"labels": labels, "state": "open", **_OLDEST_FIRST, **({"since": since} if since else {})}
    reply = at.get("/issues", query, str(kept.get("etag") or "") if kept.get("for") == question else "")
    if reply.unchanged:
        return
    begins, tag = _taken(
        at, reply, since, f"an issue of {at.wish.repository}", lambda shown: _issue(at, shown)
    )
    at.lists["issues"] = {"wish": wish, "since": begins, "for": question, "etag": tag}


def comments(at: Look) -> None:
    """What was written about issues that are known. Raises GithubError."""
    kept = at.lists.get("comments") or {}
    since = str(kept.get("since") or "")
    if not since:
        now = _whole(at.at)
        at.lists["comments"] = {"since": now, "from": now, "for": "", "etag": ""}
        return
    if at.is_over:
        at.more = True
        return
    tag = str(kept.get("etag") or "") if kept.get("for") == since else ""
    reply = at.get("/issues/comments", {**_OLDEST_FIRST, "since": since}, tag)
    if reply.unchanged:
        return
    begun = str(kept.get("from") or since)
    begins, tag = _taken(
        at, reply, since, f"a comment in {at.wish.repository}", lambda shown: _comment(at, shown, begun)
    )
    at.lists["comments"] = {**kept, "since": begins, "for": since, "etag": tag}


def _taken(
    at: Look, reply: Reply, since: str, what: str, take: Callable[[Mapping[str, Any]], None]
) -> tuple[str, str]:
    """Take each entry of a list, as long as there is time: where the list begins the next time, and the tag of its answer.

    Of a list that begins elsewhere the next time, or that was not read to its end, the tag says nothing: it is empty.
    what: an entry in words, should one be odd.
    """
    newest, whole = since, True
    for shown in _entries(at, reply, since):
        if at.is_over:
            at.more, whole = True, False
            break
        with at.one(what):
            take(shown)
        newest = max(newest, _moment(shown))
    begins = max(since, _earlier(newest)) if newest else ""
    at.more = at.more or bool(whole and links(reply).get("next") and begins != since)
    return begins, reply.etag if whole and not at.more and begins == since else ""


def _entries(at: Look, reply: Reply, since: str) -> Any:
    """The entries of a list on its first page; on more where these were all changed at about one moment.

    Entries move while pages are read, so that a list of which a page is full is rather started again where this one ends.
    """
    for _ in range(MOST_PAGES):
        found = client.entries(reply)
        yield from found
        address = links(reply).get("next")
        last = _moment(found[-1]) if found else ""
        if not address or _earlier(last) > since:
            return
        reply = at.get(address, {})


def _issue(at: Look, shown: Mapping[str, Any]) -> None:
    number, updated = int(shown["number"]), str(shown.get("updated_at") or "")
    wanted = "pull_requests" if "pull_request" in shown else "issues"
    known = at.known.get(str(number)) or {}
    if wanted not in at.wish.kinds or known.get("updated") == updated:
        return
    subject = at.subject(number)
    events = asked(subject, at.wish.labels) if subject is not None and subject.open else None
    entry: dict[str, Any] = {"number": number, "updated": updated, "event": "", "candidate": None}
    if subject is not None and events:
        event, url = events[-1], text(shown.get("html_url"))
        ask = Ask(at.wish.repository, number, LABEL, at.wish.labels, event.id, subject.text, subject.sha)
        entry["event"], entry["candidate"] = (
            event.id,
            candidate(at.wish.task, subject, ask, url=url, labeled=event),
        )
        _go(at, subject, ask, event, url)
    at.issues.append(entry)
    at.known[str(number)] = {"updated": updated, "event": entry["event"]}


def _go(at: Look, subject: Subject, ask: Ask, since: Labeled, url: str) -> None:
    """A label that approves the plan."""
    for event in asked(subject, (at.wish.go,)) or ():
        name = f"label:{event.id}"
        if event.at < since.at or event.id == since.id or name in at.before["taken"]:
            continue
        may = at.may_ask(event.by)
        told = candidate(at.wish.task, subject, ask, url=url, answers="go") if may else None
        at.happened.append(
            {"id": name, "candidate": told and {**told, "by": login(event.by), "at": at.here(event.at)}}
        )


def _comment(at: Look, shown: Mapping[str, Any], begun: str) -> None:
    name, body = f"comment:{shown.get('id')}", text(shown.get("body"))
    number = str(shown.get("issue_url") or "").rpartition("/")[2]
    created, updated = str(shown.get("created_at") or ""), str(shown.get("updated_at") or "")
    # What was written before we began, our own, and what is about issues that are not ours.
    if (
        not (number in at.known or number in at.watched)
        or created < begun
        or is_ours(body)
        or name in at.before["taken"]
    ):
        return
    writer, told = account(shown.get("user")), None
    subject = at.subject(int(number)) if at.may_ask(writer) else None
    if subject is not None and subject.open:
        go = body.strip().rstrip("!.").strip().lower() == at.wish.go.lower()
        ask = Ask(
            at.wish.repository,
            int(number),
            COMMENT,
            at.wish.labels,
            text=subject.text,
            sha=subject.sha if subject.fork else "",
            comment=int(shown["id"]),
            changed=updated,
        )
        url = text(shown.get("html_url"))
        comment = {"author": login(writer), "body": body, "created_at": created, "url": url}
        told = candidate(
            at.wish.task,
            subject,
            ask,
            url=url.partition("#")[0],
            answers="go" if go else "comment",
            comment=comment,
        )
        told = {**told, "by": login(writer), "at": at.here(parse_moment(created, 0.0))}
    at.happened.append({"id": name, "candidate": told})


def _moment(shown: Mapping[str, Any]) -> str:
    """When an entry was changed, as GitHub writes it; empty for anything else."""
    text = shown.get("updated_at")
    return text if isinstance(text, str) and _MOMENT.fullmatch(text) else ""


def _earlier(moment: str) -> str:
    return _whole(parse_moment(moment, 0.0) - OVERLAP) if moment else ""


def _whole(moment: float) -> str:
    """A moment as GitHub writes it, to the second."""
    return f"{iso(float(int(moment)))[:19]}Z"
