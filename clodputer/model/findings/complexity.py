"""Functions that are too complex, as lizard, complexipy and radon report them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from clodputer.model.findings import finding, xmltext
from clodputer.model.findings.finding import ERROR, WARNING, Damaged, Finding, Limits, Report

RULE = "complexity"
# The columns of `lizard --csv`: nloc, ccn, tokens, parameters, length, location, file, function, signature, start, end.
_COLUMNS = 11


def lizard(data: bytes, limits: Limits) -> Report:
    """Of `lizard --csv` or `--xml`; cyclomatic complexity. Raises Damaged."""
    if not data.strip():
        raise Damaged("it is empty")
    rows = _xml_rows(data) if data.lstrip()[:1] == b"<" else _csv_rows(data)
    return _report("lizard", (_finding("lizard", *row, limits) for row in rows), limits)


def complexipy(data: bytes, limits: Limits) -> Report:
    """Of `complexipy --output-format json`; cognitive complexity. Raises Damaged."""
    rows = finding.objects(finding.loads(data), "the report of complexipy")
    found = (
        _finding(
            "complexipy",
            finding.path(row.get("path")),
            finding.text(row.get("function_name"), finding.LONGEST_NAME).replace("::", "."),
            _whole(row.get("complexity")),
            finding.line(row.get("line_start")),
            limits,
        )
        for row in rows
    )
    return _report("complexipy", found, limits)


def radon(data: bytes, limits: Limits) -> Report:
    """Of `radon cc -j`; cyclomatic complexity. A file that it could not parse is among the skipped. Raises Damaged."""
    files = finding.obj(finding.loads(data), "the report of radon")
    skipped, found = set(), []
    for name, blocks in files.items():
        path = finding.path(name)
        if isinstance(blocks, dict) and "error" in blocks:
            skipped.add(path)
            continue
        for block in finding.objects(blocks, "a file in it"):
            # A class is no more than its methods, which are listed as well.
            if block.get("type") != "class":
                owner = finding.text(block.get("classname"), finding.LONGEST_NAME)
                symbol = finding.text(block.get("name"), finding.LONGEST_NAME)
                found.append(
                    _finding(
                        "radon",
                        path,
                        f"{owner}.{symbol}" if owner else symbol,
                        _whole(block.get("complexity")),
                        finding.line(block.get("lineno")),
                        limits,
                    )
                )
    return _report("radon", iter(found), limits)._replace(skipped=frozenset(skipped))


def _report(tool: str, found: Iterator[tuple[int, Finding]], limits: Limits) -> Report:
    number = 0

    def above() -> Iterator[Finding]:
        nonlocal number
        for complexity, one in found:
            number += 1
            if complexity > limits.complexity:
                yield one

    collected = finding.collect(above())
    # So end all three for a path that is not there, and with the status of success.
    capped = "" if number else f"the report of {tool} names no function, so it may have looked at nothing"
    return Report(collected, frozenset((tool,)), capped)


def _finding(
    tool: str, path: str, symbol: str, complexity: int, line: int, limits: Limits
) -> tuple[int, Finding]:
    if not path or not symbol:
        raise Damaged("a function in it has no path or no name")
    message = f"{symbol} has a complexity of {complexity}; {limits.complexity} is the most that is wanted"
    severity = ERROR if complexity > 2 * limits.complexity else WARNING
    return complexity, Finding(RULE, message, path, line, severity, tool, symbol=symbol)


def _whole(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Damaged("a complexity in it is not a whole number")


def _csv_rows(data: bytes) -> Iterator[tuple[str, str, int, int]]:
    try:
        for row in csv.reader(data.decode("utf-8").splitlines(keepends=True)):
            if not row or row[:2] == ["NLOC", "CCN"]:  # the header, which --verbose adds
                continue
            if len(row) < _COLUMNS:
                raise Damaged("a line in it is not one of lizard --csv")
            yield finding.path(row[6]), row[7][: finding.LONGEST_NAME], int(row[1]), int(row[9])
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise error if isinstance(error, Damaged) else Damaged(f"it is no CSV of lizard ({error})") from None


def _xml_rows(data: bytes) -> Iterator[tuple[str, str, int, int]]:
    """Of `lizard --xml`: `NAME(...) at PATH:LINE`, with the values number, length and complexity."""
    rows: list[tuple[str, str, int, int]] = []
    values: list[str] = []
    name, closed, in_functions = "", "", False
    for event in xmltext.events(data):
        if event.begins and event.name == "measure":
            in_functions = event.attributes.get("type", "").lower() == "function"
        elif event.begins and event.name == "item":
            name, values = event.attributes.get("name", ""), []
        elif not event.begins and event.name == "value":
            values.append(event.text.strip())
        elif not event.begins and event.name == "item" and in_functions:
            rows.append(_xml_row(name, values))
        closed = "" if event.begins else event.name
    if closed != "cppncss":
        raise Damaged("it is no report of lizard")
    return iter(rows)


def _xml_row(name: str, values: list[str]) -> tuple[str, str, int, int]:
    function, _, place = name.rpartition(" at ")
    path, _, line = place.rpartition(":")
    try:
        return finding.path(path), function.split("(")[0][: finding.LONGEST_NAME], int(values[2]), int(line)
    except (IndexError, ValueError):
        raise Damaged("a function in it has no place or no complexity") from None
