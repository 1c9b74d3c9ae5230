"""The report of tests in JUnit's XML, as `pytest --junitxml` writes it: tests that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clodputer.model.findings import finding, xmltext
from clodputer.model.findings.finding import ERROR, Damaged, Finding, Limits, Report

TOOL = "junit"
FAILURE, BROKEN, SKIPPED = "failure", "error", "skipped"
# So many modules of a test are known, the outermost first.
_DEEPEST = 20
# Where pytest says a test has failed: `tests/test_cart.py:10: AssertionError`, the last such line of its text.
_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*):(?P<line>[0-9]{1,9}):", re.MULTILINE)


def read(data: bytes, limits: Limits) -> Report:  # noqa: ARG001  (as every reader)
    """The failed tests. A test that was skipped, or is not named at all, is not known to be well. Raises Damaged."""
    found: list[Finding] = []
    looked: set[str] = set()
    test: dict[str, str] = {}
    said: dict[str, str] = {}
    verdict, tests = "", 0
    outermost = ""
    for event in xmltext.events(data):
        outermost = outermost or event.name
        if event.begins and event.name == "testcase":
            test, verdict, said = dict(event.attributes), "", {}
        elif event.name in (FAILURE, BROKEN, SKIPPED) and test:
            if event.begins:
                said = {} if verdict else dict(event.attributes)
            elif not verdict:
                verdict = event.name
                said["text"] = event.text
        elif not event.begins and event.name == "testcase":
            tests += 1
            name = _name(test)
            looked.update(_modules(test.get("classname", "")))
            if verdict != SKIPPED:
                looked.add(name)
            if verdict in (FAILURE, BROKEN) and len(found) <= finding.MOST:
                found.append(_failure(test, name, verdict, said))
            test = {}
    if outermost not in ("testsuites", "testsuite"):
        raise Damaged("it is no report of tests: its outermost element is not testsuites")
    capped = "" if tests else "no test was run"
    return Report(tuple(found), frozenset((TOOL,)), capped, only=frozenset(looked))


def _name(test: dict[str, str]) -> str:
    owner, name = test.get("classname", ""), test.get("name", "")
    return (f"{owner}.{name}" if owner else name)[: finding.LONGEST_PATH]


def _modules(owner: str) -> Iterator[str]:
    """The modules of a test, such as `tests.test_a`: one that pytest cannot collect is in its report like a test."""
    parts = owner[: finding.LONGEST_PATH].split(".") if owner else []
    for end in range(1, min(len(parts), _DEEPEST) + 1):
        yield ".".join(parts[:end])


def _failure(test: dict[str, str], name: str, verdict: str, said: dict[str, str]) -> Finding:
    text = said.get("text", "")
    places = list(_PLACE.finditer(text))
    path, line = test.get("file", ""), test.get("line", "")
    if places and not path:
        path, line = places[-1]["path"], places[-1]["line"]
    number = int(line) if line.isdecimal() and len(line) < 10 else 0
    message = said.get("message") or (text.strip().splitlines() or ["it says nothing"])[-1]
    return Finding(
        f"test-{verdict}",
        f"{name}: {message}"[: finding.LONGEST],
        finding.path(path),
        number,
        ERROR,
        TOOL,
        symbol=name,
        snippet=text.strip()[-finding.LONGEST :],
        subject=name,
    )
