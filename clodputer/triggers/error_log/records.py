"""Errors in the lines of a log: found by patterns or by the level of a JSON line, each with the lines that belong to it. Pure.

A traceback is one error, however many lines it has: those of Python, Java, Node and Go are known by their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Callable, NamedTuple, Optional

from clodputer.triggers.error_log.structured import LOGGERS, MESSAGES, STACKS, fields_of, level_of, text_of

# An error has so many lines at most; what is longer is cut, and its rest belongs to no other error.
MOST_LINES = 200
# A line is cut at so many characters.
LONGEST_LINE = 4000

_CRITICAL_TEXT = re.compile(r"\b(?:CRITICAL|FATAL|EMERG(?:ENCY)?|ALERT|PANIC)\b|^panic: |\bpanicked at\b")

_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\s*$")
# What is between two tracebacks of one error.
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
# What goes on with an error although its line is not indented.
_GOES_ON = re.compile(
    r"^(?:Caused by: |Suppressed: |\.\.\. [0-9]+ (?:more|common frames)|goroutine [0-9]+ \[|created by |exit status [0-9]+$|"
    r"\[signal |\[recovered\]|"
    r"Exception in thread |Node\.js v[0-9]|note: run with `RUST_BACKTRACE|stack backtrace:)"
)
# What that begins with.
_GOING_ON = frozenset("CS.gce[ENns")
# A function call in a goroutine's stack: `main.work(0xc000, 0x1)`, `net/http.(*conn).serve(...)`.
_GO_CALL = re.compile(r"^panic\(|^[\w./-]+(?:\.\(\*?\w+\))?\.[\w.·-]+(?:\[\.\.\.\])?\(.*\)$")
# The last line of a traceback of Python: `ValueError: no`, `mymodule.Broken`, `KeyboardInterrupt`.
_PYTHON_END = re.compile(r"^[A-Za-z_][\w.]*(?:: .*|:)?$")
# Node prints where an error was thrown before the error itself.
_THROWN = re.compile(r"^(?:file://|/|[A-Za-z]:\\|node:)\S*:[0-9]+$")
# What follows an error of Java in a log: `java.io.IOException: no`.
_THROWABLE = re.compile(r"^(?:[a-z_][\w$]*\.)+[A-Z][\w$.]*(?:: |$)")
# The error of a group of Python 3.11, behind its frame of lines.
_GROUP_END = re.compile(r"^\s*\| ([A-Za-z_][\w.]*(?:: .*)?)$")
# What collectors put before lines: syslog and journald (`Nov 28 03:00:00 host app[7]: `), docker compose (`web-1  | `), and
# kubernetes (`2026-11-28T03:00:00.1Z stderr F `).
_COLLECTED = re.compile(
    r"(?:<[0-9]{1,3}>)?(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]{8,20}(?:Z|[+-][0-9]{2}:?[0-9]{2}))"
    r" (?:(?P<stream>stdout|stderr) [FP] |[\w.-]{1,64} (?P<by>[\w./@-]{1,64})(?:\[[0-9]+\])?: )|(?P<service>[\w.-]{1,50}) *\| "
)
_COLLECTORS = frozenset("<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_STAMP = re.compile(
    r"^\W*(?:[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}|[0-9]{2}:[0-9]{2}:[0-9]{2}|[A-Z][a-z]{2} +[0-9]{1,2} [0-9]{2}:)"
)


class Found(NamedTuple):
    """One error. line: the index of its first line; end: the one after its last. message: its gist, in one line.

    lines: all of it, without what a collector of logs puts before each line. critical: it is more than an error. logger: who
    wrote it, where a line says so. open: it reaches the end of what was given, so that more of it may still come. maybe: what
    comes decides whether it is an error at all.
    """

    line: int
    end: int
    message: str
    lines: tuple[str, ...]
    critical: bool = False
    logger: str = ""
    open: bool = False
    maybe: bool = False


Search = Callable[[str], Optional[int]]


def searching(patterns: Sequence[re.Pattern[str]]) -> Search:
    """A function that says where in a line one of the patterns is found, None for nowhere."""
    words = [pattern.pattern for pattern in patterns]
    if all(
        re.escape(word) == word and not pattern.flags & re.IGNORECASE
        for word, pattern in zip(words, patterns)
    ):
        patterns = (re.compile("|".join(words)),)

    def search(line: str) -> Optional[int]:
        for pattern in patterns:
            found = pattern.search(line)
            if found:
                return found.start()
        return None

    return search


def find(lines: Sequence[str], search: Search) -> Iterator[Found]:
    """The errors in the lines, in order. search: where in a line something says that it is an error; a line that is JSON with a
    level says so itself.
    """
    index = 0
    while index < len(lines):
        line = lines[index]
        tag, line = apart(line)
        fields = fields_of(line)
        level = None if fields is None else level_of(fields)
        if fields is not None and level is not None:
            if level:
                yield _of_json(index, fields, level)
            index += 1
            continue
        at = search(line)
        thrown = at is None and line[-1:].isdigit() and bool(_THROWN.match(line))
        if at is None and not (thrown and _points(lines, index)):
            if thrown and index + 4 > len(lines):
                # An error of Node, perhaps, of which the caret is still to come.
                yield Found(
                    index, len(lines), line[:LONGEST_LINE], (line[:LONGEST_LINE],), open=True, maybe=True
                )
            index += 1
            continue
        bare = partial(_bare, lines, tag)
        end = _end(bare, len(lines), index)
        kept = tuple([bare(number) or "" for number in range(index, min(end, index + MOST_LINES))])
        if at is not None and at > LONGEST_LINE - 100:
            kept = ("... " + line[at - 300 : at + 1000], *kept[1:])
        message = _message(kept)
        critical = bool(
            _CRITICAL_TEXT.search(kept[0]) or (message != kept[0] and _CRITICAL_TEXT.search(message))
        )
        last = end >= len(lines) - 2 and all(not text.strip() for text in lines[end:])
        yield Found(index, end, message, kept, critical, tag, open=last)
        index = end


def apart(line: str) -> tuple[str, str]:
    """What a collector of logs (syslog, docker, kubernetes) puts before each line, without the moment; and the line itself."""
    found = _COLLECTED.match(line) if line[:1] in _COLLECTORS or " | " in line[:60] else None
    if found:
        return found["by"] or found["service"] or found["stream"], line[found.end() :]
    if line.startswith('{"log":'):
        fields = fields_of(line)
        text = fields.get("log") if fields and level_of(fields) is None else None
        if isinstance(text, str):
            return str(fields.get("stream") or "log") if fields else "log", text.rstrip("\n")
    return "", line


def _bare(lines: Sequence[str], tag: str, index: int) -> Optional[str]:
    """A line without what was put before it; None when that is another than before the first line of an error."""
    if not tag:
        return lines[index][:LONGEST_LINE]
    other, line = apart(lines[index])
    return line[:LONGEST_LINE] if other == tag else None


def _begins_traceback(line: str) -> bool:
    # A storm has hundreds of thousands of lines, and looking for a word takes a tenth of the time.
    return "Traceback (" in line and bool(_TRACEBACK.search(line))


def _points(lines: Sequence[str], index: int) -> bool:
    """Whether a caret follows the line, as Node has it between the place and the error that was thrown there."""
    return any(text.strip().strip("^") == "" and "^" in text for text in lines[index + 1 : index + 4])


def _end(bare: Callable[[int], Optional[str]], number: int, begin: int) -> int:
    """The index after the last line of the error that begins there, of so many lines."""
    first = bare(begin) or ""
    python = _begins_traceback(first)
    thrown = bool(_THROWN.match(first))
    go = first.startswith(("panic: ", "fatal error: "))
    framed = ended = chained = False
    index = begin + 1
    while index < number:
        line = bare(index)
        if line is None:
            break
        if _begins_traceback(line) and not _STAMP.match(line):
            if ended and not chained:
                break
            python, framed, chained = "Exception Group" not in line, False, False
        elif line.startswith(_CHAINED):
            chained = True
        elif line[:1] in (" ", "\t") and line.strip():
            framed = True
        elif line[:1] in _GOING_ON and _GOES_ON.match(line):
            go = go or line.startswith("goroutine ")
        elif (not framed and not python and index <= begin + 2 and _THROWABLE.match(line)) or (
            go and _GO_CALL.match(line)
        ):
            pass
        elif python and framed and _PYTHON_END.match(line):
            python, framed, ended = False, False, True
        elif (thrown or chained) and not line.strip():
            pass
        elif thrown and re.match(r"^(?:Uncaught )?[A-Za-z_$][\w$.]*(?:: |$)", line):
            thrown = False
        elif line.strip() or not _goes_on_after(bare, number, index, begin, go=go or thrown):
            break
        index += 1
    return index


def _goes_on_after(
    bare: Callable[[int], Optional[str]], number: int, index: int, begin: int, *, go: bool
) -> bool:
    """Whether an empty line is inside of an error: what follows it belongs to the same."""
    texts = (bare(place) or "" for place in range(index + 1, min(index + 3, number)))
    following = next((text for text in texts if text.strip()), None)
    if following is None:
        return False
    return (
        (following[:1] in _GOING_ON and bool(_GOES_ON.match(following)))
        or following.startswith(_CHAINED)
        or (index == begin + 1 and bool(_THROWABLE.match(following)))
        or (go and bool(_GO_CALL.match(following) or following[:1] in " \t"))
    )


def _message(lines: Sequence[str]) -> str:
    """What an error says: the last line of a traceback of Python, else the first line that says something."""
    if any("Exception Group Traceback" in line for line in lines):
        grouped = next((one for one in map(_GROUP_END.match, lines) if one), None)
        if grouped:
            return grouped[1].strip()
    if any(map(_begins_traceback, lines)):
        ends = [
            line.strip()
            for index, line in enumerate(lines[1:], 1)
            if lines[index - 1][:1] in (" ", "\t") and _PYTHON_END.match(line)
        ]
        if ends:
            return ends[-1]
    if _THROWN.match(lines[0]):
        return next(
            (line.strip() for line in lines[1:] if re.match(r"^\S*(?:Error|Exception)\b", line)),
            lines[0].strip(),
        )
    return lines[0].strip()


def _of_json(index: int, fields: Mapping[str, Any], level: str) -> Found:
    message, stack = text_of(fields, MESSAGES), text_of(fields, STACKS)
    lines = [message, *(line for line in stack.split("\n") if line != message)]
    kept = tuple(line[:LONGEST_LINE] for line in lines[:MOST_LINES] if line.strip())
    shown = (kept or ("an error without a message",))[0]
    if any(map(_begins_traceback, kept)):
        shown = _message(kept)
    return Found(
        index, index + 1, shown, kept or (shown,), level == "critical", text_of(fields, LOGGERS)[:200]
    )
