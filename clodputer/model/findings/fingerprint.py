"""Which findings are the same one, however lines move: a fingerprint of the rule, the path and the source line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from clodputer.model.findings.finding import Finding
from clodputer.model.numbers.digest import digest

# It comes before each fingerprint: when these rules change, findings that are known keep the names they have.
VERSION = "v1"
_LONGEST = 500
_NUMBER = re.compile("[0-9]+")


class Named(NamedTuple):
    """A finding that has its fingerprint. trace: the same without the path, by which it is known in a file of another name."""

    finding: Finding
    trace: str


def fingerprints(found: Iterable[Finding], line_of: Callable[[Finding], str]) -> dict[str, Named]:
    """The findings by their fingerprints: `v1:` and 16 hexadecimal digits.

    line_of: the source line of a finding, empty when it cannot be read. Of several on lines that read the same each one is
    known by its place among them, so that one more of them is one more finding.
    """
    seen: Counter[str] = Counter()
    named = {}
    for finding in sorted(found, key=lambda one: (one.path, one.line)):
        essence = _essence(finding, line_of)
        base = f"{finding.tool}\0{finding.rule}\0{finding.path}\0{essence}"
        seen[base] += 1
        whole = f"{base}\0{seen[base]}"
        trace = f"{finding.tool}\0{finding.rule}\0{essence}\0{seen[base]}"
        named[f"{VERSION}:{_digest(whole)}"] = Named(finding, _digest(trace))
    return named


def _digest(text: str) -> str:
    return digest(text.encode("utf-8", "surrogateescape"), 8)


def _essence(finding: Finding, line_of: Callable[[Finding], str]) -> str:
    """What says which finding it is beside its rule and path, in the order in which it is to be trusted."""
    if finding.known_as:
        return f"tool\0{finding.known_as}"
    if finding.symbol:
        return f"symbol\0{finding.symbol}"
    line = " ".join((line_of(finding) or finding.snippet).split())
    if line:
        return f"line\0{line[:_LONGEST]}"
    # Where it stands, and how much of something there is, changes; what it says does not.
    return f"message\0{_NUMBER.sub('#', ' '.join(finding.message.split()))[:_LONGEST]}"
