"""The kinds of trigger in a task file and the keys that each of them takes; importing this imports pydantic."""

# As in taskfile_schema.py, the models give no defaults: those stand in model/trigger.py.
from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from clodputer.model import cron, window
from clodputer.model import pattern as patterns
from clodputer.model.errors import ClodputerError
from clodputer.model.moment import parse_moment
from clodputer.store import zone
from clodputer.store.tasks.schema import UNSET, Clock, Part, Pause, RootedPath, Text, expected

# No alarm of an operating system comes more often.
SHORTEST_INTERVAL = 60.0
LONGEST_JITTER = 86400.0
LAST_MOMENT = 253402300799.0


def _schedule(text: str) -> str:
    try:
        cron.parse(text)
    except cron.InvalidCron as error:
        raise expected("a cron expression such as 0 8 * * mon-fri", f"; {error}") from None
    return text


def _zone(text: str) -> str:
    try:
        zone.load(text, {})
    except ClodputerError as error:
        told = zone.near(text) if error.code == "zone_unknown" else f"; {error.message}. {error.hint}"
        raise expected("the name of a time zone such as Europe/Berlin", told) from None
    return text


def _pattern(text: str) -> str:
    fault = patterns.fault(text)
    if fault:
        raise expected(f"a pattern such as **/*.md ({fault})")
    return text


def _moment(text: str) -> str:
    try:
        good = not text.strip().startswith("+") and 0 <= parse_moment(text, 0.0) <= LAST_MOMENT
    except ValueError:
        good = False
    if not good:
        raise expected("a moment from 1970 on, such as 2026-11-21T08:00:00+01:00")
    return text


def _hours(text: str) -> str:
    try:
        window.parse_hours(text)
    except ValueError as error:
        raise expected(str(error)) from None
    return text


def _days(text: str) -> str:
    try:
        window.parse_days(text)
    except ValueError as error:
        raise expected(str(error)) from None
    return text


def _every(seconds: float) -> float:
    if seconds < SHORTEST_INTERVAL or seconds % 1:
        raise expected(
            "a duration of whole seconds, from 1m on", "; no alarm comes more often than each minute"
        )
    return seconds


def _jitter(seconds: float) -> float:
    if seconds > LONGEST_JITTER:
        raise expected("a duration of up to 1d")
    return seconds


def _some(value: Any) -> Any:
    if value == {}:
        raise expected("hours, days or both", "; write {hours: 08:00-20:00, days: mon-fri}")
    return value


class ActiveKeys(Part):
    """`active:`."""

    hours: Annotated[Text, AfterValidator(_hours)] = UNSET
    days: Annotated[Text, AfterValidator(_days)] = UNSET


Active = Annotated[ActiveKeys, BeforeValidator(_some)]
Overlap = Literal["coalesce", "queue", "skip"]


class Repeated(Part):
    """The keys of every trigger that has slot times again and again."""

    catch_up: Literal["skip", "latest", "all"] = UNSET
    max_late: Clock = UNSET
    jitter: Annotated[Pause, AfterValidator(_jitter)] = UNSET
    active: Active = UNSET
    overlap: Overlap = UNSET


class CronKeys(Repeated):
    """`type: cron`: at the times of a cron expression."""

    type: Literal["cron"]
    schedule: Annotated[Text, AfterValidator(_schedule)]
    timezone: Annotated[Text, AfterValidator(_zone)] = UNSET


class IntervalKeys(Repeated):
    """`type: interval`: every so often."""

    type: Literal["interval"]
    every: Annotated[Clock, AfterValidator(_every)]
    anchor: Annotated[Text, AfterValidator(_moment)] = UNSET


class AtKeys(Part):
    """`type: at`: once."""

    type: Literal["at"]
    time: Annotated[Text, AfterValidator(_moment)]
    max_late: Clock = UNSET
    overlap: Overlap = UNSET


class FileWatchKeys(Part):
    """`type: file_watch`: when files come or change."""

    type: Literal["file_watch"]
    path: RootedPath
    pattern: Annotated[Text, AfterValidator(_pattern)] = UNSET
    event: Literal["created", "modified", "any"] = UNSET
    debounce: Pause = UNSET
    initial: Literal["ignore", "process"] = UNSET
    batch: Literal["each", "all"] = UNSET


class StartupKeys(Part):
    """`type: startup`: once after each start of the computer."""

    type: Literal["startup"]
    overlap: Overlap = UNSET


class ManualKeys(Part):
    """`type: manual`: only a person or a dropped request runs the task."""

    type: Literal["manual"]


# The keys besides `type` become Trigger.options, with the defaults of model/trigger.py.
TRIGGERS: dict[str, type[Part]] = {
    "cron": CronKeys,
    "interval": IntervalKeys,
    "at": AtKeys,
    "file_watch": FileWatchKeys,
    "startup": StartupKeys,
    "manual": ManualKeys,
}
