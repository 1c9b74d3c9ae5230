"""Cron expressions: what is accepted and what it matches, and what is said about everything else."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.schedules import cron

EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY = tuple(range(1, 32)), tuple(range(1, 13)), tuple(range(7))

# What is wrong, and the words that must be in the message: what cron would have made of it.
BAD = {
    "22-2 * * * *": ("runs backwards", "never matches", "write 22-59,0-2"),
    "0 22-2 * * *": ("never matches", "write 22-23,0-2"),
    "0 0 * * sat-sun": ("never matches", "write 6-7"),
    "0 0 * * fri-mon": ("never matches", "write 5-6,0-1"),
    "0 0 * nov-feb *": ("never matches", "write 11-12,1-2"),
    "0 0 25-5 * *": ("never matches", "write 25-31,1-5"),
    "5.5 * * * *": ("would read '5' and ignore '.5'",),
    "*5 * * * *": ("would read '*' and ignore '5'",),
    "*-5 * * * *": ("would read '*' and ignore '-5'",),
    "0 0 * * 5#6": ("would read '5' and ignore '#6'", "1#1 to 1#5", "1L for the last"),
    "0~10 * * * *": ("would read '0' and ignore '~10'",),
    "1-3-5 * * * *": ("would read '1-3' and ignore '-5'",),
    "*/5/2 * * * *": ("would read '*/5' and ignore '/2'",),
    "*/0 * * * *": ("cron refuses it",),
    "*/90 * * * *": ("would take 0 only", "type: interval and every: 90m"),
    "0 */24 * * *": ("would take 0 only", "type: interval and every: 24h"),
    "0 22-6/2 * * *": ("runs backwards", "write 22,0,2,4,6"),
    "0 0 * * 7-1": ("runs backwards", "write 0-1"),
    "0 0 * * 7-6/2": ("runs backwards", "write 0,2,4,6"),
    "0 0 * * sat-mon/2": ("runs backwards", "write 6,1"),
    "0-10/15 * * * *": ("would take 0 only",),
    "5/10 * * * *": ("5-59/10", "cron refuses it"),
    "0 0 * * 5/2": ("cron refuses it",),
    "0 0 31 2 *": ("never due",),
    "0 0 30,31 feb *": ("never due",),
    "0 0 31 4,6,9,11 *": ("never due",),
    "0 0 31 2 */2": ("never due",),
    "@Daily": ("lower case", "@daily"),
    "@reboot": ("type: startup",),
    "@every 5m": ("type: interval and every: 5m",),
    "@every 1h30m": ("type: interval and every: 1h30m",),
    "@fortnightly": ("cron refuses it", "@weekly"),
    "0 0 0 * * *": ("there are 6", "takes the sixth for a command"),
    "0 0 12 * * ? 2027": ("there are 7",),
    "0 0 * *": ("there are 4", "cron refuses it"),
    "0 0 8 * * mon-fri": ("there are 6", "write 0 8 * * mon-fri"),
    "0 8 * * 1-5 2027": ("there are 6", "write 0 8 * * 1-5"),
    "0 0 12 ? * MON-FRI *": ("write 0 12 * * MON-FRI",),
    "0 8 * * mon - fri": ("no spaces in a field; write 0 8 * * mon-fri",),
    "0 8 * * mon, fri": ("write 0 8 * * mon,fri",),
    "CRON_TZ=Europe/Berlin 0 8 * * *": ("write 0 8 * * * and timezone: Europe/Berlin beside it",),
    "TZ=UTC 0 8 * * *": ("write 0 8 * * * and timezone: UTC",),
    "0 8 * * * PST": ("write 0 8 * * * and timezone: with its name",),
    "0 8 * * * Europe/Berlin": ("write 0 8 * * * and timezone: Europe/Berlin",),
    "08:30": ("write 30 8 * * *",),
    "every day at 8:05": ("write 5 8 * * *",),
    "daily": ("write @daily",),
    "roughly 14:00": ("write daily around 14:00",),
    "monday around 2pm": ("write mon around 14:00",),
    "weekdays approximately 9.30": ("write weekdays around 09:30",),
    "between 22:00 to 02:00": ("write daily between 22:00 and 02:00",),
    "every day 08:30-09:15": ("write daily between 08:30 and 09:15",),
    "sat and sun between 8am and 9:15": ("write sat,sun between 08:00 and 09:15",),
    "every 15 minutes": ("type: interval and every: 15m",),
    "every 2 hours": ("type: interval and every: 2h",),
    "weekdays": ("such as: 0 8 * * mon-fri",),
    "@weekdays": ("known are @yearly",),
    "": ("there are 0",),
    "0 0 L-2 * *": ("only L alone, the last day of the month, is supported: write L",),
    "0 0 LW * *": ("only L alone, the last day of the month",),
    "0 0 * * L": ("5L or friL for the last Friday",),
    "L * * * *": ("cron refuses it",),
    "0 0 15W * *": ("Quartz", "cron refuses it"),
    "0 0 ? * 1": ("Quartz", "cron refuses it", "write *"),
    "H * * * *": ("Jenkins", "cron refuses it", "jitter: 10m"),
    "~ * * * *": ("OpenBSD", "cron refuses it", "jitter: 10m"),
    "1,2, * * * *": ("comma", "cron refuses it"),
    ",1 * * * *": ("comma", "cron refuses it"),
    "1,,2 * * * *": ("comma", "cron refuses it"),
    "5- * * * *": ("cron refuses it",),
    "-5 * * * *": ("cron refuses it",),
    "*/ * * * *": ("cron refuses it",),
    "*/x * * * *": ("cron refuses it",),
    "60 * * * *": ("60 is not from 0 to 59", "cron refuses it", "write 0, which begins the hour"),
    "0 24 * * *": ("24 is not from 0 to 23", "write 0, which begins the day"),
    "0 0 0 * *": ("0 is not from 1 to 31",),
    "0 0 32 * *": ("32 is not from 1 to 31",),
    "0 0 * 0 *": ("0 is not from 1 to 12",),
    "0 0 * 13 *": ("13 is not from 1 to 12",),
    "0 0 * * 8": ("8 is not from 0 to 7",),
    "0 0 * * monday": ("sun, mon", "cron refuses it; write mon"),
    "0 0 * * mon,tues": ("write tue",),
    "0 0 * january *": ("write jan",),
    "0 0 * janvier *": ("jan, feb", "cron refuses it"),
    "mon * * * *": ("expected 0 to 59", "cron refuses it"),
    "\u0665 * * * *": ("cron refuses it",),
    "1" * 600: ("longer than 500",),
}


@pytest.mark.parametrize("text", BAD)
def test_what_cron_would_misread_is_an_error(text: str) -> None:
    """The message says what is wrong and what cron would have done with it."""
    with pytest.raises(cron.InvalidCron) as caught:
        cron.parse(text)
    for words in BAD[text]:
        assert words in str(caught.value)
    assert len(str(caught.value)) < 800


FIELDS = [
    ("{} * * * *", 0, 59),
    ("0 {} * * *", 0, 23),
    ("0 0 {} * *", 1, 31),
    ("0 0 1 {} *", 1, 12),
    ("0 0 * * {}", 0, 7),
]


@pytest.mark.parametrize(("form", "lowest", "highest"), FIELDS)
def test_what_is_to_be_written_works(form: str, lowest: int, highest: int) -> None:
    """Of every range that runs backwards, with any step: what is named is accepted, and means the same round the clock."""
    field = FIELDS.index((form, lowest, highest))
    round_the_clock = 7 if highest == 7 else highest - lowest + 1
    for first in range(lowest, highest + 1):
        for last in range(lowest, first):
            for step in (1, 2, 3, 7):
                with pytest.raises(cron.InvalidCron) as caught:
                    cron.parse(form.format(f"{first}-{last}/{step}"))
                written = str(caught.value).rpartition("write ")[2]
                begin, end = (first % 7, last % 7) if highest == 7 else (first, last)
                meant = {
                    lowest + (begin - lowest + ahead) % round_the_clock
                    for ahead in range(0, (end - begin) % round_the_clock + 1, step)
                }
                found = cron.parse(form.format(written))[:5]
                assert set(found[field]) == meant, (first, last, step, written)


@pytest.mark.parametrize("text", BAD)
def test_whole_expressions_that_are_to_be_written_work(text: str) -> None:
    """Where the message has five fields or an alias to write, these are accepted."""
    with pytest.raises(cron.InvalidCron) as caught:
        cron.parse(text)
    expression = r"(?:write|such as:) ((?:[\d*]\S*(?<!,) ){2}\S+ \S+ [^\s;]+|@\w+)"
    for found in re.findall(expression, str(caught.value)):
        cron.parse(found)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 L * *", ["01-31", "02-28", "03-31", "04-30"]),
        ("0 0 15,L 2 *", ["02-15", "02-28"]),
        ("0 0 * 1-3 5L", ["01-29", "02-26", "03-26"]),
        ("0 0 * 1-3 friL", ["01-29", "02-26", "03-26"]),
        ("0 0 * 1-3 mon#1", ["01-04", "02-01", "03-01"]),
        ("0 0 * 1-2 1#1,1#3", ["01-04", "01-18", "02-01", "02-15"]),
        ("0 0 * 1-5 sun#5", ["01-31", "05-30"]),
        ("0 0 * 1-5 7#5", ["01-31", "05-30"]),
        ("0 0 L 1-2 mon#1", ["01-04", "01-31", "02-01", "02-28"]),
        ("0 0 * 1 6L,wed", ["01-06", "01-13", "01-20", "01-27", "01-30"]),
    ],
)
def test_last_days_and_nth_weekdays(text: str, days: list[str]) -> None:
    """In 2027; the rule of day and weekday is cron's."""
    parsed = cron.parse(text)
    year = [date(2027, 1, 1) + timedelta(days=ahead) for ahead in range(365)]
    due = [f"{day:%m-%d}" for day in year if parsed.on(day)]
    assert due[: len(days)] == days
    plain = cron.parse(cron.plain(text))
    assert plain[7:] == (False, ())
    assert [day for day in year if parsed.on(day) and not plain.on(day)] == [], "an alarm would be missed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 8 * * *", ((30,), (8,), EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY)),
        ("  30\t8   * * * ", ((30,), (8,), EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY)),
        ("*/20 0-6/3 * * *", ((0, 20, 40), (0, 3, 6), EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY)),
        ("0 8 * * 1-5", ((0,), (8,), EVERY_DAY, EVERY_MONTH, (1, 2, 3, 4, 5))),
        ("0 8 * * MON-fri", ((0,), (8,), EVERY_DAY, EVERY_MONTH, (1, 2, 3, 4, 5))),
        ("0 8 * * 7", ((0,), (8,), EVERY_DAY, EVERY_MONTH, (0,))),
        ("0 8 * * 5-7", ((0,), (8,), EVERY_DAY, EVERY_MONTH, (0, 5, 6))),
        ("0 8 * * mon-mon", ((0,), (8,), EVERY_DAY, EVERY_MONTH, (1,))),
        ("0 0 12-12 * *", ((0,), (0,), (12,), EVERY_MONTH, EVERY_WEEKDAY)),
        ("0 0 1,15 jan,jul *", ((0,), (0,), (1, 15), (1, 7), EVERY_WEEKDAY)),
        ("08 09 * * *", ((8,), (9,), EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY)),
        ("12,24-37 2 * * *", ((12, *range(24, 38)), (2,), EVERY_DAY, EVERY_MONTH, EVERY_WEEKDAY)),
        ("0 0 29 2 *", ((0,), (0,), (29,), (2,), EVERY_WEEKDAY)),
        ("0 0 31 2 1", ((0,), (0,), (31,), (2,), (1,))),
        ("0 0 31 2,3 *", ((0,), (0,), (31,), (2, 3), EVERY_WEEKDAY)),
    ],
)
def test_what_an_expression_matches(text: str, expected: tuple[tuple[int, ...], ...]) -> None:
    """Numbers, names, lists, ranges and steps; equal ranges are one value, Sunday is 0 and 7."""
    assert cron.parse(text)[:5] == expected


@pytest.mark.parametrize(("alias", "meaning"), sorted(cron.ALIASES.items()))
def test_aliases(alias: str, meaning: str) -> None:
    assert cron.parse(alias) == cron.parse(meaning)


@pytest.mark.parametrize(
    ("text", "either"),
    [
        ("0 0 1 * 5", True),
        ("0 0 1-31 * 5", True),
        ("0 0 */10 * 5", False),
        ("0 0 1 * */2", False),
        ("0 0 *,5 * 5", False),
        ("0 0 * * 5", False),
        ("0 0 5,* * 5", True),
    ],
)
def test_the_day_rule(text: str, either: bool) -> None:
    """Day and weekday are either-or unless the first character of one of them is `*`."""
    assert cron.parse(text).either is either


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("*/30 2 * * *", True),
        ("0 * * * *", True),
        ("0 */2 * * *", True),
        ("0,30 2 * * *", False),
        ("0-59 2 * * *", False),
        ("@hourly", True),
        ("@daily", False),
    ],
)
def test_which_expressions_follow_the_clock(text: str, follows: bool) -> None:
    assert cron.parse(text).follows_clock is follows


@given(st.text(alphabet="0123456789*/-,. @#LW?Hmonjan~", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but InvalidCron comes out of bad text, and every field of good text has a value."""
    try:
        found = cron.parse(text)
    except cron.InvalidCron:
        return
    assert all(found[:5])
