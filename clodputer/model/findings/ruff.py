"""The report of `ruff check --output-format json`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clodputer.model.findings import finding
from clodputer.model.findings.finding import ERROR, WARNING, Finding, Limits, Report

TOOL = "ruff"
SYNTAX, UNREADABLE = "invalid-syntax", "E902"
# ruff calls all of them errors. These are likely faults: pyflakes, security, bugbear, and what cannot be parsed; most of the
# others are about style.
_FAULTS = ("F", "S", "B", "E9", "PLE", SYNTAX)


def read(data: bytes, limits: Limits) -> Report:  # noqa: ARG001  (as every reader)
    """The findings of a report. Raises Damaged."""
    found = finding.collect(_findings(finding.loads(data)))
    # In a file with a mistake in its syntax ruff looks for little else.
    skipped = frozenset(one.path for one in found if one.rule == SYNTAX)
    unread = [one.path for one in found if one.rule == UNREADABLE]
    capped = f"ruff could not read {unread[0]}" if unread else ""
    return Report(found, frozenset((TOOL,)), capped, skipped)


def _findings(value: Any) -> Iterator[Finding]:
    for item in finding.objects(value, "the report of ruff"):
        # Older versions have null for a mistake in the syntax.
        rule = finding.text(item.get("code"), finding.LONGEST_NAME) or SYNTAX
        if "filename" not in item or "message" not in item:
            raise finding.Damaged("a finding in it has no filename or no message")
        yield Finding(
            rule,
            finding.text(item["message"]),
            finding.path(item["filename"]),
            # In a notebook it is a line of a cell, and none of the file.
            0
            if item.get("cell") is not None
            else finding.line(finding.part(item.get("location")).get("row")),
            ERROR if rule.startswith(_FAULTS) else WARNING,
            TOOL,
        )
