"""A report in SARIF 2.1.0, the format of CodeQL, semgrep, bandit, ruff and many others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from clodputer.model.findings import finding
from clodputer.model.findings.finding import CRITICAL, ERROR, NOTE, WARNING, Damaged, Finding, Limits, Report

_LEVELS = {"error": ERROR, "warning": WARNING, "note": NOTE, "none": NOTE}
# Results of these kinds say that all is well, or nothing (SARIF 2.1.0, 3.27.9).
_FINE = frozenset(("pass", "notApplicable", "informational"))


def read(data: bytes, limits: Limits) -> Report:  # noqa: ARG001  (as every reader)
    """The findings of all its runs. Raises Damaged."""
    top = finding.obj(finding.loads(data), "the report")
    if not str(top.get("version", "")).startswith("2.1"):
        raise Damaged("it is not SARIF 2.1.0: it has another version, or none")
    runs = list(finding.objects(top.get("runs"), "runs"))
    if not runs:
        raise Damaged("it has no runs, so nothing was looked at")
    capped = ""
    skipped: set[str] = set()
    complaints: list[str] = []
    for run in runs:
        if "results" not in run or run["results"] is None:
            # 3.14.23: absent means that the tool did not look, empty that it has found nothing.
            capped = capped or f"{_tool(run)} has not looked"
        for invocation in finding.objects(run.get("invocations") or [], "invocations"):
            if invocation.get("executionSuccessful") is False:
                capped = capped or f"{_tool(run)} says that it did not run to its end"
            for notification in _notifications(invocation):
                paths, said = (
                    _places(notification, run),
                    _message(finding.part(notification.get("message")), {}),
                )
                skipped.update(paths)
                # Without a place it may be about anything (3.58.6: "the analysis to be incomplete").
                if notification.get("level") == "error" and not paths:
                    capped = capped or f"{_tool(run)} says: {said or 'an error'}"
                complaints.append(f"warning: {' '.join(said.split())}" if said and not paths else "")
    found = finding.collect(one for run in runs for one in _of_run(run))
    return Report(
        found,
        frozenset(map(_tool, runs)),
        capped,
        frozenset(skipped),
        complaints="\n".join(filter(None, complaints)),
        version="; ".join(sorted(set(filter(None, map(_version, runs))))),
    )


def _notifications(invocation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a tool says of its own work, but for what it only tells."""
    for key in ("toolExecutionNotifications", "toolConfigurationNotifications"):
        for one in finding.objects(invocation.get(key) or [], key):
            if one.get("level", "warning") not in ("note", "none"):
                yield one


def _places(notification: Mapping[str, Any], run: Mapping[str, Any]) -> frozenset[str]:
    """The files that a notification is about."""
    places = finding.objects(notification.get("locations") or [], "locations")
    found = (
        finding.part(finding.part(one.get("physicalLocation")).get("artifactLocation")) for one in places
    )
    return frozenset(filter(None, (_path(one, run) for one in found)))


def _tool(run: Mapping[str, Any]) -> str:
    driver = finding.part(finding.part(run.get("tool")).get("driver"))
    return finding.text(driver.get("name"), finding.LONGEST_NAME) or "a tool without a name"


def _version(run: Mapping[str, Any]) -> str:
    driver = finding.part(finding.part(run.get("tool")).get("driver"))
    given = (finding.text(driver.get(key), finding.LONGEST_NAME) for key in ("semanticVersion", "version"))
    version = next(filter(None, given), "")
    return f"{_tool(run)} {version}" if version else ""


def _of_run(run: Mapping[str, Any]) -> Iterator[Finding]:
    tool = _tool(run)
    driver = finding.part(finding.part(run.get("tool")).get("driver"))
    rules = list(finding.objects(driver.get("rules") or [], "rules"))
    extensions = finding.objects(finding.part(run.get("tool")).get("extensions") or [], "extensions")
    others = (rule for one in extensions for rule in finding.objects(one.get("rules") or [], "rules"))
    # Those of the tool itself come before those of its extensions.
    by_name = {rule["id"]: rule for rule in (*others, *rules) if isinstance(rule.get("id"), str)}
    for result in finding.objects(run.get("results") or [], "results"):
        if result.get("kind") in _FINE or _is_suppressed(result) or result.get("baselineState") == "absent":
            continue
        name = result.get("ruleId") or finding.part(result.get("rule")).get("id")
        index = result.get("ruleIndex")
        rule = by_name.get(name) if isinstance(name, str) else None
        if rule is None and isinstance(index, int) and 0 <= index < len(rules):
            rule = rules[index]
        rule = finding.part(rule)
        places = result.get("locations") or [{}]
        place = finding.part(next(finding.objects(places, "locations"), {}))
        physical = finding.part(place.get("physicalLocation"))
        region = finding.part(physical.get("region"))
        yield Finding(
            finding.text(name or rule.get("id"), finding.LONGEST_NAME) or "unnamed",
            _message(finding.part(result.get("message")), rule),
            _path(finding.part(physical.get("artifactLocation")), run),
            finding.line(region.get("startLine")),
            _severity(result, rule),
            tool,
            known_as=_known_as(finding.part(result.get("partialFingerprints"))),
            snippet=finding.text(finding.part(region.get("snippet")).get("text")),
        )


def _is_suppressed(result: Mapping[str, Any]) -> bool:
    """Whether somebody has said that a result is to be let be, and nobody has to agree to that yet (3.27.23)."""
    said = list(finding.objects(result.get("suppressions") or [], "suppressions"))
    return bool(said) and all(one.get("status") in (None, "accepted") for one in said)


def _path(artifact: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """The path of a file, which may be named by its place among the run's files."""
    index, files = artifact.get("index"), run.get("artifacts")
    if (
        "uri" not in artifact
        and isinstance(index, int)
        and isinstance(files, list)
        and 0 <= index < len(files)
    ):
        artifact = finding.part(finding.part(files[index]).get("location"))
    uri = finding.path(artifact.get("uri"))
    for scheme in ("file://localhost/", "file:///"):
        if uri.startswith(scheme):
            return unquote(uri[len(scheme) - 1 :])
    return unquote(uri)


def _message(message: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    said = message.get("text") or message.get("markdown")
    if not said:
        texts = finding.part(rule.get("messageStrings"))
        said = finding.part(texts.get(message.get("id") or "default")).get("text")
    return finding.text(said or finding.part(rule.get("shortDescription")).get("text"))


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """`security-severity` is GitHub's, from 0 to 10: from 9 on critical, from 7 on high."""
    try:
        grave = float(finding.part(rule.get("properties")).get("security-severity") or 0)
    except (TypeError, ValueError, OverflowError):
        grave = 0.0
    if grave >= 9:
        return CRITICAL
    usual = finding.part(rule.get("defaultConfiguration")).get("level")
    level = _LEVELS.get(str(result.get("level") or usual or "warning"), WARNING)
    return ERROR if grave >= 7 else level


def _known_as(fingerprints: Mapping[str, Any]) -> str:
    kept = sorted((str(name), value) for name, value in fingerprints.items() if isinstance(value, str))
    return "\n".join(f"{name}={value}"[:500] for name, value in kept[:5])
