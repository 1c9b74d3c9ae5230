"""The report of `coverage json`: files that are covered too little, and functions that no test reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.model.findings import finding
from clodputer.model.findings.finding import ERROR, NOTE, WARNING, Finding, Limits, Report
from clodputer.model.text import jsontext

TOOL = "coverage"
LOW, UNREACHED = "low-coverage", "uncovered-function"
# So many ranges of lines are named in a message.
_MOST_RANGES = 20


def read(data: bytes, limits: Limits) -> Report:
    """The gaps of a report. Raises Damaged."""
    top = finding.obj(finding.loads(data), "the report")
    files = finding.obj(top.get("files"), "files")
    found = finding.collect(_gaps(files, limits.min_coverage))
    version = finding.text(finding.part(top.get("meta")).get("version"), finding.LONGEST_NAME)
    return Report(found, frozenset((TOOL,)), only=frozenset(map(finding.path, files)), version=version)


def _gaps(files: Mapping[str, Any], least: float) -> Iterator[Finding]:
    for name, file in files.items():
        path = finding.path(name)
        percent = _percent(finding.obj(file, "a file in it"))
        if percent < least:
            yield Finding(
                LOW,
                f"{percent:.0f}% of its lines are covered by tests, and {least:g}% are wanted; "
                f"not covered: {ranges(file.get('missing_lines'))}",
                path,
                severity=ERROR if percent < least / 2 else WARNING,
                tool=TOOL,
                symbol=LOW,
            )
        # coverage.py 7.5 and older name no functions. The one without a name is the rest of the file.
        for function, part in finding.part(file.get("functions")).items():
            if not function or not isinstance(part, dict) or _percent(part) > 0:
                continue
            yield Finding(
                UNREACHED,
                f"no test reaches {function[: finding.LONGEST_NAME]}",
                path,
                finding.line(part.get("start_line")) or _first(part.get("missing_lines")),
                NOTE,
                TOOL,
                symbol=function[: finding.LONGEST_NAME],
            )


def _percent(part: Mapping[str, Any]) -> float:
    """Raises Damaged."""
    percent = jsontext.finite(finding.obj(part.get("summary"), "a summary").get("percent_covered"))
    if percent is None:
        raise finding.Damaged("a summary in it has no percent_covered")
    return percent


def ranges(lines: Any) -> str:
    """The numbers of lines as people write them: `3, 7-9`."""
    numbers = (
        sorted({finding.line(one) for one in lines if finding.line(one)}) if isinstance(lines, list) else []
    )
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    words = [f"{first}-{last}" if last > first else str(first) for first, last in found[:_MOST_RANGES]]
    return ", ".join([*words, "..."] if len(found) > _MOST_RANGES else words)


def _first(lines: Any) -> int:
    return finding.line(lines[0]) if isinstance(lines, list) and lines else 0
