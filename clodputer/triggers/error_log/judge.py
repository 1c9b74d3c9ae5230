"""What errors in logs mean: which of them become requests, and what is known of each from now on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Optional

from clodputer.model.triggers.decision import Decision, Drop, Event, next_look

FORMAT = 1
NEW, REGRESSED, RATE = "new", "regressed", "rate"
RULES = (NEW, REGRESSED, RATE)

# Errors of which something is remembered; beyond that those that were not seen for longest are forgotten.
MOST_KNOWN = 5000
# Those that wait for their request, because a look makes only so many.
MOST_WAITING = 1000
HOUR, DAY, WEEK = 3600.0, 86400.0, 7 * 86400.0
# An error comes more often than it used to when there were so many within an hour, and so many times its own mean of the last
# week, of which at least a day must be known.
LEAST_IN_AN_HOUR, TIMES = 10, 3.0
HIGHEST = 5

Entry = dict[str, Any]


def judge(
    entry: Optional[Mapping[str, Any]],
    seen: Optional[Mapping[str, Any]],
    trouble: str,
    rules: Collection[str],
    at_most: int,
    every: float,
    now: float,
) -> Decision:
    """The requests for the errors of a look. seen: what it found; None when it could not be made, with the trouble why.

    Each error makes one request: when it is new, when it comes again after a run about it succeeded, or when it comes much more
    often than it used to. The gravest come first; what is beyond `at_most` waits for the next look.
    """
    before = _read(entry)
    if seen is None:
        after = {**before, "trouble": trouble}
        return Decision(after, look_again=next_look(now, every), events=_told(before, after))
    known: dict[str, Entry] = {name: dict(fields) for name, fields in before["known"].items()}
    waiting: list[Entry] = [dict(error) for error in before["waiting"]]
    for name, error in seen["errors"].items():
        rule = _rule(known.get(name), error, seen["resolved"].get(name), now)
        known[name] = _counted(known.get(name), error, now)
        held = next((one for one in waiting if one["fingerprint"] == name), None)
        if held is not None:
            held["number"] += error["number"]
        elif rule in rules:
            waiting.append({**error, "fingerprint": name, "rule": rule})
    # A stable order: among equals, who waits longest is first.
    waiting.sort(key=lambda error: not error["critical"])
    chosen, rest = waiting[:at_most], waiting[at_most:]
    # What cannot be kept waiting is as if it had not been seen: it is new when it comes again.
    crowded = ""
    for error in rest[MOST_WAITING:]:
        known.pop(error["fingerprint"], None)
        crowded = f"more than {MOST_WAITING:,} errors wait for their request; the others make one when they come again"
    rest = rest[:MOST_WAITING]
    for error in chosen:
        known[error["fingerprint"]]["asked"] = now
    after = {
        "format": FORMAT,
        "since": before["since"] or now,
        "places": seen["places"],
        "known": _youngest(known, {error["fingerprint"] for error in rest}),
        "waiting": rest,
        "looked": now,
        "trouble": "; ".join(filter(None, (seen["trouble"], crowded))),
    }
    again = next_look(now, every)
    if seen["more"] or rest:
        again = now + 1.0 if seen["more"] else min(again, now + HOUR / 60)
    elif seen["wait"]:
        again = min(again, max(now, float(seen["wait"])))
    events = _told(before, after)
    if entry is None:
        events = (Event("watch_started", {"files": len(seen["places"]), "new": len(seen["errors"])}), *events)
    return Decision(
        after, tuple(_drop(error, known[error["fingerprint"]]) for error in chosen), (), again, events
    )


def _read(entry: Optional[Mapping[str, Any]]) -> Entry:
    empty: Entry = {"format": FORMAT, "since": None, "places": {}, "known": {}, "waiting": [], "trouble": ""}
    if entry is None or entry.get("format") != FORMAT:
        return empty
    return {**empty, **entry}


def _told(before: Entry, after: Entry) -> tuple[Event, ...]:
    """Trouble is logged when it is another one than before."""
    if after["trouble"] and after["trouble"] != before["trouble"]:
        return (Event("watch_failed", {"message": after["trouble"]}),)
    return ()


def _rule(known: Optional[Entry], error: Entry, resolved: Optional[float], now: float) -> str:
    if known is None:
        return NEW
    asked = known["asked"]
    if asked is not None and resolved is not None and resolved > asked:
        return REGRESSED
    if _is_rush(known, error["number"], now) and (asked is None or now - asked >= DAY):
        return RATE
    return ""


def _is_rush(known: Entry, number: int, now: float) -> bool:
    hour = int(now // HOUR)
    lately = number + sum(count for at, count in known["hours"] if at == hour)
    earlier = [count for at, count in known["hours"] if at != hour]
    hours = min(WEEK, now - known["first"]) / HOUR
    return bool(lately >= LEAST_IN_AN_HOUR and hours >= DAY / HOUR and lately > TIMES * sum(earlier) / hours)


def _counted(known: Optional[Entry], error: Entry, now: float) -> Entry:
    """What is known of an error that has come so many times more."""
    fields = known or {"first": now, "last": now, "number": 0, "asked": None, "hours": []}
    hour, oldest = int(now // HOUR), int((now - WEEK) // HOUR)
    hours = {at: count for at, count in fields["hours"] if at >= oldest}
    hours[hour] = hours.get(hour, 0) + error["number"]
    return {
        **fields,
        "last": now,
        "number": fields["number"] + error["number"],
        "hours": [[at, count] for at, count in sorted(hours.items())],
        "message": error["message"][:200],
    }


def _youngest(known: dict[str, Entry], waiting: Collection[str]) -> dict[str, Entry]:
    """Those that were seen last, and all that wait for their request."""
    if len(known) <= MOST_KNOWN:
        return known
    kept = sorted(known, key=lambda name: (name in waiting, known[name]["last"]), reverse=True)[:MOST_KNOWN]
    return {name: known[name] for name in kept}


def _drop(error: Entry, known: Entry) -> Drop:
    brought = {
        "message": error["message"],
        "context": error["context"],
        "path": error["path"],
        "line": error["line"],
        "count": error["number"],
        "total": known["number"],
        "fingerprint": error["fingerprint"],
        "rule": error["rule"],
        "critical": error["critical"],
    }
    priority = HIGHEST if error["critical"] else None
    return Drop(context={"error": brought}, priority=priority, item=error["fingerprint"])
