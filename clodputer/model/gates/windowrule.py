"""Which share of an account's usage windows a task may use, and whether a run may begin now, as a function of readings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import CHOICE, PART, PERCENT, TEXT, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.gates import usage
from clodputer.model.gates.usage import LENGTHS, WHOLE, WORDS, Reading, Readings
from clodputer.model.schedules.window import ALWAYS, Active, active, closing

SPARE, ALWAYS_RUN = "spare", "always"

# So many steps lead from any moment past the resets of both windows, unless hours change every few minutes.
MOST_STEPS = 200

_KEPT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%(?:\s+during\s+(\S.*))?", re.ASCII)


class WindowRule(NamedTuple):
    """Up to which use of a window runs begin; None or an empty text: not set.

    stop_at: percent. keep_back, run_when: as they are written.
    """

    stop_at: Optional[float] = None
    keep_back: str = ""
    run_when: str = ""


NONE = WindowRule()


class KeepBack(NamedTuple):
    """A share of each window, in percent, that runs leave to the person during these hours."""

    share: float
    during: Active


class Blocked(NamedTuple):
    """What keeps a run from beginning: a sentence, and when that will be over (epoch seconds) if nothing more is used."""

    message: str
    until: float


def both(task: WindowRule, everywhere: Mapping[str, Any]) -> WindowRule:
    """The rule of a task, together with what config.yaml says for all tasks: of each key the task's own, if it has one."""
    own = {name: value for name, value in task._asdict().items() if value not in (None, "")}
    return WindowRule(**{**everywhere, **own})


def keep_back(text: str) -> KeepBack:
    """The share and hours of a text such as `20% during 09:00-18:00 mon-fri`. Raises ValueError."""
    found = _KEPT.fullmatch(text.strip())
    if found is None or float(found[1]) > WHOLE:
        raise ValueError("a share such as 20%, or 20% during 09:00-18:00 mon-fri")
    if found[2] is None:
        return KeepBack(float(found[1]), ALWAYS)
    words = re.sub(r"\s*([,-])\s*", r"\1", found[2]).split()
    hours = [word for word in words if ":" in word]
    days = [word for word in words if ":" not in word]
    if len(hours) > 1 or len(days) > 1:
        raise ValueError("hours and days such as 09:00-18:00 mon-fri, or 09:00-12:00,14:00-18:00")
    return KeepBack(float(found[1]), active("".join(hours), "".join(days)))


def blocked(rule: WindowRule, readings: Readings, now: float, zone: tzinfo) -> Optional[Blocked]:
    """What keeps a run from beginning at `now` (epoch seconds), or None. `zone` is that of the hours of `keep_back`.

    A reading whose window has been reset says nothing, and what nothing is known of keeps nobody waiting.
    """
    first = _first(rule, readings, now, zone)
    if first is None:
        return None
    at, found = now, first
    for _ in range(MOST_STEPS):
        at = found.over
        then = _first(rule, readings, at, zone)
        if then is None:
            break
        found = then
    return Blocked(first.message, at)


class _Block(NamedTuple):
    """One window that keeps a run waiting, and the next moment at which that may be otherwise."""

    message: str
    over: float


def _first(rule: WindowRule, readings: Readings, at: float, zone: tzinfo) -> Optional[_Block]:
    kept = keep_back(rule.keep_back) if rule.keep_back else None
    inside = kept is not None and kept.during.holds(datetime.fromtimestamp(at, zone))
    limit = WHOLE if rule.stop_at is None else rule.stop_at
    key = "stop_at"
    if kept is not None and inside and WHOLE - kept.share < limit:
        limit, key = WHOLE - kept.share, "keep_back"
    limited = rule.stop_at is not None or key == "keep_back"
    for kind, reading in usage.in_force(readings, at).items():
        ends = [reading.resets_at]
        if kept is not None and inside:
            ends += _end(kept.during, at, zone)
        used = f"{reading.used:.0f}% of its {WORDS[kind]} window is used"
        if limited and reading.used >= limit:
            return _Block(f"{used}, and runs begin only below {limit:g}% ({key}).", min(ends))
        if rule.run_when == SPARE:
            ahead = _in_pace(kind, reading, limit)
            if ahead > at:
                return _Block(
                    f"{used}, more than the share of its time that has passed (run_when: {SPARE}).",
                    min(*ends, ahead),
                )
    return None


def _in_pace(kind: str, reading: Reading, limit: float) -> float:
    """From when on no more is used than has come due: the limit comes due evenly from the window's beginning to its reset."""
    if reading.used >= limit:
        return reading.resets_at
    begins = reading.resets_at - LENGTHS[kind]
    return begins + LENGTHS[kind] * reading.used / limit


def _end(hours: Active, at: float, zone: tzinfo) -> list[float]:
    """When the hours that hold at `at` end, if they do; a moment that the clock shows twice is taken to be the later one."""
    found = closing(hours, datetime.fromtimestamp(at, zone))
    if found is None:
        return []
    moments = (found.replace(fold=fold).timestamp() for fold in (0, 1))
    return [next((moment for moment in moments if moment > at), at + 3600.0)]


def _checked(text: str) -> str:
    try:
        keep_back(text)
    except ValueError as error:
        raise Expected(str(error)) from None
    return " ".join(text.split())


KEY = Key(
    "window",
    PART,
    {},
    "How much of a subscription's 5-hour and 7-day windows may be used for runs to begin; above that, requests "
    "wait. A window of which nothing is known keeps nothing waiting: see [usage windows](usage-windows.md).",
    keys=(
        Key(
            "stop_at",
            PERCENT,
            help="From this use of a window on, no run begins before its reset.",
            smallest=1,
            largest=100,
            absent="that of `config.yaml`, else no limit",
            example="90%",
        ),
        Key(
            "keep_back",
            TEXT,
            "",
            "This share of each window is left to you: in these hours (local time; days may be named) no run begins once the "
            "rest is used. Without `during`: always.",
            check=_checked,
            absent="that of `config.yaml`, else nothing",
            takes="share, or `SHARE during HOURS DAYS`",
            example="20% during 09:00-18:00",
        ),
        Key(
            "run_when",
            CHOICE,
            "",
            "`spare`: only with what would expire unused, that is while a smaller share of each window is used than has "
            "passed of its time.",
            choices=(SPARE, ALWAYS_RUN),
            absent=f"that of `config.yaml`, else `{ALWAYS_RUN}`",
            example=SPARE,
        ),
    ),
    absent="that of `config.yaml`",
    example={"stop_at": "90%", "run_when": SPARE},
)
KEYS = (KEY,)
