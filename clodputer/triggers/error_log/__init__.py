"""The trigger `error_log`: when errors appear in the logs of other programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.config.keys import CHOICE, CHOICES, COUNT, DURATION, TEXTS, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.numbers.digest import digest
from clodputer.model.schedules.ring import Every, Ring
from clodputer.model.task import Task, Trigger
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.triggers.error_log import found, records
from clodputer.triggers.error_log.judge import RULES, judge
from clodputer.triggers.file_watch.path import filled_in

PATTERNS = ("ERROR", "CRITICAL", "Exception", "panic", "Traceback")
EVERY = 300.0


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise Expected(f"a regular expression such as ERROR|timed out ({error})") from None
    return text


def _path(text: str) -> str:
    if not text.startswith(("/", "~/")):
        raise Expected("an absolute path, or one that begins with ~/")
    return text


KEYS = (
    Key(
        "paths",
        TEXTS,
        None,
        "The logs: files, globs such as `/var/log/app/**/*.log`, or folders, of which all `*.log` count. They are "
        "followed through their rotation.",
        smallest=1,
        check=_path,
        required=True,
        takes="path, or a list of them",
        example=["~/app/logs/*.log"],
    ),
    Key(
        "patterns",
        TEXTS,
        list(PATTERNS),
        "A line in which one of these regular expressions is found is an error. A line that is a JSON object "
        "with a level is an "
        "error by its level.",
        smallest=1,
        check=_pattern,
        absent="`ERROR`, `CRITICAL`, `Exception`, `panic`, `Traceback`",
        takes="regular expression, or a list of them",
        example=["ERROR", "timed out"],
    ),
    Key(
        "context_lines",
        COUNT,
        2,
        "How many lines before and after an error come with it.",
        smallest=0,
        largest=50,
        example=5,
    ),
    Key(
        "every",
        DURATION,
        EVERY,
        "How often the logs are looked at.",
        smallest=60.0,
        largest=86400.0,
        example="15m",
    ),
    Key(
        "rules",
        CHOICES,
        list(RULES),
        "When an error makes a request. `new`: it was never seen before. `regressed`: it comes again after a run about it "
        "succeeded. `rate`: it came ten times or more within an hour, and three times as often as before.",
        choices=RULES,
        smallest=1,
        absent="all of them",
        example=["new"],
    ),
    Key(
        "at_most",
        COUNT,
        5,
        "The most requests at one look; the most severe errors come first, and the others wait for the next look.",
        smallest=1,
        largest=100,
        example=1,
    ),
    Key(
        "initial",
        CHOICE,
        "ignore",
        "What happens to errors that are in the logs when the trigger is first seen.",
        choices=("ignore", "process"),
        example="process",
    ),
)
BRINGS: Mapping[str, tuple[str, ...]] = {
    "error": (
        "message",
        "context",
        "path",
        "line",
        "count",
        "total",
        "fingerprint",
        "rule",
        "critical",
    )
}


def mark(context: Context, task: Task, trigger: Trigger) -> str:
    """A name for the logs that are followed: with others, a trigger starts again. Raises ClodputerError."""
    return digest("\0".join(_paths(context, task, trigger)).encode("utf-8", "surrogateescape"), 8)


def look(
    context: Context, task: Task, trigger: Trigger, entry: Optional[Mapping[str, Any]], now: float
) -> dict[str, Any]:
    """The errors that are new in the logs. Raises ClodputerError when a path is none."""
    options = trigger.options
    wish = found.Wish(
        tuple(_paths(context, task, trigger)),
        records.searching([re.compile(text) for text in _texts(options.get("patterns") or PATTERNS)]),
        int(options.get("context_lines", 2)),
        options.get("initial") == "process",
    )
    return found.look(context.home, task.name, wish, entry, now)


def decide(trigger: Trigger, entry: Optional[Mapping[str, Any]], facts: Facts, now: float) -> Decision:
    """Which errors become requests."""
    options = trigger.options
    rules, at_most = _texts(options.get("rules") or RULES), int(options.get("at_most", 5))
    return judge(entry, facts.seen, facts.trouble, rules, at_most, _every(trigger), now)


def remembers(trigger: Trigger, entry: Optional[Mapping[str, Any]]) -> str:
    """How many errors are known since when, how many wait, and what went wrong at the last look."""
    if entry is None:
        return "nobody has looked yet; errors that are in the logs at the first look are ignored"
    known, waiting = len(entry.get("known") or {}), len(entry.get("waiting") or ())
    parts = [f"{counted(known, 'error')} known since {zone.wall(entry.get('since') or 0.0)}"]
    parts += [f"{waiting} of them wait for the next look"] if waiting else []
    parts += [f"problem at the last look: {entry['trouble']}"] if entry.get("trouble") else []
    return "; ".join(parts)


def alarm(trigger: Trigger) -> Ring:
    """Every so often: a busy log would start an exec with each of its lines."""
    return Ring(times=(Every(int(_every(trigger))),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `when errors appear in ~/app/*.log (looked at every 5m)`; may hold anything that a path may."""
    where = ", ".join(_texts(trigger.options["paths"]))
    return f"when errors appear in {where} (looked at every {format_duration(_every(trigger))})"


def _every(trigger: Trigger) -> float:
    return float(trigger.options.get("every") or EVERY)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(text) for text in value]


def _paths(context: Context, task: Task, trigger: Trigger) -> list[str]:
    return [
        filled_in(task, text, context.environ, context.secrets, "paths")
        for text in _texts(trigger.options["paths"])
    ]
