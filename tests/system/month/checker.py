"""The independent checker: reads a home as docs/spool.md and docs/schemas describe it, and says what is not as it was promised.

Nothing of Clodputer is used here, so that no mistake of its own is taken for the truth. What was asked for, what the tasks
allow and what the agent saw itself come as plain facts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from tests.system.month import limits
from tests.system.month.facts import SAME, Facts, effect_of
from tests.system.month.reading import Found, read

# How a run may end whatever its agent did: it was killed or stopped, or Clodputer failed at it.
WHATEVER = ("exec_died", "not_recorded", "internal", "cancelled", "replaced", "interrupted")
# What an agent never began.
NOT_BEGUN = ("not_started", "internal", "exec_died", "not_recorded", "cancelled", "interrupted")


def problems(root: Path, facts: Facts) -> list[str]:
    """Each promise that was not kept, in one line."""
    found = read(root)
    checks = (
        _accounted,
        _recorded,
        _true,
        _attempts,
        limits.budgets,
        _slots,
        limits.breakers,
        _parked,
        _nothing_left,
    )
    lines = [line for check in checks for line in check(found, facts)]
    return found.torn + lines + [f"the agent saw: {fault}" for fault in facts.faults]


# Checks.


def _accounted(found: Found, facts: Facts) -> Iterator[str]:
    """Each request is in one place, or another one stands for it."""
    coalesced = {event["request_id"] for event in found.events if event["event"] == "coalesced"}
    known = set(facts.drops) | {
        event["request_id"] for event in found.events if event["event"] in ("queued", "delayed", "retried")
    }
    # An exec that is killed when it has just taken in what a clock brought says nothing of it.
    known |= {record["request_id"] for record in found.records.values() if record["trigger"] == "interval"}
    for request in sorted(known):
        places = found.places.get(request, [])
        if len(places) != 1 and not (request in coalesced and not places):
            yield f"request {request} is in {len(places)} places: {places}"
    for request, places in found.places.items():
        if request not in known:
            yield f"nobody asked for {request}: {places}"


def _recorded(found: Found, facts: Facts) -> Iterator[str]:
    """Log and records say the same of each run, and each request lies where its last run says."""
    ends: dict[str, set[tuple[str, str]]] = defaultdict(set)
    excused: set[str] = set()
    for event in found.events:
        if event["event"] == "finished":
            ends[event["run_id"]].add((event["outcome"], event["reason"]))
        elif event["event"] in ("recovered", "buried") and event["run_id"]:
            excused.add(event["run_id"])
    for run, record in found.records.items():
        told = ends.pop(run, set())
        if told != {(record["outcome"], record["reason"])}:
            yield f"run {run}: its record says {record['outcome']}/{record['reason']}, the log {sorted(told)}"
    for run in ends:
        yield f"run {run}: the log says that it ended, and there is no record"
    for event in found.events:
        if (
            event["event"] == "started"
            and event["run_id"] not in found.records
            and event["run_id"] not in excused
        ):
            yield f"run {event['run_id']} was started, and nothing tells of its end"
    # A fault of ours at which a request fails three times, settling it say, ends in `dead/`, whatever its record says.
    given_up = {
        event["request_id"]
        for event in found.events
        if event["event"] == "buried" and event["reason"] == "internal"
    }
    for request, records in _by_request(found).items():
        ways = [effect["effect"] for effect in records[-1]["effects"] if effect["effect"] != "hold"]
        places = found.places.get(request, [])
        finished = ways == ["finish"] and request not in given_up
        if finished and not any(records[-1]["run_id"] in place for place in places):
            yield f"request {request} is finished, and not in the folder of its last run: {places}"
        good = [record for record in records if record["outcome"] in ("succeeded", "skipped")]
        if good and (len(good) > 1 or good[0] is not records[-1]):
            yield f"request {request} was run again after it had succeeded"


def _by_request(found: Found) -> dict[str, list[dict[str, Any]]]:
    """The records of each request, in the order in which its runs began."""
    order = {
        event["run_id"]: number for number, event in enumerate(found.events) if event["event"] == "started"
    }
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for run in sorted(found.records, key=lambda run: order.get(run, len(order))):
        grouped[found.records[run]["request_id"]].append(found.records[run])
    return grouped


def _true(found: Found, facts: Facts) -> Iterator[str]:
    """What a record says of a run is what its agent did."""
    played = {entry[1]: entry for entry in facts.journal if entry[0] == "began"}
    # An agent may have been killed with the exec that was: then it never wrote that it came to its end.
    ended = {entry[1] for entry in facts.journal if entry[0] == "ended"}
    excused = {event["run_id"] for event in found.events if event["event"] == "buried" and event["run_id"]}
    # A second is all that these get, and on a busy machine an agent that would end well stands still for longer.
    late = {
        run: ("startup_hang", "stall")
        for run, record in found.records.items()
        if facts.tasks[record["task"]]["hasty"]
    }
    for run, (_, _, fate, cost) in played.items():
        record = found.records.get(run)
        if record is None:
            if run not in excused:
                yield f"run {run}: its agent began, and there is no record"
            continue
        if "No space left on device" in record["message"]:
            continue  # there was none for what the agent said either
        may_be_killed = ("killed",) if run not in ended else ()
        if record["reason"] not in (*facts.reasons[fate], *WHATEVER, *may_be_killed, *late.get(run, ())):
            yield f"run {run}: its agent played {fate}, its record says {record['reason']}"
        if record["reason"] == "completed" and abs((record["cost_usd"] or 0.0) - float(cost)) > SAME:
            yield f"run {run} cost {cost}, its record says {record['cost_usd']}"
    for run, record in found.records.items():
        if run not in played and record["reason"] not in (*NOT_BEGUN, *late.get(run, ())):
            yield f"run {run}: its record says {record['reason']}, and no agent ever began"
    begun = [entry[1] for entry in facts.journal if entry[0] == "began"]
    for run, number in Counter(begun).items():
        if number > 1:
            yield f"run {run} was begun {number} times"


def _attempts(found: Found, facts: Facts) -> Iterator[str]:
    """No attempt is left out or beyond the maximum, a usage limit uses none up, and each names the run before it."""
    for request, records in _by_request(found).items():
        task = facts.tasks[records[0]["task"]]
        before: Optional[dict[str, Any]] = None
        limits = 0
        for record in records:
            number = record["attempt"]
            if before is not None and effect_of(before, "park"):
                before, limits = None, 0  # a person has let it go on, from the beginning
            if number > task["max_attempts"]:
                yield f"request {request}: attempt {number} of at most {task['max_attempts']}"
            if before is None:
                expected = {1}
            elif before["outcome"] in ("limited", "cancelled") or before["reason"] in ("auth", "billing"):
                expected = {before["attempt"]}
            else:
                expected = {before["attempt"] + 1}
            if (
                before is not None
                and effect_of(before, "retry") is None
                and before["reason"] != "interrupted"
            ):
                yield f"request {request}: run again after {before['reason']}, of which nothing follows"
            if number not in expected:
                yield f"request {request}: attempt {number} after {before and before['attempt']}"
            if before is not None and record["retry_of"] != before["run_id"]:
                yield f"request {request}: run {record['run_id']} names {record['retry_of'] or 'none'} before it"
            limits += record["outcome"] == "limited"
            before = record
        if limits > task["windows"] + 1:
            yield f"request {request} has met {limits} usage limits, of {task['windows']} that it may wait through"


def _slots(found: Found, facts: Facts) -> Iterator[str]:
    """No lane had more runs at once than it has slots, and no request two."""
    at_work: dict[str, dict[str, str]] = defaultdict(dict)
    for event in found.events:
        if event["event"] == "started":
            lane = event["lane"]
            if event["request_id"] in at_work[lane].values():
                yield f"request {event['request_id']} had two runs at once: {event['run_id']}"
            at_work[lane][event["run_id"]] = event["request_id"]
            if len(at_work[lane]) > facts.slots[lane]:
                yield f"lane {lane} had {len(at_work[lane])} runs at once: {sorted(at_work[lane])}"
        elif event["event"] in ("finished", "recovered", "buried", "cancelled"):
            for runs in at_work.values():
                runs.pop(event["run_id"] or "", None)


def _parked(found: Found, facts: Facts) -> Iterator[str]:
    """Nothing is started about an item that is parked."""
    parked: dict[tuple[str, str], float] = {}
    for event in found.events:
        record = found.records.get(event["run_id"] or "")
        if event["event"] == "finished" and record is not None:
            effect = effect_of(record, "park")
            if effect is not None:
                parked[record["task"], effect["item"]] = event["at"]
        elif event["event"] == "unparked":
            parked.pop((event["task"], event["item"]), None)
        elif event["event"] == "started" and record is not None:
            since = parked.get((record["task"], record["item"]))
            if since is not None and since < event["at"]:
                yield f"run {event['run_id']} is about {record['item']}, which was parked"


def _nothing_left(found: Found, facts: Facts) -> Iterator[str]:
    """No mark of a run is left in any slot."""
    for places in found.places.values():
        for place in places:
            if "/slot-" in place:
                yield f"{place} is left in a slot"
