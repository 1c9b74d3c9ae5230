"""Which errors become requests: new ones, those that come back, and those that come much more often."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.model.triggers.decision import Decision
from clodputer.triggers.error_log.judge import DAY, HOUR, MOST_KNOWN, MOST_WAITING, RULES, judge

NOW = 1_800_000_000.0


def seen(*names: str, number: int = 1, critical: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
    """A look that found these errors."""
    errors = {
        name: {
            "message": name,
            "context": name,
            "path": "/a.log",
            "line": 1,
            "critical": name in critical,
            "number": number,
        }
        for name in names
    }
    return {
        "places": {},
        "errors": errors,
        "resolved": {},
        "more": False,
        "wait": 0.0,
        "trouble": "",
        **changed,
    }


def judged(
    entry: Optional[dict[str, Any]],
    look: Optional[dict[str, Any]],
    now: float = NOW,
    at_most: int = 5,
    rules: tuple[str, ...] = RULES,
    trouble: str = "",
) -> Decision:
    return judge(entry, look, trouble, rules, at_most, 300.0, now)


def asked(decision: Decision) -> list[tuple[str, str]]:
    return [(drop.item, drop.context["error"]["rule"]) for drop in decision.drops]


def test_a_new_error_makes_one_request() -> None:
    first = judged(None, seen("a", "b"))
    assert asked(first) == [("a", "new"), ("b", "new")]
    assert asked(judged(first.entry, seen("a", "b"), NOW + 300)) == []
    assert first.look_again == NOW + 270


def test_one_that_comes_again_after_a_good_run_has_regressed() -> None:
    entry = judged(None, seen("a")).entry
    before = judged(entry, seen("a", resolved={"a": NOW - 1}), NOW + 60)
    assert asked(before) == []
    after = judged(entry, seen("a", resolved={"a": NOW + 60}), NOW + 300)
    assert asked(after) == [("a", "regressed")]
    # Once, until a run about it succeeds again.
    assert asked(judged(after.entry, seen("a", resolved={"a": NOW + 60}), NOW + 600)) == []
    assert asked(judged(after.entry, seen("a", resolved={"a": NOW + 400}), NOW + 600)) == [("a", "regressed")]


def test_one_that_comes_much_more_often_is_a_rush() -> None:
    entry = judged(None, seen("a")).entry
    for hour in range(1, 48):
        decision = judged(entry, seen("a", number=2), NOW + hour * HOUR)
        assert asked(decision) == []
        entry = decision.entry
    rush = judged(entry, seen("a", number=20), NOW + 48 * HOUR)
    assert asked(rush) == [("a", "rate")]
    # Not again on the same day, and at first there is no mean to be above.
    assert asked(judged(rush.entry, seen("a", number=90), NOW + 49 * HOUR)) == []
    assert asked(judged(judged(None, seen("a")).entry, seen("a", number=900), NOW + HOUR)) == []
    assert len(rush.entry["known"]["a"]["hours"]) <= 7 * 24 + 1


def test_the_gravest_come_first_and_none_is_lost() -> None:
    names = [f"e{number}" for number in range(12)]
    decision = judged(None, seen(*names, critical=("e11",)), at_most=5)
    found = asked(decision)
    assert found[0] == ("e11", "new")
    assert decision.drops[0].priority == 5
    assert decision.drops[1].priority is None
    while decision.entry["waiting"]:
        assert decision.look_again is not None
        decision = judged(decision.entry, seen("e7"), decision.look_again, at_most=5)
        found += asked(decision)
    assert sorted(name for name, _ in found) == sorted(names)


def test_only_rules_that_are_chosen_count() -> None:
    entry = judged(None, seen("a"), rules=("regressed",))
    assert asked(entry) == []
    assert asked(judged(entry.entry, seen("b"), rules=("new",))) == [("b", "new")]


def test_a_look_that_failed_forgets_nothing_and_is_told_once() -> None:
    entry = judged(None, seen("a")).entry
    failed = judged(entry, None, NOW + 300, trouble="it takes too long")
    assert [event.name for event in failed.events] == ["watch_failed"]
    assert failed.entry["known"] == entry["known"]
    assert judged(failed.entry, None, NOW + 600, trouble="it takes too long").events == ()
    assert asked(judged(failed.entry, seen("a"), NOW + 900)) == []


def test_what_is_known_is_bounded() -> None:
    entry = None
    for part in range(0, MOST_KNOWN, 1000):
        entry = judged(entry, seen(*(f"e{part + number}" for number in range(1000)))).entry
        entry["waiting"] = []
    after = judged(entry, seen("new one"), NOW + DAY).entry
    assert len(after["known"]) == MOST_KNOWN
    assert "new one" in after["known"]


def test_it_looks_again_at_once_when_there_was_more_or_something_is_being_written() -> None:
    entry = judged(None, seen()).entry
    assert judged(entry, seen(more=True)).look_again == NOW + 1
    assert judged(entry, seen(wait=NOW + 3)).look_again == NOW + 3


def test_what_waits_is_never_forgotten_and_what_cannot_wait_is_new_again() -> None:
    """A thousand errors wait at most. The others are told, and make a request when they come again."""
    names = [f"e{number}" for number in range(1500)]
    first = judged(None, seen(*names))
    entry = first.entry
    assert len(entry["waiting"]) == MOST_WAITING
    assert "more than 1,000 errors wait" in str(first.events)
    # A flood of others, seen later, drives out of what is known neither these nor the look itself.
    for part in range(6):
        entry = judged(entry, seen(*(f"f{part}.{number}" for number in range(2000))), NOW + part).entry
    decision, asked_for = judged(entry, seen()), set()
    while decision.drops:
        asked_for |= {drop.item for drop in decision.drops}
        decision = judged(decision.entry, seen(), at_most=100)
    assert len(asked_for) == MOST_WAITING
    assert asked(judged(decision.entry, seen("e1499"))) == [("e1499", "new")]
