"""Random worlds: whatever alarms, clocks, edits and crashes do, each slot time is accounted for exactly once."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timezone
from typing import Any, Optional

import pytest

from clodputer.model.schedules import cron, due
from clodputer.model.schedules.due import MISSED, Entry, decide
from clodputer.model.schedules.policy import Policy
from clodputer.model.schedules.schedule import Calendar
from clodputer.model.triggers.decision import Decision, Facts
from tests.model.schedules.test_due import DAILY, DAY, EIGHT, HOUR, NINE, known, slots_between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.model.schedules.schedule import Schedule


class World:
    """A ledger on a disk, a spool that remembers dedupe keys, and an exec that may be killed between any two steps."""

    def __init__(self, dice: random.Random, schedule: Schedule, policy: Policy) -> None:
        self.dice, self.schedule, self.policy = dice, schedule, policy
        self.now = self.start = EIGHT
        self.entry: Entry = known(EIGHT)
        self.remembered: set[str] = set()
        self.runs: Counter[int] = Counter()
        self.fates: dict[int, str] = {}
        self.enabled, self.waiting, self.running = True, False, False

    def alarm(self) -> None:
        """One exec: what the last one left is repeated first; it dies before a step in one of four cases."""
        dies = self.dice.randint(0, 30) if self.dice.random() < 0.25 else 1000
        for step, _ in enumerate(self.steps()):
            if step == dies:
                return

    def steps(self) -> Iterator[None]:
        """The steps of runner/intake/due.py, each of which is done whole or not at all."""
        yield
        if self.entry.dropping:
            yield from self.perform(self.entry)
        facts = Facts(0.0, self.enabled, self.waiting, self.running)
        decision = decide(self.schedule, "x", self.policy, self.entry, facts, self.now)
        yield
        if decision.entry != self.entry:
            self.account(decision)
            self.entry = decision.entry
        yield
        if self.entry.dropping:
            yield from self.perform(self.entry)

    def account(self, decision: Decision) -> None:
        """Note the fate of each slot time; the ledger's write makes them all true at once."""
        if decision.events:
            spans = decision.entry.spans
            self.fates = {
                slot: fate
                for slot, fate in self.fates.items()
                if fate != MISSED or slot <= self.now or any(begin < slot <= end for begin, end in spans)
            }
        before = self.entry.accounted if not decision.events else self.now
        open_slots = [
            slot
            for slot in slots_between(self.schedule, before, decision.entry.accounted)
            if not any(begin < slot <= end for begin, end in self.entry.spans)
        ]
        fated = [drop.slot for drop in decision.entry.dropping]
        for slot in fated:
            assert slot is not None
            assert slot not in self.fates
            self.fates[slot] = "run"
        for fate in decision.fates:
            of_it = [slot for slot in open_slots if fate.first <= slot <= fate.last]
            assert len(of_it) == fate.number
            for slot in of_it:
                assert slot not in self.fates
                self.fates[slot] = fate.fate

    def perform(self, entry: Entry) -> Iterator[None]:
        for drop in entry.dropping:
            yield
            if drop.mark not in self.remembered:
                assert drop.slot is not None
                self.runs[drop.slot] += 1
                self.remembered.add(drop.mark)
        yield
        for mark in entry.last:
            if mark not in {drop.mark for drop in entry.dropping}:
                self.remembered.discard(mark)
            yield
        self.entry = due.dropped(entry)


SCHEDULES = ["*/5 * * * *", "0 * * * *", "30 8,20 * * *", "0 8 * * mon-fri", "0 0 1 * *"]


def some_quick(count: int) -> list[Any]:
    """So many seeds, a tenth of them for the quick tests."""
    return [pytest.param(seed, marks=[pytest.mark.slow] if seed % 10 else []) for seed in range(count)]


@pytest.mark.parametrize("seed", some_quick(50))
def test_each_slot_time_ends_as_exactly_one(seed: int) -> None:
    """Random alarms, doubled, early, late and missing, with crashes, absences, changes of the clock and busy tasks."""
    dice = random.Random(seed)
    schedule = Calendar(cron.parse(dice.choice(SCHEDULES)), timezone.utc)
    policy = Policy(
        dice.choice(("skip", "latest", "all")),
        dice.choice((HOUR, DAY, 30 * DAY)),
        dice.choice((0, 0, 600)),
        dice.choice(("coalesce", "queue", "skip")),
    )
    world = World(dice, schedule, policy)
    farthest = world.now
    for _ in range(150):
        kind = dice.random()
        if kind < 0.1:
            world.enabled, world.waiting, world.running = (dice.random() < 0.7 for _ in range(3))
        elif kind < 0.15:
            world.now = max(world.start, world.now - dice.choice((1, 30, 90, HOUR, 5 * HOUR, 3 * DAY)))
        elif kind < 0.25:
            world.now += dice.choice((10 * HOUR, 2 * DAY, 20 * DAY))
        else:
            world.now += dice.choice((1, 60, 300, 1800, HOUR))
        farthest = max(farthest, world.now)
        for _ in range(dice.choice((0, 1, 1, 2))):
            world.alarm()
    world.now = farthest + DAY
    for _ in world.steps():
        pass
    told = {slot for slot in world.fates if slot <= world.now - policy.jitter}
    assert told == set(slots_between(schedule, world.start, world.now - policy.jitter))
    assert {slot for slot, fate in world.fates.items() if fate == "run"} == set(world.runs)
    assert set(world.runs.values()) <= {1}


@pytest.mark.parametrize("seed", some_quick(25))
def test_edits_of_the_schedule_replay_nothing(seed: int) -> None:
    """Whatever is edited and when: no slot time runs twice, and none from before its schedule was there."""
    dice = random.Random(seed)
    now, since, fingerprint = NINE, NINE, "0"
    schedule: Schedule = DAILY
    entry: Optional[Entry] = None
    runs: Counter[tuple[str, Optional[int]]] = Counter()
    for step in range(300):
        now += dice.choice((1, 60, 300, HOUR, DAY, 3 * DAY))
        if dice.random() < 0.2:
            schedule = Calendar(cron.parse(dice.choice(SCHEDULES)), timezone.utc)
            since, fingerprint = now - dice.choice((0, 30, 400)), str(step)
        decision = decide(schedule, fingerprint, Policy("all"), entry, Facts(since), now)
        for drop in decision.entry.dropping:
            assert drop.slot is not None
            assert drop.slot > since
            runs[(fingerprint, drop.slot)] += 1
        entry = due.dropped(decision.entry)
    assert runs
    assert set(runs.values()) == {1}
