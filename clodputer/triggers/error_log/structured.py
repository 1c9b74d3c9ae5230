"""Lines of logs that are JSON: whether they are errors by their level, and what they say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from clodputer.model.text.jsontext import loads

# A line that is larger than this, in characters, is not read as JSON.
LONGEST_JSON = 4 * 1024 * 1024
# Of a list so many items are a text.
MOST_ITEMS = 200

# Levels of errors, as loggers call them. Numbers: pino and bunyan (50, 60), Python's `levelno` (40, 50), syslog (0 to 3).
_ERRORS = frozenset(("error", "err", "severe", "exception"))
_CRITICAL = frozenset(("critical", "crit", "fatal", "panic", "alert", "emerg", "emergency", "dpanic"))
_LEVELS = (
    "level",
    "levelname",
    "severity",
    "lvl",
    "log.level",
    "log_level",
    "loglevel",
    "@level",
    "severity_text",
)
MESSAGES = ("message", "msg", "@message", "event", "error", "err", "exception", "text", "body")
STACKS = (
    "stack",
    "stack_trace",
    "stacktrace",
    "exc_info",
    "exc_text",
    "exception",
    "traceback",
    "error.stack_trace",
)
LOGGERS = ("logger", "logger_name", "name", "log.logger", "target", "module")


def fields_of(line: str) -> Optional[Mapping[str, Any]]:
    """The fields of a line that is a JSON object; None for any other."""
    if line[:1] != "{" or len(line) > LONGEST_JSON or not line.rstrip().endswith("}"):
        return None
    try:
        fields = loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def level_of(fields: Mapping[str, Any]) -> Optional[str]:
    """`error`, `critical`, or "" for anything less; None when the line has no level."""
    for name in _LEVELS:
        value = fields.get(name)
        if isinstance(value, str) and value:
            word = value.strip().lower()
            return "critical" if word in _CRITICAL else "error" if word in _ERRORS else ""
        if isinstance(value, int) and not isinstance(value, bool):
            if value < 8:  # the severities of syslog, where less is worse
                return "critical" if value < 3 else "error" if value == 3 else ""
            return "critical" if value >= 60 else "error" if value >= 50 else ""
    number = fields.get("levelno")
    if isinstance(number, int) and not isinstance(number, bool):
        return "critical" if number >= 50 else "error" if number >= 40 else ""
    return None


def text_of(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of these fields that holds a text, or an object with a message or a stack of its own."""
    for name in names:
        value: Any = fields.get(name)
        if isinstance(value, dict):
            value = value.get("stack") if names is STACKS else value.get("message") or value.get("name")
        if isinstance(value, list):
            value = "\n".join(str(item) for item in value[:MOST_ITEMS])
        if isinstance(value, str) and value.strip():
            return value
    return ""
