"""The ledger: each slot time is accounted for exactly once, whatever alarms, clocks, edits and crashes do."""

from __future__ import annotations

from datetime import timezone
from typing import Optional

import pytest

from clodputer.model.schedules import cron, due
from clodputer.model.schedules.due import COALESCED, MISSED, Entry, decide, decide_startup
from clodputer.model.schedules.policy import Policy
from clodputer.model.schedules.schedule import Calendar, Interval, Moment, slots
from clodputer.model.schedules.window import Window
from clodputer.model.triggers.decision import Decision, Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.model.schedules.schedule import Schedule

NINE = 1_800_003_600 // 86400 * 86400 + 9 * 3600.0
DAY, HOUR = 86400.0, 3600.0
DAILY = Calendar(cron.parse("0 8 * * *"), timezone.utc)
EIGHT = NINE - HOUR


def known(since: float) -> Entry:
    """An entry of a schedule that has been looked after all the time until then."""
    return Entry("x", since, ((0.0, since),))


def result(
    schedule: Schedule, policy: Policy, entry: Optional[Entry], facts: Facts, now: float
) -> tuple[list[float], list[tuple[str, str, int]]]:
    """The slot times that are dropped, and fate, reason and number of the others."""
    decision = decide(schedule, "x", policy, entry, facts, now)
    return [drop.slot or 0 for drop in decision.entry.dropping], [
        (*fate[:2], fate.number) for fate in decision.fates
    ]


def test_a_slot_time_that_has_come_is_dropped() -> None:
    """Once: the entry that says so makes nothing due any more, whoever looks and however often."""
    decision = decide(DAILY, "x", Policy(), known(EIGHT - DAY), Facts(0.0), EIGHT + 1)
    assert [drop.slot for drop in decision.entry.dropping] == [EIGHT]
    assert decision.look_again == EIGHT + DAY
    again = decide(DAILY, "x", Policy(), due.dropped(decision.entry), Facts(0.0), EIGHT + 1)
    assert again == Decision(due.dropped(decision.entry), look_again=EIGHT + DAY)


def test_an_early_alarm_finds_nothing() -> None:
    assert result(DAILY, Policy(), known(EIGHT - DAY), Facts(0.0), EIGHT - 0.5) == ([], [])


def test_the_first_look_runs_nothing_old() -> None:
    """What was due before a schedule is first seen is accounted for."""
    assert result(DAILY, Policy(), None, Facts(0.0), NINE) == ([], [])


def test_the_first_alarm_may_be_the_first_look() -> None:
    """A slot time of the last minute runs, if the task file was there before it."""
    assert result(DAILY, Policy(), None, Facts(EIGHT - HOUR), EIGHT + 2) == ([EIGHT], [])
    assert result(DAILY, Policy(), None, Facts(EIGHT + 1), EIGHT + 2) == ([], [])


def test_a_changed_schedule_never_replays() -> None:
    """Another fingerprint begins anew at the moment of the change."""
    entry = known(EIGHT - 5 * DAY)._replace(fingerprint="another")
    assert result(DAILY, Policy(), entry, Facts(NINE - 10), NINE) == ([], [])


def test_catch_up_latest_runs_one() -> None:
    """The newest; it stands for the others that were due meanwhile."""
    policy = Policy(max_late=10 * DAY)
    entry = known(EIGHT - 3 * DAY)
    assert result(DAILY, policy, entry, Facts(0.0), NINE) == ([EIGHT], [(COALESCED, "newer", 2)])


def test_catch_up_all_runs_each() -> None:
    policy = Policy("all", 10 * DAY)
    assert result(DAILY, policy, known(EIGHT - 2 * DAY), Facts(0.0), NINE) == ([EIGHT - DAY, EIGHT], [])


def test_catch_up_skip_runs_what_is_on_time() -> None:
    """Within five minutes is on time; what is later is missed."""
    entry = known(EIGHT - DAY)
    assert result(DAILY, Policy("skip"), entry, Facts(0.0), EIGHT + 299) == ([EIGHT], [])
    assert result(DAILY, Policy("skip"), entry, Facts(0.0), EIGHT + 301) == (
        [],
        [(MISSED, "asleep_or_off", 1)],
    )


def test_what_passes_on_hold() -> None:
    """With `catch_up: skip` it leads to nothing; else a request waits for the end of the hold."""
    entry, on_hold = known(EIGHT - DAY), Facts(0.0, held=True)
    assert result(DAILY, Policy("skip"), entry, on_hold, EIGHT + 9) == ([], [(MISSED, "on_hold", 1)])
    assert result(DAILY, Policy("latest"), entry, on_hold, EIGHT + 9) == ([EIGHT], [])
    assert result(DAILY, Policy("latest"), entry, on_hold._replace(waiting=True), EIGHT + 9) == (
        [],
        [("coalesced", "held", 1)],
    )


def test_what_is_too_late_is_missed() -> None:
    """Later than max_late, and each of them is counted."""
    entry = known(EIGHT - 30 * DAY)
    assert result(DAILY, Policy(), entry, Facts(0.0), NINE) == ([EIGHT], [(MISSED, "too_late", 29)])
    assert result(DAILY, Policy(), entry, Facts(0.0), EIGHT + DAY)[0] == [EIGHT + DAY]


def test_a_disabled_task_misses_its_slot_times() -> None:
    """Enabling it later brings nothing of them back."""
    facts = Facts(0.0, enabled=False)
    decision = decide(DAILY, "x", Policy(), known(EIGHT - DAY), facts, NINE)
    assert [fate.reason for fate in decision.fates] == ["disabled"]
    assert result(DAILY, Policy(), decision.entry, Facts(0.0), NINE + 1) == ([], [])


@pytest.mark.parametrize(
    ("overlap", "waiting", "running", "held", "expected"),
    [
        ("coalesce", False, False, False, ([EIGHT], [])),
        ("coalesce", False, True, False, ([EIGHT], [])),
        ("coalesce", True, False, False, ([], [(COALESCED, "waiting", 1)])),
        ("coalesce", True, False, True, ([], [(COALESCED, "held", 1)])),
        ("queue", True, True, True, ([EIGHT], [])),
        ("skip", False, False, True, ([EIGHT], [])),
        ("skip", False, True, False, ([], [(MISSED, "overlap", 1)])),
        ("skip", True, False, False, ([], [(MISSED, "overlap", 1)])),
    ],
)
def test_overlap(overlap: str, waiting: bool, running: bool, held: bool, expected: object) -> None:
    """One waiting request is enough, each counts, or the busy miss theirs."""
    facts = Facts(0.0, True, waiting, running, held)
    assert result(DAILY, Policy(overlap=overlap), known(EIGHT - DAY), facts, NINE) == expected


def test_jitter_comes_after_the_slot_time() -> None:
    """The slot time stays what it is; it is only looked at later."""
    policy = Policy(jitter=600)
    assert result(DAILY, policy, known(EIGHT - DAY), Facts(0.0), EIGHT + 599) == ([], [])
    assert result(DAILY, policy, known(EIGHT - DAY), Facts(0.0), EIGHT + 600) == ([EIGHT], [])
    assert decide(DAILY, "x", policy, known(EIGHT - DAY), Facts(0.0), EIGHT).look_again == EIGHT + 600


def test_a_jitter_of_each_slot_time() -> None:
    """The request is there at the slot time, and waits: each time for another while, and the same however often one looks."""
    policy = Policy(spread=600, name="work")
    entry, waits = known(EIGHT - DAY), []
    for day in range(50):
        slot = EIGHT + day * DAY
        decision = decide(DAILY, "x", policy, entry, Facts(0.0), slot)
        (drop,) = decision.drops
        assert drop.slot == slot
        waits.append((drop.not_before or slot) - slot)
        assert decision == decide(DAILY, "x", policy, entry, Facts(0.0), slot)
        entry = due.dropped(decision.entry)
    assert 0 <= min(waits) < 60
    assert 540 < max(waits) < 600
    assert len(set(waits)) > 40
    # One that is made up for later has waited long enough.
    assert decide(DAILY, "x", policy, known(EIGHT - DAY), Facts(0.0), NINE).drops[0].not_before is None


def test_jitter_brings_nothing_old_back() -> None:
    """Neither at the first look nor when it is given to a schedule that was looked after."""
    assert result(DAILY, Policy(jitter=7200), None, Facts(NINE - 10), NINE) == ([], [])
    assert result(DAILY, Policy(jitter=7200), known(NINE - 1), Facts(0.0), NINE) == ([], [])


def test_a_late_request_waits_for_the_active_hours() -> None:
    """A slot time that is made up for at night is dropped at once and may run when the hours begin."""
    schedule = Calendar(cron.parse("0 * * * *"), timezone.utc, Window(8 * 60, 20 * 60))
    midnight = EIGHT + 16 * HOUR
    decision = decide(schedule, "x", Policy(), known(EIGHT + 10 * HOUR), Facts(0.0), midnight)
    assert [(drop.slot, drop.not_before) for drop in decision.entry.dropping] == [
        (EIGHT + 11 * HOUR, EIGHT + DAY)
    ]


def test_a_single_moment_is_due_once() -> None:
    moment = Moment(int(EIGHT))
    decision = decide(moment, "x", Policy(), known(EIGHT - DAY), Facts(0.0), EIGHT + 1)
    assert [drop.slot for drop in decision.entry.dropping] == [EIGHT]
    assert decision.look_again is None
    assert result(moment, Policy(), None, Facts(NINE - 1), NINE) == ([], [])


def test_a_clock_that_goes_back_repeats_nothing() -> None:
    """Not by a minute, an hour or three days: what ran does not run again, what comes after runs."""
    hourly = Interval(3600, 0)
    for back in (30.0, HOUR, 3 * DAY):
        entry: Optional[Entry] = known(EIGHT - 5 * DAY)
        ran: list[int] = []
        moments = [EIGHT - 5 * DAY + step * HOUR for step in range(100)]
        moments += [moments[-1] - back + step * HOUR for step in range(120)]
        for now in moments:
            entry = decide(hourly, "x", Policy(), entry, Facts(0.0), now).entry
            ran += [drop.slot for drop in entry.dropping if drop.slot]
            entry = due.dropped(entry)
        assert len(ran) == len(set(ran))
        assert set(slots_between(hourly, EIGHT - 5 * DAY, moments[-1])) == set(ran)


def test_a_clock_decades_ahead_does_not_stop_the_schedule() -> None:
    """Its slot times count as missed only until the clock is put right; then they are run when they come."""
    ahead = decide(DAILY, "x", Policy(), known(EIGHT - DAY), Facts(0.0), EIGHT + 70 * 365 * DAY)
    assert ahead.fates[0].reason == "too_late"
    right = decide(DAILY, "x", Policy(), due.dropped(ahead.entry), Facts(0.0), NINE)
    assert right.events[0].fields["seconds"] > 60 * 365 * DAY
    assert right.entry.fates == ()
    assert result(DAILY, Policy(), right.entry, Facts(0.0), EIGHT + DAY) == ([EIGHT + DAY], [])


def test_a_year_of_minutes_is_counted_and_the_newest_runs() -> None:
    """Also when there are more than are counted one by one."""
    minutely = Interval(60, 0)
    dropped, fates = result(minutely, Policy(), known(EIGHT - 366 * DAY), Facts(0.0), EIGHT)
    assert dropped == [EIGHT]
    assert fates == [(MISSED, "too_late", due.MOST), (COALESCED, "newer", 1440)]


def test_startup_is_due_once_for_each_boot() -> None:
    """The boot in which it is first seen is accounted for."""
    first = decide_startup("startup", Policy(), None, Facts(0.0), "a", NINE).entry
    assert first.dropping == ()
    assert decide_startup("startup", Policy(), first, Facts(0.0), "a", NINE).entry == first
    second = decide_startup("startup", Policy(), first, Facts(0.0), "b", NINE).entry
    assert [drop.mark for drop in second.dropping] == ["boot-b"]
    assert (
        decide_startup("startup", Policy(), due.dropped(second), Facts(0.0), "b", NINE).entry.dropping == ()
    )


def test_startup_of_a_disabled_task_is_missed() -> None:
    first = decide_startup("startup", Policy(), None, Facts(0.0), "a", NINE).entry
    decision = decide_startup("startup", Policy(), first, Facts(0.0, enabled=False), "b", NINE)
    assert ([fate.reason for fate in decision.fates], decision.entry.dropping) == (["disabled"], ())


def slots_between(schedule: Schedule, after: float, until: float) -> list[int]:
    """The slot times after one moment, until another."""
    found = []
    for slot in slots(schedule, after):
        if slot > until:
            break
        found.append(slot)
    return found
