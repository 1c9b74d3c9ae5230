"""Findings whose file has another name now: as they are known under the old one, they are not new. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from clodputer.model.findings.fingerprint import Named
from clodputer.model.findings.judge import FIXED


def moved(known: Mapping[str, Any], found: Mapping[str, Named], gone: Collection[str]) -> Mapping[str, str]:
    """Of findings in files of which nothing was known, the fingerprints that they had in one that is gone.

    known: what is remembered of each finding, as `judge` has it. gone: paths at which there is no file any more. Each that was
    known stands for one at most, and what was fixed for none: that it came back is told.
    """
    left: dict[str, list[str]] = defaultdict(list)
    for name, (state, _, _, subject, trace) in known.items():
        if trace and state != FIXED and name not in found and subject in gone:
            left[trace].append(name)
    before = {subject for _, _, _, subject, _ in known.values()}
    renamed = {}
    for name, one in sorted(found.items(), key=lambda pair: (pair[1].finding.path, pair[1].finding.line)):
        new = name not in known and not one.finding.subject and one.finding.path not in before
        if new and left.get(one.trace):
            renamed[name] = left[one.trace].pop(0)
    return renamed
