"""What looks at GitHub lead to: each wish to one request, whatever comes between, and looks that are spaced out."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.triggers.decision import Decision
from clodputer.triggers.github.judge import DAY, MOST_KNOWN, SLOWEST, Caps, judge

NOW = 1_800_000_000.0
EVERY = 300.0
CAPS = Caps(1000, 1000)


def candidate(number: int, author: int = 1) -> dict[str, Any]:
    return {
        "item": f"o/r#{number}",
        "author": author,
        "answers": "",
        "context": {"issue": {"number": number}},
    }


def seen(*events: tuple[int, str], happened: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
    """A look that found these labels, (number, event) each, and these comments."""
    issues = [
        {"number": number, "event": event, "updated": event, "candidate": candidate(number)}
        for number, event in events
    ]
    comments = [{"id": name, "candidate": candidate(int(name))} for name in happened]
    return {
        "server": "s",
        "lists": {},
        "issues": issues,
        "happened": comments,
        "more": False,
        "until": None,
        **changed,
    }


def judged(
    entry: Optional[dict[str, Any]], look: dict[str, Any], now: float = NOW, caps: Caps = CAPS, **more: Any
) -> Decision:
    return judge(entry, look, caps, EVERY, now, **more)


def items(decision: Decision) -> list[str]:
    return [drop.item for drop in decision.drops]


@given(st.lists(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab")), max_size=4), max_size=6))
def test_each_setting_of_a_label_counts_once_in_a_row(looks: list[list[tuple[int, str]]]) -> None:
    """However they are spread over looks: as often as the event of an issue is another one than before."""
    entry, dropped, expected, last = None, 0, 0, dict[int, str]()
    for number, look in enumerate(looks):
        decision = judged(entry, seen(*look), NOW + number)
        entry, dropped = decision.entry, dropped + len(decision.drops)
        for issue, event in look:
            expected += last.get(issue) != event
            last[issue] = event
    assert dropped == expected


def test_what_is_lost_is_known() -> None:
    """Where what was remembered is damaged, nobody knows what was asked for already: nothing is asked for twice."""
    decision = judged(None, seen((1, "a"), happened=("7",)), replaces=True)
    assert items(decision) == []
    assert items(judged(decision.entry, seen((1, "a"), (2, "b"), happened=("7", "8")), NOW + 1)) == [
        "o/r#2",
        "o/r#8",
    ]
    assert items(judged({"format": 99}, seen((1, "a")))) == ["o/r#1"]


def test_caps_leave_room_after_a_day() -> None:
    caps = Caps(2, 1)
    decision = judged(None, seen((1, "a"), (2, "b"), happened=("3",)), caps=caps)
    assert items(decision) == ["o/r#1"]
    assert decision.look_again is not None
    later = judged(decision.entry, seen(), NOW + DAY + 1, caps)
    assert items(later) == ["o/r#2"]
    assert items(judged(later.entry, seen(), NOW + 2 * DAY + 2, caps)) == ["o/r#3"]


def test_looks_are_spaced_out_where_nothing_happens() -> None:
    """Up to ten minutes, whatever alarm comes; and as before when something does."""
    entry: Any = None
    now, gaps = NOW, []
    for _ in range(8):
        decision = judged(entry, seen(), now)
        assert decision.look_again is not None
        gaps.append(decision.look_again - now)
        entry, now = decision.entry, decision.look_again
    assert gaps[0] == gaps[2] == EVERY - 30
    assert gaps[-1] == SLOWEST - 30
    assert judged(entry, {"early": True}, now - 5).look_again == entry["not_before"]
    assert judged(entry, {"early": True}, now - 5).entry == entry
    decision = judged(entry, seen((1, "a")), now)
    assert decision.look_again == now + EVERY - 30
    assert decision.entry["not_before"] == 0.0


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        ({"passes": True, "until": None}, 60, 60),
        ({"passes": True, "until": NOW + 1234}, 1234, 1234),
        ({"passes": False, "until": None}, 900, 900),
        ({"passes": False, "until": None, "asked": False}, 300, 300),
    ],
)
def test_trouble(error: dict[str, Any], least: float, most: float) -> None:
    """It is said once, it doubles the time where it passes, and what is known stays known."""
    before = judged(None, seen((1, "a"))).entry
    decision = judged(before, {"error": {"code": "x", "message": "It is broken", **error}})
    assert decision.look_again is not None
    assert least <= decision.look_again - NOW <= most
    assert [event.name for event in decision.events] == ["watch_failed"]
    again = judged(decision.entry, {"error": {"code": "x", "message": "It is broken", **error}})
    assert again.events == ()
    assert again.look_again is not None
    assert again.look_again >= decision.look_again
    assert items(judged(again.entry, seen((1, "a")))) == []


def test_a_limit_that_is_used_up_is_kept_to() -> None:
    decision = judged(None, seen(until=NOW + 700))
    assert (decision.look_again, decision.entry["not_before"]) == (NOW + 700, NOW + 700)


def test_what_is_remembered_is_bounded() -> None:
    decision = judged(
        None, seen(*((number, f"{number:06d}") for number in range(MOST_KNOWN + 10))), caps=Caps(9, 9)
    )
    assert len(decision.entry["known"]) == MOST_KNOWN
    assert "0" not in decision.entry["known"]


def test_what_a_clock_that_was_ahead_has_counted_is_over_in_a_day() -> None:
    """The caps are not used up until the moment that it had named."""
    ahead, caps = NOW + 366 * DAY, Caps(1, 9)
    entry = judged(None, seen((1, "a")), ahead, caps).entry
    after = judged(entry, seen((2, "b")), NOW, caps)
    assert items(after) == []
    assert items(judged(after.entry, seen(), NOW + DAY + 1, caps)) == ["o/r#2"]
