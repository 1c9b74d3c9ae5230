"""The report of `pip-audit -f json`: packages with known vulnerabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clodputer.model.findings import finding
from clodputer.model.findings.finding import ERROR, Finding, Limits, Report

TOOL = "pip-audit"


def read(data: bytes, limits: Limits) -> Report:  # noqa: ARG001  (as every reader)
    """The vulnerabilities of a report; their path is the name of the package. Raises Damaged."""
    top = finding.obj(finding.loads(data), "the report of pip-audit")
    packages = list(finding.objects(top.get("dependencies"), "dependencies"))
    skipped = frozenset(finding.path(one.get("name")) for one in packages if "vulns" not in one)
    return Report(finding.collect(_findings(packages)), frozenset((TOOL,)), skipped=skipped)


def _findings(packages: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for package in packages:
        name = finding.path(package.get("name"))
        if not name:
            raise finding.Damaged("a package in it has no name")
        for one in finding.objects(package.get("vulns") or [], "vulns"):
            fixed = _words(one.get("fix_versions"))
            aliases = _words(one.get("aliases"))
            message = f"{name} {finding.text(package.get('version'), 100)}: "
            message += f"fixed in {fixed}." if fixed else "no version is known to fix it."
            message += f" Also known as {aliases}." if aliases else ""
            message += f" {finding.text(one.get('description'))}".rstrip()
            rule = finding.text(one.get("id"), finding.LONGEST_NAME) or "unnamed"
            yield Finding(rule, message[: finding.LONGEST], name, 0, ERROR, TOOL, symbol=name)


def _words(value: Any) -> str:
    return ", ".join(finding.text(one, 100) for one in value[:20]) if isinstance(value, list) else ""
