"""Whether a run may begin by what is known of its account's usage windows: tables, and properties of the decision."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Optional
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.gates.usage import FIVE_HOUR, LENGTHS, SEVEN_DAY, STREAM, Reading
from clodputer.model.gates.windowrule import NONE, WindowRule, blocked, both, keep_back

BERLIN = ZoneInfo("Europe/Berlin")
# A Monday, 12:00 in Berlin.
NOON = datetime(2026, 11, 23, 12, tzinfo=BERLIN).timestamp()
HOUR = 3600.0


def five(used: float, resets_in: float = 2 * HOUR) -> dict[str, Reading]:
    return {FIVE_HOUR: Reading(used, NOON + resets_in, NOON - 60, STREAM)}


def week(used: float, resets_in: float = 84 * HOUR) -> dict[str, Reading]:
    return {SEVEN_DAY: Reading(used, NOON + resets_in, NOON - 60, STREAM)}


@pytest.mark.parametrize(
    ("rule", "readings", "hours"),
    [
        # Without a rule, and without a reading, nothing waits.
        (NONE, five(100), None),
        (WindowRule(run_when="always"), five(100), None),
        (WindowRule(90.0, "20% during 09:00-18:00", "spare"), {}, None),
        # stop_at
        (WindowRule(90.0), five(89.9), None),
        (WindowRule(90.0), five(90), 2),
        (WindowRule(90.0), week(90), 84),
        (WindowRule(90.0), {**five(95), **week(10)}, 2),
        (WindowRule(90.0), {**five(95), **week(95)}, 84),
        (WindowRule(90.0), five(95, -1), None),
        (WindowRule(100.0), five(99), None),
        # keep_back: until the reset or the end of the hours, whichever is first and helps.
        (WindowRule(keep_back="20% during 09:00-18:00"), five(79), None),
        (WindowRule(keep_back="20% during 09:00-18:00"), five(80), 2),
        (WindowRule(keep_back="20% during 09:00-18:00"), week(80), 6),
        (WindowRule(keep_back="20% during 09:00-18:00 sat-sun"), week(80), None),
        (WindowRule(keep_back="20% during 13:00-18:00"), week(80), None),
        (WindowRule(keep_back="20% during 09:00-13:00,14:00-15:00"), week(80), 1),
        (WindowRule(keep_back="20%"), week(80), 84),
        (WindowRule(90.0, "20% during 09:00-18:00"), week(85), 6),
        (WindowRule(90.0, "20% during 09:00-18:00"), week(95), 84),
        # A smaller share that is kept back than stop_at keeps anyway changes nothing.
        (WindowRule(70.0, "20% during 09:00-18:00"), week(75), 84),
        # spare: three of five hours have passed, so 60% may be used, or 54% of what stop_at leaves.
        (WindowRule(run_when="spare"), five(60), None),
        (WindowRule(run_when="spare"), five(80), 1),
        (WindowRule(run_when="spare"), five(100), 2),
        (WindowRule(90.0, run_when="spare"), five(54), None),
        (WindowRule(90.0, run_when="spare"), five(72), 1),
        (WindowRule(90.0, run_when="spare"), five(90), 2),
        (WindowRule(run_when="spare"), week(50), None),
        (WindowRule(run_when="spare"), {**five(80), **week(75)}, 42),
        # At 18:00 the whole of the week's window counts again: 52% of 100% was due at 15:21.
        (WindowRule(keep_back="50% during 09:00-18:00", run_when="spare"), week(52), 6),
    ],
)
def test_until_when_a_run_waits(
    rule: WindowRule, readings: dict[str, Reading], hours: Optional[float]
) -> None:
    found = blocked(rule, readings, NOON, BERLIN)
    assert (found and found.until) == (None if hours is None else pytest.approx(NOON + hours * HOUR))
    if found is not None:
        assert found.message.endswith(").")


@pytest.mark.parametrize(
    ("text", "share", "inside"),
    [
        ("20%", 20, True),
        ("0 %", 0, True),
        ("12.5% during 09:00-18:00", 12.5, True),
        ("20% during 09:00 - 18:00 mon-fri", 20, True),
        ("20%  during  mon, tue 09:00-10:00, 11:30-12:30", 20, True),
        ("20% during tue-sun", 20, False),
        ("100% during 22:00-06:00", 100, False),
    ],
)
def test_what_is_kept_back_and_when(text: str, share: float, inside: bool) -> None:
    found = keep_back(text)
    assert (found.share, found.during.holds(datetime.fromtimestamp(NOON, BERLIN))) == (share, inside)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "101%",
        "-1%",
        "20% in the morning",
        "20% during",
        "20% during 9-18",
        "20% during 09:00-18:00 mon fri",
    ],
)
def test_what_is_no_share_with_hours(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        keep_back(text)


def test_a_task_rules_key_by_key() -> None:
    everywhere = {"stop_at": 90.0, "keep_back": "20%"}
    assert both(NONE, {}) == NONE
    assert both(NONE, everywhere) == WindowRule(90.0, "20%", "")
    assert both(WindowRule(100.0, "", "spare"), everywhere) == WindowRule(100.0, "20%", "spare")


ZONES: list[tzinfo] = [BERLIN, timezone.utc, timezone(timedelta(hours=-9, minutes=-30))]
# Around both changes of the clock, too.
MOMENTS = st.sampled_from(
    [NOON, *(datetime(2026, *day, tzinfo=timezone.utc).timestamp() for day in ((3, 28), (10, 24)))]
).flatmap(lambda day: st.floats(0, 3 * 86400).map(lambda later: day + later))
RULES = st.builds(
    WindowRule,
    st.none() | st.floats(1, 100),
    st.sampled_from(
        (
            "",
            "20%",
            "50% during 09:00-18:00",
            "100% during 22:00-03:00 sat-sun",
            "30% during 01:30-02:30,03:00-04:00",
        )
    ),
    st.sampled_from(("", "spare", "always")),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[WindowRule, dict[str, Reading], float, tzinfo]:
    """A rule, readings of which some count no more, a moment and a zone."""
    now = draw(MOMENTS)
    readings = {}
    for kind in draw(st.sets(st.sampled_from(sorted(LENGTHS)))):
        reset = now + draw(st.floats(-0.1, 1)) * LENGTHS[kind]
        readings[kind] = Reading(draw(st.floats(0, 120)), reset, now, STREAM)
    return draw(RULES), readings, now, draw(st.sampled_from(ZONES))


@given(worlds(), st.lists(st.floats(0, 1, exclude_max=True), max_size=5))
def test_until_is_the_first_moment_at_which_the_run_may_begin(
    world: tuple[WindowRule, dict[str, Reading], float, tzinfo], between: list[float]
) -> None:
    """As long as nothing more is used: then it may, and at no moment before."""
    rule, readings, now, zone = world
    found = blocked(rule, readings, now, zone)
    if found is None:
        return
    assert found.until > now
    assert blocked(rule, readings, found.until, zone) is None
    assert found.until <= max(reading.resets_at for reading in readings.values())
    for part in between:
        earlier = now + part * (found.until - now)
        if earlier < found.until - 1:
            assert blocked(rule, readings, earlier, zone) is not None


@given(worlds(), st.floats(0, 50))
def test_more_use_never_lets_a_run_begin(
    world: tuple[WindowRule, dict[str, Reading], float, tzinfo], more: float
) -> None:
    rule, readings, now, zone = world
    if blocked(rule, readings, now, zone) is not None:
        fuller = {kind: one._replace(used=one.used + more) for kind, one in readings.items()}
        assert blocked(rule, fuller, now, zone) is not None


@given(worlds())
def test_what_was_reset_says_nothing(world: tuple[WindowRule, dict[str, Reading], float, tzinfo]) -> None:
    rule, readings, now, zone = world
    over = {kind: one._replace(resets_at=now) for kind, one in readings.items()}
    assert blocked(rule, over, now, zone) is None
