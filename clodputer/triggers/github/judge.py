"""What has happened on GitHub means: which of it becomes requests, and when to look again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.triggers.decision import Decision, Drop, Event

FORMAT = 1
# Issues of which is remembered by which label they were asked for; comments, reviews and checks that were taken.
MOST_KNOWN, MOST_TAKEN = 5000, 2000
# Requests beyond a cap that wait; while there are so many, nothing is looked for.
MOST_WAITING = 50
DAY, HOUR = 86400.0, 3600.0
# After so many looks at which nothing had happened the next one is later, up to so many seconds.
QUIET, SLOWEST = 3, 600.0
# After what passes by itself: so many seconds, twice as many each time, up to an hour; after what somebody has to change.
SOON, LATER = 60.0, 900.0
# When to look on at what one look was too short for, and when to see whether a cap leaves room again.
AT_ONCE, CAPPED = 1.0, 600.0

Entry = dict[str, Any]


class Caps(NamedTuple):
    """The most requests within 24 hours, and for one author."""

    per_day: int
    per_author: int


def judge(
    entry: Optional[Mapping[str, Any]],
    seen: Mapping[str, Any],
    caps: Caps,
    every: float,
    now: float,
    *,
    replaces: bool = False,
) -> Decision:
    """The requests of a look. seen: what it found, or an `error`.

    Each setting of the label, each comment, review and failure makes one request. replaces: what was remembered is lost, so
    that nobody knows what was asked for already: all that is there counts as known.
    """
    before = read(entry)
    if seen.get("early"):
        return Decision(entry, look_again=before["not_before"])
    if "error" in seen:
        return _failed(before, seen["error"], every, now)
    known, taken = dict(before["known"]), list(before["taken"])
    waiting: list[Entry] = list(before["waiting"])
    fresh: list[Entry] = []
    for issue in seen["issues"]:
        number, event = str(issue["number"]), issue["event"]
        if event and (known.get(number) or {}).get("event") != event:
            fresh.append(issue["candidate"])
        known[number] = {
            "event": event or (known.get(number) or {}).get("event", ""),
            "updated": issue["updated"],
        }
    for happened in seen["happened"]:
        if happened["id"] not in taken:
            taken.append(happened["id"])
            fresh += [happened["candidate"]] if happened["candidate"] else []
    lost = replaces and entry is None
    waiting += [] if lost else fresh
    # What was asked for by a clock that was ahead counts as asked for now: not for longer than a day.
    asked = [[min(one[0], now), one[1]] for one in before["asked"] if one[0] > now - DAY]
    chosen, waiting = _chosen(waiting, asked, caps, now)
    quiet = 0 if fresh or seen["more"] else before["quiet"] + 1
    after: Entry = {
        "format": FORMAT,
        "since": before["since"] or now,
        "server": seen["server"],
        "lists": seen["lists"],
        "known": _latest(known),
        "taken": taken[-MOST_TAKEN:],
        "waiting": waiting,
        "asked": asked,
        "quiet": quiet,
        "failures": 0,
        "looked": now,
        "not_before": _not_before(seen, every, quiet, now, waits=bool(waiting)),
        "trouble": seen.get("trouble") or "",
    }
    events = _told(before, after)
    if entry is None:
        events = (Event("watch_started", {"new": 0 if lost else len(fresh)}), *events)
    again = _again(seen, every, quiet, now)
    return Decision(
        after,
        tuple(map(_drop, chosen)),
        (),
        min(again, now + CAPPED) if waiting else again,
        events,
    )


def read(entry: Optional[Mapping[str, Any]]) -> Entry:
    """What is remembered, each field of it there."""
    empty: Entry = {
        "format": FORMAT,
        "since": None,
        "server": "",
        "lists": {},
        "known": {},
        "taken": [],
        "waiting": [],
        "asked": [],
        "quiet": 0,
        "failures": 0,
        "looked": 0.0,
        "not_before": 0.0,
        "trouble": "",
    }
    if entry is None or entry.get("format") != FORMAT:
        return empty
    return {**empty, **entry}


def _failed(before: Entry, error: Mapping[str, Any], every: float, now: float) -> Decision:
    failures = before["failures"] + 1
    wait = min(SOON * 2 ** min(failures - 1, 10), HOUR) if error["passes"] else max(LATER, every)
    if not error.get("asked", True):
        wait = every  # nobody was asked, as there is no token: somebody may just be writing it down
    limited = error["until"] or 0.0
    after = {
        **before,
        "failures": failures,
        "looked": now,
        "not_before": limited,
        "trouble": error["message"],
    }
    return Decision(
        after,
        look_again=max(error["until"] or 0.0, now + wait),
        events=_told(before, after),
    )


def _told(before: Entry, after: Entry) -> tuple[Event, ...]:
    """Trouble is logged when it is another one than before."""
    if after["trouble"] and after["trouble"] != before["trouble"]:
        return (Event("watch_failed", {"message": after["trouble"]}),)
    return ()


def _chosen(
    waiting: list[Entry], asked: list[list[float]], caps: Caps, now: float
) -> tuple[list[Entry], list[Entry]]:
    """Those for which the caps leave room, and the others; `asked` gets those of now."""
    chosen, rest = [], []
    for candidate in waiting:
        author = candidate["author"]
        if candidate["answers"] == "go":
            chosen.append(candidate)  # it starts nothing new
            continue
        by_author = sum(one[1] == author for one in asked)
        if len(asked) < caps.per_day and (not author or by_author < caps.per_author):
            asked.append([now, author])
            chosen.append(candidate)
        else:
            rest.append(candidate)
    return chosen, rest


def _again(seen: Mapping[str, Any], every: float, quiet: int, now: float) -> float:
    if seen["until"]:
        until: float = seen["until"]
        return max(until, now + AT_ONCE)
    if seen["more"]:
        return now + AT_ONCE
    return _next(now, _slower(every, quiet))


def _not_before(seen: Mapping[str, Any], every: float, quiet: int, now: float, *, waits: bool) -> float:
    """Before this moment GitHub is left alone, whatever alarm comes: a limit is used up, or nothing happens there."""
    if seen["until"]:
        return float(seen["until"])
    slower = _slower(every, quiet)
    return _next(now, slower) if slower > every and not (waits or seen["more"]) else 0.0


def _slower(every: float, quiet: int) -> float:
    """How often to look where nothing has happened at so many looks."""
    slower: float = min(every * 2 ** min(max(0, quiet - QUIET), 10), max(every, SLOWEST))
    return slower


def _next(now: float, seconds: float) -> float:
    """A little before the alarm comes, for it may come early by a moment."""
    return now + max(seconds / 2, seconds - 30.0)


def _latest(known: dict[str, Any]) -> dict[str, Any]:
    if len(known) <= MOST_KNOWN:
        return known
    kept = sorted(known, key=lambda number: known[number]["updated"], reverse=True)[:MOST_KNOWN]
    return {number: known[number] for number in kept}


def _drop(candidate: Entry) -> Drop:
    return Drop(
        context=candidate["context"],
        item=candidate["item"],
        answers=candidate["answers"],
        note=f"{candidate['by']} on GitHub" if candidate["answers"] else "",
        at=candidate["at"] if candidate["answers"] else 0.0,
    )
