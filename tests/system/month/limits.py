"""The checker's part that looks at what holds tasks back: budgets and breakers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.system.month.facts import SAME, Facts, effect_of
from tests.system.month.reading import Found, moment

DAY = 86400.0
# Ends that say nothing against a task, and reasons that the breaker does not count (docs/tasks.md, "After failures").
BLAMELESS = ("succeeded", "skipped", "limited", "cancelled")
NOT_COUNTED = (
    "offline",
    "overloaded",
    "server_error",
    "auth",
    "billing",
    "exec_died",
    "not_recorded",
    "precheck",
)
AT_ONCE = ("model", "permissions", "config")
# What a person asks for passes budgets and breakers.
BY_HAND = ("manual", "retry")


def budgets(found: Found, facts: Facts) -> Iterator[str]:
    """No budget is exceeded by more than one run's overshoot; what a person asks for is let through, and left out here."""
    ended = [
        (moment(record["ended_at"]), record)
        for record in found.records.values()
        if record["trigger"] not in BY_HAND
    ]
    scopes: list[tuple[str, dict[str, float], set[str]]] = [
        (f"task {name}", task["budget"], {name}) for name, task in facts.tasks.items()
    ]
    for lane, budget in facts.lanes.items():
        scopes.append(
            (f"lane {lane}", budget, {name for name, task in facts.tasks.items() if task["lane"] == lane})
        )
    scopes.append(("everything", facts.everything, set(facts.tasks)))
    for words, budget, tasks in scopes:
        ours = sorted(
            ((at, record) for at, record in ended if record["task"] in tasks), key=lambda one: one[0]
        )
        if "per_day" in budget:
            for day, cost in _sums(ours, lambda record: record["cost_usd"] or 0.0).items():
                if cost > budget["per_day"] + facts.overshoot + SAME:
                    yield f"budget of {words}: {cost:.2f} spent on day {day}, {budget['per_day']} allowed"
        if "runs_per_day" in budget:
            for day, number in _sums(ours, _counts).items():
                if number > budget["runs_per_day"]:
                    yield f"budget of {words}: {number:.0f} runs on day {day}, {budget['runs_per_day']} allowed"
        if "per_24h" in budget:
            for at, _ in ours:
                cost = sum(one["cost_usd"] or 0.0 for then, one in ours if at - DAY < then <= at)
                if cost > budget["per_24h"] + facts.overshoot + SAME:
                    yield f"budget of {words}: {cost:.2f} spent in 24 hours, {budget['per_24h']} allowed"


def _counts(record: dict[str, Any]) -> float:
    nothing = record["outcome"] == "skipped" or record["reason"] == "precheck"
    return 0.0 if nothing and not record["cost_usd"] else 1.0


def _sums(ours: list[tuple[float, dict[str, Any]]], of: Any) -> dict[int, float]:
    sums: dict[int, float] = defaultdict(float)
    for at, record in ours:
        sums[int(at // DAY)] += of(record)
    return sums


def breakers(found: Found, facts: Facts) -> Iterator[str]:
    """Nothing is started while a task's breaker is open, and but one run when it is half open."""
    failures: dict[str, list[tuple[float, str]]] = defaultdict(list)
    at_work: dict[str, set[str]] = defaultdict(set)
    counted: set[str] = set()
    for event in found.events:
        name, run = event["task"], event["run_id"]
        if event["event"] == "reset":
            failures[name].clear()
        elif event["event"] == "finished" and run not in counted:
            counted.add(run)
            at_work[name].discard(run)
            record = found.records.get(run, {"effects": []})
            if event["outcome"] == "succeeded":
                failures[name].clear()
            elif (
                event["outcome"] in BLAMELESS or event["reason"] in NOT_COUNTED or effect_of(record, "retry")
            ):
                continue  # that of a request counts when it has no further attempt
            else:
                failures[name].append((event["at"], event["reason"]))
        elif event["event"] in ("recovered", "buried") and name:
            at_work[name].discard(run)
        elif event["event"] == "started":
            beside = set(at_work[name])
            at_work[name].add(run)
            threshold, cooldown = facts.tasks[name]["threshold"], facts.tasks[name]["cooldown"]
            behind = failures[name]
            if not threshold or not behind or _by_hand(found, facts, event):
                continue
            at = behind[-1][0]
            enough = len(behind) >= threshold or any(reason in AT_ONCE for _, reason in behind)
            # One that began before the last failure was told, by its own clock, was let through before it.
            if not enough or event["at"] <= at:
                continue
            if event["at"] < at + cooldown:
                yield f"run {run} was started {event['at'] - at:.0f} s after the breaker of {name} had opened"
            elif beside:
                yield f"run {run} was started while another was tried, the breaker of {name} being half open"


def _by_hand(found: Found, facts: Facts, event: dict[str, Any]) -> bool:
    record = found.records.get(event["run_id"])
    if record is not None:
        return bool(record["trigger"] in BY_HAND)
    return bool(facts.drops.get(event["request_id"], {}).get("manual", True))
