"""What happens to pull requests: reviews, and checks that fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.github import client
from clodputer.github.answer import NOT_FOUND, GithubError, Reply, links
from clodputer.model.github.ask import Ask
from clodputer.model.github.rule import CHECK, REVIEW
from clodputer.model.github.subject import OURS, account
from clodputer.model.text.moment import iso
from clodputer.triggers.github.asking import Look
from clodputer.triggers.github.happened import candidate, login, text

# Of so many pull requests reviews and checks are looked for, those first that were changed last.
MOST = 20
# Of the reviews of one, the oldest of which come first, and of the checks of a commit, so many pages are read.
PER_PAGE, MOST_PAGES = 100, 10
_SAYS_SOMETHING = frozenset(("CHANGES_REQUESTED", "COMMENTED"))
_FAILED = frozenset(("failure", "timed_out"))
# In characters: of what each failed check says.
LONGEST_SUMMARY = 4000


def look(at: Look) -> None:
    """Raises GithubError."""
    kept = at.lists.get("pulls") or {}
    if at.is_over:
        at.more = True
        return
    begun = str(kept.get("from") or f"{iso(float(int(at.at)))[:19]}Z")
    query = {"state": "open", "sort": "updated", "direction": "desc", "per_page": PER_PAGE}
    reply = at.get("/pulls", query, str(kept.get("etag") or ""))
    watched = kept.get("watched") or [] if reply.unchanged else _watched(at, client.entries(reply))
    before: Mapping[str, Any] = kept.get("of") or {}
    of: dict[str, Any] = {}
    for pull in watched:
        number = str(pull["number"])
        known = before.get(number) or {}
        of[number] = known
        if at.is_over:
            at.more = True
            continue
        if "reviews" in at.wish.kinds and known.get("updated") != pull["updated"]:
            _reviews(at, pull, begun)
            known = {**known, "updated": pull["updated"]}
        if "checks" in at.wish.kinds:
            known = _checks(at, pull, known)
        of[number] = known
    etag = reply.etag or kept.get("etag") or ""
    at.lists["pulls"] = {"from": begun, "etag": etag, "watched": watched, "of": of}


def _watched(at: Look, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that have the labels, or whose branch in this repository Clodputer has made."""
    wanted = {label.lower() for label in at.wish.labels}
    found: list[dict[str, Any]] = []
    for pull in shown:
        with at.one(f"a pull request of {at.wish.repository}"):
            labels = {str(label.get("name")).lower() for label in pull.get("labels") or ()}
            head, base = pull.get("head") or {}, pull.get("base") or {}
            # As GitHub names both: the repository may have another name by now than the one it is asked by.
            names = [str((one.get("repo") or {}).get("full_name") or "").lower() for one in (head, base)]
            here = names[0] == names[1] != ""
            if wanted <= labels or (here and str(head.get("ref")).startswith(OURS)):
                fields = {"number": int(pull["number"]), "updated": str(pull.get("updated_at") or "")}
                found.append({**fields, "sha": str(head["sha"]), "url": text(pull.get("html_url"))})
    return found[:MOST]


def _reviews(at: Look, pull: Mapping[str, Any], begun: str) -> None:
    number = pull["number"]
    for reply in _pages(at, at.get(f"/pulls/{number}/reviews", {"per_page": PER_PAGE})):
        for review in client.entries(reply):
            with at.one(f"a review of {at.wish.repository}#{number}"):
                _review(at, pull, review, begun)


def _pages(at: Look, reply: Reply) -> Iterator[Reply]:
    """An answer and those of the pages after it. Raises GithubError."""
    for _ in range(MOST_PAGES):
        yield reply
        address = links(reply).get("next")
        if not address:
            return
        reply = at.get(address, {})


def _review(at: Look, pull: Mapping[str, Any], review: Mapping[str, Any], begun: str) -> None:
    number = pull["number"]
    name, submitted = f"review:{review.get('id')}", str(review.get("submitted_at") or "")
    if review.get("state") not in _SAYS_SOMETHING or submitted < begun or name in at.before["taken"]:
        return
    writer, told = account(review.get("user")), None
    body = text(review.get("body"))
    subject = at.subject(number) if at.may_ask(writer) else None
    if subject is not None and subject.open:
        body = "\n\n".join(filter(None, (body, *_inline(at, number, int(review["id"])))))
        ask = Ask(
            at.wish.repository,
            number,
            REVIEW,
            at.wish.labels,
            # Of a fork what was reviewed counts alone; to our own branch the run itself may push meanwhile.
            sha=text(review.get("commit_id")) if subject.fork else "",
            comment=int(review["id"]),
            changed=submitted,
        )
        said = {
            "author": login(writer),
            "body": body,
            "state": str(review["state"]).lower(),
            "url": text(review.get("html_url")),
        }
        told = candidate(at.wish.task, subject, ask, url=pull["url"], review=said) if body else None
    at.happened.append({"id": name, "candidate": told})


def _inline(at: Look, number: int, review: int) -> list[str]:
    """What a review says beside single lines."""
    reply = at.get(f"/pulls/{number}/reviews/{review}/comments", {"per_page": PER_PAGE})
    return [
        f"{one.get('path')}:{one.get('line') or one.get('original_line') or ''}: {text(one.get('body'))}"
        for one in client.entries(reply)
    ]


def _checks(at: Look, pull: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    sha, number = pull["sha"], pull["number"]
    etag = str(known.get("etag") or "") if known.get("sha") == sha else ""
    try:
        reply = at.get(f"/commits/{sha}/check-runs", {"filter": "latest", "per_page": PER_PAGE}, etag)
    except GithubError as error:
        if error.code == NOT_FOUND:
            return {**known}  # its branch is gone since
        raise
    with at.one(f"checks of {at.wish.repository}#{number}"):
        if reply.unchanged:
            return {**known}
        runs = [run for one in _pages(at, reply) for run in (one.body or {}).get("check_runs") or []]
        _failed(at, pull, number, sha, runs)
    # The tag of the first page says nothing of the others.
    tag = "" if links(reply).get("next") else reply.etag or etag
    return {**known, "sha": sha, "etag": tag}


def _failed(at: Look, pull: Mapping[str, Any], number: int, sha: str, runs: list[dict[str, Any]]) -> None:
    name = f"check:{sha}"
    failed = [run for run in runs if run.get("conclusion") in _FAILED]
    # Until all have ended, nobody knows all that failed.
    if name in at.before["taken"] or not failed or any(run.get("status") != "completed" for run in runs):
        return
    subject, told = at.subject(number), None
    if subject is not None and subject.open and subject.sha == sha:
        ask = Ask(at.wish.repository, number, CHECK, at.wish.labels, sha=sha)
        names = [text(run.get("name")) for run in failed]
        first = failed[0]
        check = {
            "name": names[0],
            "conclusion": text(first.get("conclusion")),
            "summary": "\n\n".join(filter(None, map(_summary, failed))),
            "url": text(first.get("html_url")),
            "failed": names,
        }
        told = candidate(at.wish.task, subject, ask, url=pull["url"], check=check)
    at.happened.append({"id": name, "candidate": told})


def _summary(run: Mapping[str, Any]) -> str:
    output = run.get("output") or {}
    said = "\n".join(
        filter(None, (text(output.get("title")), text(output.get("summary")), text(output.get("text"))))
    )
    return f"{text(run.get('name'))}: {said[:LONGEST_SUMMARY]}" if said else ""
