"""What the doctor found, in words for a person: problems first, each with what helps; what is well in few words."""

from __future__ import annotations

from collections.abc import Sequence

from clodputer.cli.terminal import prose
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.text.plural import counted
from clodputer.views.doctor.finding import NOTE, OK, PROBLEM, Finding

_INK = {PROBLEM: ("red", "bold"), NOTE: ("yellow",), OK: ("green",)}
_MARGIN = len(PROBLEM) + 2
NARROWEST = 40


def page(findings: Sequence[Finding], width: int, everything: bool, fixable: str) -> str:
    """All findings in lines of at most `width` characters; `fixable` is the command that does the safe remedies.

    everything: what is well is listed line by line as well.
    """
    width = max(width, NARROWEST)
    lines: list[str] = []
    for level in (PROBLEM, NOTE, OK) if everything else (PROBLEM, NOTE):
        for finding in findings:
            if finding.level == level:
                lines += block(finding, width)
    well = list(dict.fromkeys(finding.check for finding in findings if finding.level == OK))
    if well and not everything:
        lines += _hung("ok", ", ".join(well), width, OK)
    fixes = {finding.fix for finding in findings if finding.fix and finding.level != OK}
    if fixes:
        lines += [
            "",
            f"{fixable} does {counted(len(fixes), 'safe remedy', 'safe remedies')} by itself.",
        ]
    return "\n".join([*lines, "", summary(findings)])


def block(finding: Finding, width: int) -> list[str]:
    """One finding: its level and check, what is the matter, and below it what helps."""
    lines = _hung(finding.level, f"{finding.check}: {printable(finding.message)}", width, finding.level)
    if finding.remedy:
        lines += [
            " " * _MARGIN + ink(line, "bold" if finding.level == PROBLEM else "dim")
            for part in printable(finding.remedy).split("\n")
            for line in prose.lines(part, width - _MARGIN)
        ]
    return lines


def summary(findings: Sequence[Finding]) -> str:
    """The last line: how many problems and notes."""
    problems = sum(finding.level == PROBLEM for finding in findings)
    notes = sum(finding.level == NOTE for finding in findings)
    checks = len({finding.check for finding in findings})
    if not problems:
        return f"{ink('No problem', 'green', 'bold')} in {counted(checks, 'check')}" + (
            f", {counted(notes, 'note')}." if notes else "."
        )
    return f"{ink(counted(problems, 'problem'), 'red', 'bold')}, {counted(notes, 'note')}, {counted(checks, 'check')}."


def _hung(word: str, text: str, width: int, level: str) -> list[str]:
    """A word in the margin, and the text beside it; what is indented stays so."""
    lines = [line for part in text.split("\n") for line in prose.lines(part, width - _MARGIN)]
    first = ink(word, *_INK[level]) + " " * (_MARGIN - len(word)) + lines[0]
    return [first, *(" " * _MARGIN + line for line in lines[1:])]
