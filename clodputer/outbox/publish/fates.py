"""What was published is looked at again for two weeks: merged, closed, reverted or ignored; bounded, and with entity tags."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Optional
from urllib.parse import quote

from clodputer.github import client
from clodputer.github.access import Server
from clodputer.github.answer import GONE as NOT_OFFERED
from clodputer.github.answer import NOT_FOUND, GithubError
from clodputer.model.publish import fate as fates
from clodputer.model.publish.fate import GONE, MERGED, REVERTED, WATCHED_FOR, Fate
from clodputer.model.publish.rule import PULL_REQUEST
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.outgoing import parcels, published
from clodputer.store.outgoing.published import Published

# So many things are looked at in one round, and so long it is waited after an error, in seconds.
MOST, PAUSE = 20, 3600.0


def look(context: Context, server: Callable[[], Server]) -> None:
    """Look at those whose time has come, and note when to look again. server: looks its token up. Raises OSError."""
    now = time()
    if not any(name.partition(".")[0] <= f"{int(now * 1000):013d}" for name in parcels.looks(context.home)):
        note(context, now)
        return
    looked, until = 0, 0.0
    for one in _watched(context, now):
        due = _next(one)
        if due is None or due > now:
            continue
        if looked >= MOST:
            break
        looked += 1
        try:
            _look(context, server(), one, now)
        except GithubError as error:
            until = max(error.until or 0.0, now + PAUSE)
            break  # the others would meet the same
    note(context, now, until)


def note(context: Context, now: float, not_before: float = 0.0) -> None:
    """Note when to look next; nothing when there is nothing to look at. Raises OSError."""
    moments = [due for one in _watched(context, now) if (due := _next(one)) is not None]
    parcels.note_look(context.home, max(min(moments), not_before) if moments else None)


def _watched(context: Context, now: float) -> list[Published]:
    # A parcel may wait for a day or for a person: its run began earlier than it was published.
    since = now - WATCHED_FOR - 60 * 86400.0
    return [
        one for one in published.everything(context.home, since) if one.kind in fates.WATCHED and one.number
    ]


def _next(one: Published) -> Optional[float]:
    return fates.next_look(one.kind, one.fate, one.at, one.looked_at)


def _look(context: Context, server: Server, one: Published, now: float) -> None:
    """Look at one thing, and write down what became of it. Raises GithubError, OSError."""
    known, etag = _asked(server, one, now)
    changed = known.fate != one.fate
    after = one._replace(
        fate=known.fate,
        fate_at=known.at if changed else one.fate_at,
        looked_at=now,
        # Of one that was merged, something else is asked from now on.
        etag="" if changed and known.fate == MERGED else etag,
        merged=known.merged or one.merged,
        base=known.base or one.base,
    )
    published.write(context.home, after)
    if changed and one.fate != known.fate:
        about = {"task": one.task, "run_id": one.run_id, "kind": one.kind, "number": one.number}
        context.log(now, "fate", **about, fate=known.fate, url=one.url or None)


def _asked(server: Server, one: Published, now: float) -> tuple[Fate, str]:
    """Its fate, and the entity tag to ask with next time."""
    known = Fate(one.fate, one.fate_at, one.merged, one.base)
    try:
        if one.fate == MERGED:
            since: client.Query = {"sha": one.base, "since": iso(one.fate_at), "per_page": 100}
            reply = client.get(server, f"/repos/{quote(one.repository)}/commits", since, etag=one.etag)
            taken_back = (
                None
                if reply.unchanged
                else fates.reverting(client.entries(reply), one.merged, one.repository, one.number)
            )
            return (
                known if taken_back is None else Fate(REVERTED, taken_back or now)
            ), reply.etag or one.etag
        place = "pulls" if one.kind == PULL_REQUEST else "issues"
        reply = client.get(server, f"/repos/{quote(one.repository)}/{place}/{one.number}", etag=one.etag)
    except GithubError as error:
        if error.code in (NOT_FOUND, NOT_OFFERED):
            return Fate(GONE, now), ""
        raise
    if reply.unchanged or not isinstance(reply.body, dict):
        return fates.when_open(one.at, now), reply.etag or one.etag
    return fates.of_thing(one.kind, reply.body, one.at, now), reply.etag
