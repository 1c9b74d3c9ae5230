"""Due: which slot times become requests and what becomes of the others; facts in, a new ledger entry and its effects out.

Each slot time is accounted for exactly once: it is dropped as a request, coalesced with one, or missed. The entry that says so
names the requests that are still to be dropped; it is written first and its effects performed after, which may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from math import ceil
from typing import NamedTuple, Optional

from clodputer.model.request import REPLACE
from clodputer.model.schedules.policy import Policy
from clodputer.model.schedules.schedule import Schedule, following, opening, slots
from clodputer.model.text.moment import compact
from clodputer.model.triggers.decision import Decision, Drop, Event, Facts, Fate

# Alarms are exact to a minute or so; what comes within this many seconds of its slot time is not late.
ON_TIME = 300.0
# How far back a schedule without an entry looks, in seconds: its first alarm may be the first that we hear of it.
FIRST_LOOK = 60.0
# A clock that went back by less is merely being set right, in seconds.
BACK = 60.0
# Of what became of slot times this many are kept, of the stretches looked after as well.
KEPT = 20
# A clock decades ahead makes a great many slot times; they are counted no further than this.
MOST = 200_000

REASONS = {
    "too_late": "no exec ran within max_late of its time: the computer was off or asleep, or no scheduler started an exec",
    "asleep_or_off": "no exec ran at its time, and catch_up: skip leaves out what is late",
    "disabled": "the task was disabled",
    "overlap": "the task was already running or waiting (overlap: skip)",
    "newer": "a newer slot time was due as well, and one run is for both (catch_up: latest, or overlap: replace)",
    "waiting": "an earlier request of the task still waited, and its run is for both (overlap: coalesce or replace)",
    "on_hold": "it was on hold, and catch_up: skip leaves out what is late",
    "held": "an earlier request still waited, as its lane was on hold, and its run is for both (overlap: coalesce or replace)",
}
COALESCED, MISSED = "coalesced", "missed"


class Entry(NamedTuple):
    """What the ledger says of one trigger.

    accounted: every slot time up to and with this moment is accounted for. spans: the stretches of time that were looked after;
    a clock that went back comes through them again, and what was due in them is not due again. dropping: requests that the last
    decision made and that may not be dropped yet. last: the marks of the last requests. boot: for `startup`, the boot that is
    accounted for.
    """

    fingerprint: str
    accounted: float
    spans: tuple[tuple[float, float], ...] = ()
    dropping: tuple[Drop, ...] = ()
    last: tuple[str, ...] = ()
    fates: tuple[Fate, ...] = ()
    boot: str = ""


def decide(
    schedule: Schedule, fingerprint: str, policy: Policy, entry: Optional[Entry], facts: Facts, now: float
) -> Decision:
    """What is due by a schedule at `now` (epoch seconds).

    Nothing is, of what was before the schedule was first seen or while an entry covers it.
    """
    entry = _begun(fingerprint, entry, facts, now)
    back = entry.accounted - now
    if back > BACK:
        # What lies ahead again can still be run: it is missed no longer. What was looked after stays so by its span.
        past = tuple(fate for fate in entry.fates if fate.last <= now)
        entry = entry._replace(accounted=now, fates=past)
    reach = max(now - policy.jitter, entry.accounted)
    # Up to here it is too late; slot times are whole seconds.
    gone = ceil(now - policy.jitter - policy.max_late) - 1
    late = list(islice(_unaccounted(schedule, entry, entry.accounted, min(reach, gone)), MOST))
    rest = list(_unaccounted(schedule, entry, max(entry.accounted, gone), reach))
    ahead = following(schedule, reach)
    look_again = None if ahead is None else float(ahead + policy.jitter)
    fates: tuple[Fate, ...] = ()
    if late or rest:
        entry, fates = _account(schedule, policy, entry, facts, now, late, rest)
        # Only what was within reach was looked after: a clock that is put right again leaves the rest to be run.
        begin = max(entry.accounted, gone) if late else entry.accounted
        entry = entry._replace(accounted=reach, spans=_joined(entry.spans, (begin, reach)))
    events = (Event("clock_back", {"seconds": round(back)}),) if back > BACK else ()
    return Decision(entry, entry.dropping, fates, look_again, events)


def decide_startup(
    fingerprint: str,
    policy: Policy,
    entry: Optional[Entry],
    facts: Facts,
    boot: str,
    now: float,
    later: float = 0.0,
) -> Decision:
    """Whether the start of the computer is due: once for each boot after the one in which the trigger was first seen.

    later: so many seconds its request is to wait.
    """
    if entry is None or entry.fingerprint != fingerprint:
        last = entry.last if entry else ()
        return Decision(Entry(fingerprint, now, boot=boot, last=last))
    if entry.boot == boot:
        return Decision(entry)
    entry = entry._replace(accounted=now, boot=boot)
    found = ("disabled", MISSED) if not facts.enabled else _overlapping(policy, facts)
    if found is None:
        drop = Drop(f"boot-{boot}", not_before=now + later if later else None)
        entry = entry._replace(dropping=(drop,))
        return Decision(entry, entry.dropping)
    moment = int(now)
    fate = Fate(found[1], found[0], moment, moment, 1, now)
    return Decision(entry._replace(fates=(*entry.fates, fate)[-KEPT:]), fates=(fate,))


def dropped(entry: Entry) -> Entry:
    """The entry once its requests are dropped."""
    return entry._replace(dropping=(), last=tuple(drop.mark for drop in entry.dropping) or entry.last)


def _begun(fingerprint: str, entry: Optional[Entry], facts: Facts, now: float) -> Entry:
    if entry is not None and entry.fingerprint == fingerprint:
        return entry
    accounted = min(max(facts.since, now - FIRST_LOOK), now)
    if entry is None:
        return Entry(fingerprint, accounted, ((0.0, accounted),))
    return Entry(fingerprint, accounted, ((0.0, accounted),), last=entry.last, fates=entry.fates)


def _unaccounted(schedule: Schedule, entry: Entry, after: float, reach: float) -> Iterator[int]:
    for slot in slots(schedule, after):
        if slot > reach:
            return
        if not any(begin < slot <= end for begin, end in entry.spans):
            yield slot


def _account(
    schedule: Schedule,
    policy: Policy,
    entry: Entry,
    facts: Facts,
    now: float,
    late: list[int],
    rest: list[int],
) -> tuple[Entry, tuple[Fate, ...]]:
    """The entry with the requests that the slot times lead to, and what becomes of those that lead to none."""

    def fates_of(of: Iterable[int], fate: str, reason: str) -> list[Fate]:
        these = list(of)
        return [Fate(fate, reason, these[0], these[-1], len(these), now)] if these else []

    if not facts.enabled:
        fates, run = fates_of([*late, *rest], MISSED, "disabled"), []
    else:
        fates, run = fates_of(late, MISSED, "too_late"), rest
        if facts.held and policy.catch_up == "skip":
            fates, run = [*fates, *fates_of(run, MISSED, "on_hold")], []
        if policy.catch_up == "skip":
            punctual = now - policy.jitter - ON_TIME
            fates += fates_of((slot for slot in run if slot < punctual), MISSED, "asleep_or_off")
            run = [slot for slot in run if slot >= punctual]
        overlap = _overlapping(policy, facts)
        if overlap is not None:
            fates, run = fates + fates_of(run, overlap[1], overlap[0]), []
        elif policy.catch_up != "all" or policy.overlap == REPLACE:
            # Of several that replace each other only the last would come to its end.
            fates, run = fates + fates_of(run[:-1], COALESCED, "newer"), run[-1:]
    drops = tuple(Drop(compact(slot), slot, _wait(schedule, policy, slot, now)) for slot in run)
    return entry._replace(dropping=drops, fates=(*entry.fates, *fates)[-KEPT:]), tuple(fates)


def _overlapping(policy: Policy, facts: Facts) -> Optional[tuple[str, str]]:
    """Why a request is not dropped since another one is there, and what that makes of its slot time."""
    if policy.overlap == "skip" and (facts.waiting or facts.running):
        return "overlap", MISSED
    if policy.overlap in ("coalesce", REPLACE) and facts.waiting:
        return ("held" if facts.held else "waiting"), COALESCED
    return None


def _wait(schedule: Schedule, policy: Policy, slot: int, now: float) -> Optional[float]:
    """Until when a request waits, if it does: for its own delay, or when it is late for the active hours to begin."""
    if slot + policy.delay(slot) > now:
        return float(slot + policy.delay(slot))
    if now - slot - policy.delay(slot) <= ON_TIME:
        return None
    opens = opening(schedule, now)
    return opens if opens > now else None


def _joined(
    spans: tuple[tuple[float, float], ...], new: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    """The spans with one more, those that touch made one; the newest KEPT of them."""
    joined: list[tuple[float, float]] = []
    for begin, end in sorted((*spans, new)):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return tuple(joined[-KEPT:])
