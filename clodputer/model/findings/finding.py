"""A finding of a tool, and a report of many: values that every format of report is read into, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.text import jsontext

CRITICAL, ERROR, WARNING, NOTE = "critical", "error", "warning", "note"
# What a finding weighs by its severity; see `weigh.score`.
WEIGHTS = {CRITICAL: 8, ERROR: 4, WARNING: 2, NOTE: 1}

# A report with more findings than this is not decided on: what is beyond could not be told from what is fixed.
MOST = 10_000
# In characters: a message with what belongs to it, a path, and the name of a rule, a tool or a function.
LONGEST, LONGEST_PATH, LONGEST_NAME = 2000, 1000, 200


class Finding(NamedTuple):
    """One finding. line: from 1 on, 0 for none. symbol: what it is about, where a name says that better than a source line
    does: a function, a test, a package. known_as: the tool's own fingerprint. snippet: what the report shows of the place.

    subject: what was looked at to find it, as `Report.skipped` and `Report.only` name it; empty for its path.
    """

    rule: str
    message: str
    path: str
    line: int = 0
    severity: str = WARNING
    tool: str = ""
    symbol: str = ""
    known_as: str = ""
    snippet: str = ""
    subject: str = ""


class Report(NamedTuple):
    """All that a tool has found. tools: those that looked. capped: why it may have missed something, empty when it has not.

    skipped: paths or subjects that were not looked at, so that nothing there counts as fixed. only: what was looked at, where
    the report names it; None when it was everything. complaints: what the tool says of its work, in lines. version: of the
    tools, where the report says so.
    """

    findings: tuple[Finding, ...]
    tools: frozenset[str]
    capped: str = ""
    skipped: frozenset[str] = frozenset()
    only: Optional[frozenset[str]] = None
    complaints: str = ""
    version: str = ""


class Limits(NamedTuple):
    """From where on something is a finding: percent of lines covered, and complexity of a function."""

    min_coverage: float
    complexity: int


class Damaged(ValueError):
    """A report that is not what it should be; the message says how."""


def loads(data: bytes) -> Any:
    """A JSON report. Raises Damaged."""
    try:
        return jsontext.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Damaged("it is not UTF-8") from None
    except ValueError as error:
        empty = "it is empty" if not data.strip() else f"it is no JSON ({error})"
        raise Damaged(empty) from None


def collect(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, one more than `MOST` at most."""
    kept = []
    for finding in found:
        kept.append(finding)
        if len(kept) > MOST:
            break
    return tuple(kept)


def objects(value: Any, what: str) -> Iterator[Mapping[str, Any]]:
    """The items of a list of objects. Raises Damaged for anything else."""
    if not isinstance(value, list):
        raise Damaged(f"{what} is not a list")
    for item in value:
        if not isinstance(item, dict):
            raise Damaged(f"{what} holds something that is not an object")
        yield item


def obj(value: Any, what: str) -> Mapping[str, Any]:
    """An object. Raises Damaged for anything else."""
    if not isinstance(value, dict):
        raise Damaged(f"{what} is not an object")
    return value


def part(value: Any) -> Mapping[str, Any]:
    """An object that may be missing: empty for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any, longest: int = LONGEST) -> str:
    """A text, cut; empty for anything else."""
    return value[:longest] if isinstance(value, str) else ""


def path(value: Any) -> str:
    """A path; empty for what is none. Raises Damaged for one that no system takes."""
    if not isinstance(value, str):
        return ""
    if len(value) > LONGEST_PATH:
        raise Damaged(f"a path in it has more than {LONGEST_PATH} characters")
    return value


def line(value: Any) -> int:
    """The number of a line; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else 0
