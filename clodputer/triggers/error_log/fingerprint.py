"""Which errors are the same one: what changes from time to time is taken out of a message, and the rest is its fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clodputer.model.numbers.digest import digest

# It comes before each fingerprint: when these rules change, errors that are known keep the names they have.
VERSION = "v1"
# Of a message so much says which one it is, in characters.
LONGEST = 2000
# So many frames of a traceback tell one fault from another; deeper ones are often the same framework.
MOST_FRAMES = 12

# In the order in which Sentry parameterises messages, which matters: a UUID is no number, and a date is no version. Each name
# is in the place of what was found.
_PARTS = (
    ("email", r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+"),
    ("url", r"\b(?:wss?|https?|ftp|file|postgres(?:ql)?|redis|mongodb|amqps?)://[^\s\"'<>\])}]+"),
    (
        "ip",
        r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b(?::[0-9]{1,5}\b)?|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}(?![\w:])",
    ),
    ("traceparent", r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\b"),
    ("uuid", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    ("hash", r"\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b"),
    (
        "date",
        (
            r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
            r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
            r"|\b[0-9]{4}/[0-9]{2}/[0-9]{2}(?: [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?)?"
            r"|\b[0-9]{1,2}/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/[0-9]{4}(?::[0-9]{2}){3}(?: [+-][0-9]{4})?"
            r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [0-9 ]?[0-9]? ?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
            r"(?: [0-9]{1,2})?(?: [0-9]{4})?(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?(?: [0-9]{4})?"
            r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}\b"
            r"|\b[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?\b"
        ),
    ),
    ("duration", r"\b(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|\u00b5s|ms|s|m|h))+\b"),
    # Eight digits of a hexadecimal number that are not all letters: `deadbeef` may be the name of something.
    ("hex", r"\b0[xX][0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*[0-9])(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b"),
    ("sha", r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7}\b"),
    ("float", r"(?<![\w.])-?[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?\b(?!\.[0-9])"),
    ("int", r"(?<![\w.])-?[0-9]+(?:[.,][0-9]{3})*(?![\w.]*[A-Za-z_])\b|(?<=[_#:/\[(-])[0-9]+\b"),
    ("quoted", r"(?<==)(?:'[^'\n]*'|\"[^\"\n]*\")"),
    ("bool", r"(?<==)(?:[Tt]rue|[Ff]alse)\b"),
)
_ALL = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PARTS))

# The type of an error in a line: `java.io.IOException`, `TypeError`.
_TYPE = re.compile(
    r"(?<![\w.$])((?:[A-Za-z_]\w{0,60}\.){0,20}[A-Z][\w$]{0,100}(?:Error|Exception|Throwable))\b"
)
_PYTHON_FRAME = re.compile(r'^[\s|]*File "(?P<file>[^"]+)", line [0-9]+(?:, in (?P<function>.+))?$')
_JAVA_FRAME = re.compile(r"^\s+at (?P<function>[\w.$<>/]+)\((?:[^)]*)\)")
_NODE_FRAME = re.compile(
    r"^\s+at (?:async )?(?:(?P<function>[^(\n]+?) \()?(?P<file>(?:file://|node:|/|[A-Za-z]:\\|\.)[^\n():]*)"
)
_GO_FRAME = re.compile(
    r"^(?:created by )?(?P<function>[\w./*()-]+\.[\w*().-]+)\((?:[^)]*)\)|^created by (?P<creator>\S+)"
)
# Frames of what everybody uses: they say where an error was noticed, not whose it is.
_FOREIGN = re.compile(
    r"site-packages|dist-packages|/lib/python|<frozen|node_modules|node:internal|^node:|^java\.|^javax\.|^jdk\.|^sun\.|"
    r"^org\.springframework\.|^runtime\.|^runtime/|internal/process"
)


def parameterised(message: str) -> str:
    """The message with a name in the place of each part that changes: numbers, times, addresses, ids."""

    def named(found: re.Match[str]) -> str:
        return f"<{found.lastgroup}>"

    return " ".join(_ALL.sub(named, message[:LONGEST]).split())


def frames(lines: Iterable[str]) -> tuple[str, ...]:
    """The functions of a traceback of Python, Node, Java or Go, without the numbers of lines; those of the program itself.

    Where there are none of its own, all of them.
    """
    found: list[tuple[str, str]] = []
    for line in lines:
        python = _PYTHON_FRAME.match(line) if 'File "' in line else None
        if python:
            # Python names the innermost frame last, and all others name it first.
            found.insert(0, (python["file"], f"{_module(python['file'])}:{python['function'] or ''}"))
            continue
        called = line[:1].isspace() and "at " in line
        java = _JAVA_FRAME.match(line) if called else None
        if java and "." in java["function"]:
            found.append(
                (java["function"], re.sub(r"\$\$?[\w$]*(?:Lambda|\d)[\w$/]*", "$", java["function"]))
            )
            continue
        node = _NODE_FRAME.match(line) if called else None
        if node:
            found.append((node["file"], f"{_module(node['file'])}:{(node['function'] or '').strip()}"))
            continue
        go = _GO_FRAME.match(line) if "(" in line or line.startswith("created by ") else None
        if go:
            name = go["function"] or go["creator"] or ""
            found.append((name, name))
    own = [name for where, name in found if not _FOREIGN.search(where)] or [name for _, name in found]
    # A recursion that ends at another depth is the same fault.
    return tuple(name for name, before in zip(own, ["", *own]) if name != before)[:MOST_FRAMES]


def _kind(message: str, lines: Iterable[str]) -> str:
    """The type of an error with a traceback; where nothing names it, its message without what changes."""
    plain = re.match(r"([A-Za-z_$][\w.$]{0,200})(?::\s|$)", message)
    if plain:
        return plain[1]
    named = next((found for found in map(_TYPE.search, (message, *lines)) if found), None)
    return named[1] if named else parameterised(message)


def _module(path: str) -> str:
    """The name of a file: where a program is installed is no part of its faults."""
    return re.split(r"[/\\]", path)[-1]


def fingerprint(message: str, lines: Iterable[str], where: str) -> str:
    """`v1:` and 16 hexadecimal digits, the same for errors that are the same.

    A traceback is known by the type of its error and the functions in it. Any other error is known by its message without what
    changes, and by `where` it was found: the name of the log, and of the logger if that is known.
    """
    known = frames(lines)
    parts = (
        ("traceback", _kind(message, lines), *known) if known else ("message", where, parameterised(message))
    )
    return f"{VERSION}:{digest(chr(0).join(parts).encode('utf-8', 'replace'), 8)}"
