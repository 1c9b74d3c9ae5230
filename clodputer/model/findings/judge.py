"""What a report means: which findings become requests, which are left as they were, and which count as fixed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.findings.finding import CRITICAL
from clodputer.model.triggers.decision import Decision, Drop, Event, next_look

# Format 1 had no traces of findings.
FORMAT, OLDEST = 2, 1
# Findings of which something is remembered: more than any report may have. Beyond that fixed ones are forgotten, the oldest
# first.
MOST_KNOWN = 20_000
HIGHEST = 5

# What is known of a finding. It was there when nobody had looked yet; it waits for its request, as a look makes only so many;
# the same after it had been fixed; it was asked about; it is gone.
BASELINE, WAITING, AGAIN, OPEN, FIXED = "baseline", "waiting", "again", "open", "fixed"
NEW, REGRESSED = "new", "regressed"

Entry = dict[str, Any]
# State, since when (epoch seconds), tool, subject, trace (see fingerprint.py), which is empty where it is not known.
Known = list[Any]


def judge(
    entry: Optional[Mapping[str, Any]],
    seen: Optional[Mapping[str, Any]],
    trouble: str,
    *,
    baseline: bool,
    at_most: int,
    replaces: bool,
    every: float,
    now: float,
) -> Decision:
    """The requests that a look leads to. seen: what it saw (triggers/findings/report.py); None when there was none, with the
    trouble why, or without any to start again. replaces: something else was looked at in its place until now.

    At the first whole report all findings are the baseline, unless `baseline` is false; then, and later, what is not known
    becomes a request, the highest score first. What is gone from a report of its tool is fixed, and a request again when it
    comes back.
    """
    before = read(entry)
    anew = bool(before["anew"] or replaces)
    if seen is None and not trouble:
        return Decision({**read(None), "anew": True}, look_again=now)
    if seen is not None and seen.get("nothing"):
        if entry is None:
            return Decision({**before, "anew": True} if anew else None, look_again=next_look(now, every))
        return Decision(
            dict(entry), look_again=max(next_look(min(before["at"] or now, now), every), now + 60.0)
        )
    at = now if seen is None else seen.get("began", now)
    if seen is None or seen.get("capped"):
        why = f"capped: {trouble or (seen or {}).get('capped')}"
        after = {**before, "anew": anew, "at": at, "trouble": why, "source": (seen or before).get("source")}
        events = (Event("watch_failed", {"message": why}),) if why != before["trouble"] else ()
        return Decision(after, look_again=next_look(now, every), events=events)
    first = before["since"] is None
    known, fixed = _compared(before["known"], seen, now, record=first and (baseline or anew))
    upgrade = seen.get("upgrade") or ()
    chosen = [one for one in seen["candidates"] if _waits(known.get(one["fingerprint"]))][:at_most]
    drops = []
    for one in chosen:
        fingerprint = one["fingerprint"]
        again = known[fingerprint][0] == AGAIN
        known[fingerprint] = [OPEN, now, *known[fingerprint][2:]]
        drops.append(_drop(one, REGRESSED if again else NEW))
    after = {
        "format": FORMAT,
        "since": now if first else before["since"],
        "at": at,
        "whole": now,
        "began": at,
        "version": seen.get("version") or "",
        "anew": False,
        "source": seen["source"],
        "known": _bounded(known),
        "trouble": "",
    }
    events = ()
    if first:
        there = {subject for _, subject, _ in seen["present"].values()}
        events = (
            Event("watch_started", {"files": len(there), "new": 0 if baseline or anew else len(known)}),
        )
    if upgrade:
        events = (*events, Event("tool_changed", {"count": len(upgrade)}))
    if fixed:
        events = (*events, Event("fixed", {"count": fixed}))
    return Decision(after, tuple(drops), (), next_look(now, every), events)


def read(entry: Optional[Mapping[str, Any]]) -> Entry:
    """What is remembered, whole; of nothing, or of another format, as before the first look.

    since: of the first whole report; at: of the latest look that saw something, or of the start of its tool; whole: of the
    latest whole report, and began: of the start of its tool; all in epoch seconds. version: of that tool. source: names the
    report that was looked at last. again: what the next whole report holds is taken as known.
    """
    empty: Entry = {
        "format": FORMAT,
        "since": None,
        "at": None,
        "whole": None,
        "began": None,
        "version": "",
        "anew": False,
        "source": None,
        "known": {},
        "trouble": "",
    }
    if entry is None or entry.get("format") not in (OLDEST, FORMAT):
        return empty
    known = entry["known"]
    if entry["format"] == OLDEST:
        known = {name: [*fields, ""] for name, fields in known.items()}
    return {**empty, **entry, "format": FORMAT, "known": known}


def is_candidate(entry: Entry, fingerprint: str, *, record: bool) -> bool:
    """Whether a finding that a report holds may become a request. record: of the first whole report nothing does."""
    known = entry["known"].get(fingerprint)
    return not record if known is None else known[0] in (WAITING, AGAIN, FIXED)


def records(entry: Entry, *, baseline: bool) -> bool:
    """Whether all that the next whole report holds is taken as known."""
    return entry["since"] is None and (baseline or entry["anew"])


def numbers(entry: Entry) -> Mapping[str, int]:
    """How many findings are in each state."""
    found = dict.fromkeys((BASELINE, WAITING, OPEN, FIXED), 0)
    for state, *_ in entry["known"].values():
        found[WAITING if state == AGAIN else state] += 1
    return found


def _compared(
    before: Mapping[str, Known], seen: Mapping[str, Any], now: float, *, record: bool
) -> tuple[dict[str, Known], int]:
    """What is known of each finding after a report, and how many of them it shows to be fixed.

    What is known of one whose file has another name now goes on under its new fingerprint.
    """
    known: dict[str, Known] = {}
    fixed = 0
    now_called = {old: new for new, old in seen["moved"].items()}
    before = {now_called.get(name, name): fields for name, fields in before.items()}
    present, tools, skipped = seen["present"], set(seen["tools"]), set(seen["skipped"])
    only = None if seen["only"] is None else set(seen["only"])
    for fingerprint, (state, since, tool, subject, trace) in before.items():
        if fingerprint in present:
            again = state == FIXED
            known[fingerprint] = [AGAIN if again else state, now if again else since, *present[fingerprint]]
            continue
        looked = tool in tools and subject not in skipped and (only is None or subject in only)
        gone = looked and state != FIXED
        fixed += gone
        known[fingerprint] = [*((FIXED, now) if gone else (state, since)), tool, subject, trace]
    upgrade = frozenset(seen.get("upgrade") or ())
    for fingerprint, about in present.items():
        if fingerprint not in known:
            known[fingerprint] = [BASELINE if record or fingerprint in upgrade else WAITING, now, *about]
    return known, fixed


def _waits(known: Optional[Known]) -> bool:
    return known is not None and known[0] in (WAITING, AGAIN)


def _bounded(known: dict[str, Known]) -> dict[str, Known]:
    beyond = len(known) - MOST_KNOWN
    if beyond <= 0:
        return known
    # Those that are not in the latest report; all others fit, since a report has half as many at most.
    oldest = frozenset(sorted(known, key=lambda name: (known[name][0] != FIXED, known[name][1]))[:beyond])
    return {name: fields for name, fields in known.items() if name not in oldest}


def _drop(candidate: Mapping[str, Any], why: str) -> Drop:
    brought = {**candidate, "why": why}
    return Drop(
        context={"finding": brought},
        priority=HIGHEST if candidate["severity"] == CRITICAL else None,
        item=candidate["fingerprint"],
    )
