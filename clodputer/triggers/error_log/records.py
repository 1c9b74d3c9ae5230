"""Errors in the lines of a log: found by patterns or by the level of a JSON line, each with the lines that belong to it. Pure.

A traceback is one error, however many lines it has: those of Python, Java, Node and Go are known by their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.text.jsontext import loads

# An error has so many lines at most; what is longer is cut, and its rest belongs to no other error.
MOST_LINES = 200
# A line is cut at so many characters.
LONGEST_LINE = 4000

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
_MESSAGES = ("message", "msg", "@message", "event", "error", "err", "exception", "text", "body")
_STACKS = (
    "stack",
    "stack_trace",
    "stacktrace",
    "exc_info",
    "exc_text",
    "exception",
    "traceback",
    "error.stack_trace",
)
_LOGGERS = ("logger", "logger_name", "name", "log.logger", "target", "module")
_CRITICAL_TEXT = re.compile(r"\b(?:CRITICAL|FATAL|EMERG(?:ENCY)?|ALERT|PANIC)\b|^panic: |\bpanicked at\b")

_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\s*$")
# What stands between two tracebacks of one error.
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
# What goes on with an error although its line is not indented.
_GOES_ON = re.compile(
    r"^(?:Caused by: |Suppressed: |\.\.\. [0-9]+ (?:more|common frames)|goroutine [0-9]+ \[|created by |exit status [0-9]+$|"
    r"\[signal |\[recovered\]|"
    r"Exception in thread |Node\.js v[0-9]|note: run with `RUST_BACKTRACE|stack backtrace:)"
)
# A function call in a goroutine's stack: `main.work(0xc000, 0x1)`, `net/http.(*conn).serve(...)`.
_GO_CALL = re.compile(r"^panic\(|^[\w./-]+(?:\.\(\*?\w+\))?\.[\w.·-]+(?:\[\.\.\.\])?\(.*\)$")
# The last line of a traceback of Python: `ValueError: no`, `mymodule.Broken`, `KeyboardInterrupt`.
_PYTHON_END = re.compile(r"^[A-Za-z_][\w.]*(?:: .*|:)?$")
# Node prints where an error was thrown before the error itself.
_THROWN = re.compile(r"^(?:file://|/|[A-Za-z]:\\|node:)\S*:[0-9]+$")
_STAMP = re.compile(
    r"^\W*(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}|[0-9]{2}:[0-9]{2}:[0-9]{2}|[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:)"
)


class Found(NamedTuple):
    """One error. line: the index of its first line; end: the one after its last. message: its gist, in one line.

    lines: all of it. critical: it is more than an error. logger: who wrote it, where a JSON line says so.
    open: it reaches the end of what was given, so that more of it may still come.
    """

    line: int
    end: int
    message: str
    lines: tuple[str, ...]
    critical: bool = False
    logger: str = ""
    open: bool = False


def find(lines: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> Iterator[Found]:
    """The errors in the lines, in order. patterns: a line in which one of them is found is an error, unless it is JSON with a
    level, which says so itself.
    """
    index = 0
    while index < len(lines):
        line = lines[index][:LONGEST_LINE]
        fields = _json(line)
        level = None if fields is None else _level(fields)
        if fields is not None and level is not None:
            if level:
                yield _of_json(index, fields, level, len(lines))
            index += 1
            continue
        if not any(pattern.search(line) for pattern in patterns) and not _begins_thrown(lines, index):
            index += 1
            continue
        end = _end(lines, index)
        kept = tuple(text[:LONGEST_LINE] for text in lines[index : min(end, index + MOST_LINES)])
        message = _message(kept)
        critical = bool(_CRITICAL_TEXT.search(kept[0]) or _CRITICAL_TEXT.search(message))
        yield Found(index, end, message, kept, critical, open=end >= len(lines))
        index = end


def _begins_thrown(lines: Sequence[str], index: int) -> bool:
    """Whether an uncaught error of Node begins here: the place, the source line, a caret, and the error."""
    if not _THROWN.match(lines[index]):
        return False
    return any(text.strip().strip("^") == "" and "^" in text for text in lines[index + 1 : index + 4])


def _end(lines: Sequence[str], begin: int) -> int:
    """The index after the last line of the error that begins there."""
    python = bool(_TRACEBACK.search(lines[begin]))
    thrown = bool(_THROWN.match(lines[begin]))
    go = lines[begin].startswith(("panic: ", "fatal error: "))
    framed = ended = chained = False
    index = begin + 1
    while index < len(lines):
        line = lines[index]
        if _TRACEBACK.search(line) and not _STAMP.match(line):
            if ended and not chained:
                break
            python, framed, chained = True, False, False
        elif line.startswith(_CHAINED):
            chained = True
        elif line[:1] in (" ", "\t") and line.strip():
            framed = True
        elif _GOES_ON.match(line):
            go = go or line.startswith("goroutine ")
        elif go and _GO_CALL.match(line):
            pass
        elif python and framed and _PYTHON_END.match(line):
            python, framed, ended = False, False, True
        elif (thrown or chained) and not line.strip():
            pass
        elif thrown and re.match(r"^(?:Uncaught )?[A-Za-z_$][\w$.]*(?:: |$)", line):
            thrown = False
        elif line.strip() or not _goes_on_after(lines, index, go=go or thrown):
            break
        index += 1
    return index


def _goes_on_after(lines: Sequence[str], index: int, *, go: bool) -> bool:
    """Whether an empty line is inside of an error: what follows it belongs to the same."""
    following = next((text for text in lines[index + 1 : index + 3] if text.strip()), None)
    if following is None:
        return False
    return (
        bool(_GOES_ON.match(following))
        or following.startswith(_CHAINED)
        or (go and bool(_GO_CALL.match(following) or following[:1] in " \t"))
    )


def _message(lines: Sequence[str]) -> str:
    """What an error says: the last line of a traceback of Python, else the first line that says something."""
    ends = [
        line.strip()
        for index, line in enumerate(lines[1:], 1)
        if _PYTHON_END.match(line) and lines[index - 1][:1] in (" ", "\t")
    ]
    if any(_TRACEBACK.search(line) for line in lines) and ends:
        return ends[-1]
    if _THROWN.match(lines[0]):
        return next(
            (line.strip() for line in lines[1:] if re.match(r"^\S*(?:Error|Exception)\b", line)),
            lines[0].strip(),
        )
    return lines[0].strip()


def _json(line: str) -> Optional[Mapping[str, Any]]:
    if not line.startswith("{") or not line.rstrip().endswith("}"):
        return None
    try:
        fields = loads(line)
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


def _level(fields: Mapping[str, Any]) -> Optional[str]:
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


def _of_json(index: int, fields: Mapping[str, Any], level: str, number: int) -> Found:
    message, stack = _text(fields, _MESSAGES), _text(fields, _STACKS)
    lines = [message, *(line for line in stack.split("\n") if line != message)]
    kept = tuple(line[:LONGEST_LINE] for line in lines[:MOST_LINES] if line.strip())
    shown = (kept or ("an error without words",))[0]
    if any(_TRACEBACK.search(line) for line in kept):
        shown = _message(kept)
    return Found(
        index, index + 1, shown, kept or (shown,), level == "critical", _text(fields, _LOGGERS)[:200]
    )


def _text(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of these fields that holds a text, or an object with a message or a stack of its own."""
    for name in names:
        value: Any = fields.get(name)
        if isinstance(value, dict):
            value = value.get("stack") if names is _STACKS else value.get("message") or value.get("name")
        if isinstance(value, list):
            value = "\n".join(str(item) for item in value[:MOST_LINES])
        if isinstance(value, str) and value.strip():
            return value
    return ""
