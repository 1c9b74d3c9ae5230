"""The formats of reports: how each is read, and with which exit statuses its tool has run to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable, NamedTuple

from clodputer.model.findings import audit, complexity, coverage, junit, ruff, sarif
from clodputer.model.findings.finding import Limits, Report


class Format(NamedTuple):
    """read: raises `finding.Damaged`. ended: the exit statuses with which the tool has looked at all of it.

    endless: a part of a report can look like the whole. paths: findings are about files, whose paths tools name when they
    cannot look at them.
    """

    read: Callable[[bytes, Limits], Report]
    ended: tuple[int, ...] = (0, 1)
    endless: bool = False
    paths: bool = True


# 1 is that something was found, for all of them. coverage has 2 for a total below its own `fail_under`.
FORMATS: Mapping[str, Format] = {
    "ruff": Format(ruff.read),
    "sarif": Format(sarif.read),
    "coverage": Format(coverage.read, (0, 2)),
    "lizard": Format(complexity.lizard, endless=True),
    "complexipy": Format(complexity.complexipy),
    "radon": Format(complexity.radon, (0,)),
    "pip-audit": Format(audit.read, paths=False),
    "junit": Format(junit.read, paths=False),
}
# Which thresholds mean something for which formats.
THRESHOLDS: Mapping[str, tuple[str, ...]] = {
    "min_coverage": ("coverage",),
    "complexity": ("lizard", "complexipy", "radon"),
}
