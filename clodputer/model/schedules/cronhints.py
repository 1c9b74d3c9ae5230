"""What to write instead of what is not a cron expression: each expression or field that a hint names is one that works."""

from __future__ import annotations

import re
from collections.abc import Iterable

_COUNT = "expected five fields (minute, hour, day of month, month, day of week)"
_FIELD = re.compile(r"[\d*,/-]+|[a-zA-Z]{3}(?:[,-][a-zA-Z]{3})*")
_ZONE = re.compile(r"[A-Z][A-Za-z_]+(?:/[A-Za-z_/+-]+)?|[A-Z]{3,5}")
_HOUR, _DAY = 60, 24
_CLOCK = r"\b([01]?\d|2[0-3])(?:[:.]([0-5]\d))?\s*([ap]m)?\b"

# Signs of other programs' expressions, whose they are, and what does it here.
_FOREIGN = (
    ("?", "Quartz", "write * instead"),
    ("H", "Jenkins", "write a fixed value, and jitter: 10m to spread the times of tasks"),
    ("W", "Quartz", "there is no nearest weekday; write the days, or mon-fri as the day of week"),
    ("~", "OpenBSD", "write a fixed value, and jitter: 10m to spread the times of tasks"),
)


def of_alias(text: str, aliases: Iterable[str]) -> str:
    """Something that begins with `@` and is no alias."""
    if text == "@reboot":
        return "@reboot is not a time; write a trigger with type: startup"
    every = re.fullmatch(r"@every\s*(\S*)", text, re.IGNORECASE)
    if every:
        return f"cron refuses @every; write a trigger with type: interval and every: {every[1] or '15m'}"
    if text.lower() in aliases:
        return f"cron refuses it: such names are in lower case; write {text.lower()}"
    return f"cron refuses it: known are {', '.join(aliases)}"


def of_count(words: list[str]) -> str:
    """Fewer or more than five fields."""
    text = " ".join(words)
    there = f"{_COUNT}, there {'is' if len(words) == 1 else 'are'} {len(words)}"
    if words and re.match(r"(?:CRON_)?TZ=", words[0]):
        zone = words[0].partition("=")[2]
        return f"a time zone does not belong in the schedule; write {' '.join(words[1:])} and timezone: {zone} beside it"
    if len(words) == 6 and _ZONE.fullmatch(words[5]) and not words[5].isdigit():
        zone = words[5] if "/" in words[5] or words[5] == "UTC" else "with its name, such as Europe/Berlin,"
        fields = " ".join(words[:5])
        return f"{there}; a time zone does not belong in the schedule; write {fields} and timezone: {zone} beside it"
    if len(words) > 5 and re.search(r"(?i)around|about|between|every", text):
        return f"{there}; {_of_words(text)}"
    if len(words) > 5:
        joined = re.sub(r"\s*([,/-])\s*", r"\1", text)
        if len(joined.split()) == 5:
            return f"{there}; there are no spaces in a field; write {joined}"
        return (
            f"{there}; cron knows no seconds and no years, and takes the sixth for a command{_without(words)}"
        )
    return f"{there}; {_of_words(text)}"


def _without(words: list[str]) -> str:
    """The five fields among six or seven with seconds before or years behind them."""
    rest = ["*" if word == "?" else word for word in words]
    if (
        len(rest) in (6, 7)
        and re.fullmatch(r"\*|(19|20)\d\d", rest[-1])
        and (len(rest) == 7 or rest[-1] != "*")
    ):
        rest = rest[:-1]
    if len(rest) == 6 and re.fullmatch(r"0|\*", rest[0]):
        rest = rest[1:]
    return f"; write {' '.join(rest)}" if len(rest) == 5 and all(map(_FIELD.fullmatch, rest)) else ""


def _of_words(text: str) -> str:
    """What people write in words."""
    low = text.lower()
    clocks = [_clock(found) for found in re.finditer(_CLOCK, low) if found[2] or found[3]]
    days = _days_of(low)
    if clocks and re.search(r"\b(around|about|approximately|roughly|circa)\b|~", low):
        return f"to give each task another time near that write {days} around {clocks[0]}"
    if len(clocks) > 1 and re.search(r"\bbetween\b|\bto\b|-", low):
        return f"to give each task another time in that span write {days} between {clocks[0]} and {clocks[1]}"
    every = re.search(r"\b(\d+)\s*(minutes?|mins?|m|hours?|h|days?|d)\b", low)
    if every:
        return f"write a trigger with type: interval and every: {int(every[1])}{every[2][0]}"
    if "weekday" in low or "workday" in low:
        return "cron refuses it; such as: 0 8 * * mon-fri"
    if clocks:
        hour, _, minute = clocks[0].partition(":")
        return f"cron refuses it; write {int(minute)} {int(hour)} * * *"
    for word in ("yearly", "monthly", "weekly", "daily", "hourly"):
        if word in low:
            return f"cron refuses it; write @{word}"
    return "cron refuses it; such as: 0 8 * * mon-fri"


def _clock(found: re.Match[str]) -> str:
    """`2pm` and `14.00` as `14:00`."""
    hour = int(found[1]) % 12 + (12 if found[3] == "pm" else 0) if found[3] else int(found[1])
    return f"{hour:02}:{found[2] or '00'}"


def _days_of(low: str) -> str:
    """The days that words name: `daily` when none are."""
    named = re.search(r"\b(weekday|workday|weekend)", low)
    if named:
        return "weekends" if named[1] == "weekend" else "weekdays"
    short = "mon|tue|wed|thu|fri|sat|sun"
    found = re.findall(rf"\b({short})[a-z]*\b", low)
    return ",".join(dict.fromkeys(found)) or "daily"


def of_foreign(field: str, item: str) -> str:
    """Something that begins like no value."""
    if "L" in item:
        return _last(field)
    for sign, of, advice in _FOREIGN:
        if sign in item:
            return f"{sign!r} belongs to {of}, and cron refuses it; {advice}"
    return "cron refuses it"


def _last(field: str) -> str:
    if field == "day of month":
        return "only L alone, the last day of the month, is supported: write L"
    if field == "day of week":
        return "L follows a weekday, as in 5L or friL for the last Friday of the month"
    return "L is the last day in the day of month, or follows a weekday; cron refuses it here"


def of_word(field: str, word: str, names: Iterable[str]) -> str:
    """A word where a number or a name is wanted."""
    short = word[:3].lower()
    if len(word) > 3 and short in names:
        return f"cron refuses it; write {short}"
    return of_foreign(field, word)


def of_number(field: str, number: int) -> str:
    """A number that is out of range, where it is plain what is meant."""
    if (field, number) in (("hour", 24), ("minute", 60)):
        return f"; write 0, which {'begins the day' if field == 'hour' else 'begins the hour'}"
    return ""


def of_tail(field: str, tail: str) -> str:
    """Something behind a good value, as in `1#6`, `0~10`."""
    if tail.startswith("#") and field == "day of week":
        return "; write 1#1 to 1#5 for the first to fifth Monday of the month, 1L for the last"
    for sign, _, advice in _FOREIGN:
        if tail.startswith(sign):
            return f"; {advice}"
    return ""


def of_step_alone(field: str, first: int, highest: int, step: int) -> str:
    """`5/10`: a step without a range."""
    highest = 6 if field == "day of week" else highest
    if step > max(highest - first, 1):
        return f"a step needs * or a range before it; cron refuses it; write {first}"
    return f"a step needs * or a range before it, such as {first}-{highest}/{step}; cron refuses it"


def of_wide_step(field: str, first: int, step: int, *, star: bool) -> str:
    """A step that leads out of its range."""
    message = f"the step is wider than the range; cron would take {first} only; write {first}"
    unit = {"minute": ("m", _HOUR), "hour": ("h", _DAY)}.get(field)
    if star and unit and step >= unit[1]:
        return f"{message}, or a trigger with type: interval and every: {step}{unit[0]}"
    return message


def circle(lowest: int, highest: int, first: int, last: int, step: int, *, weekdays: bool) -> str:
    """A backwards range as people mean it: round the clock, the week, the month or the year."""
    if weekdays:
        if last == 0 and step == 1:
            return f"{first}-7"
        lowest, highest, first, last = 0, 6, first % 7, last % 7
    size = highest - lowest + 1
    values = [lowest + (first - lowest + ahead) % size for ahead in range(0, (last - first) % size + 1, step)]
    if step > 1:
        return ",".join(map(str, values))
    parts = ((first, last),) if first <= last else ((first, highest), (lowest, last))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)
