"""Reports of real tools as findings, and what is no report: refused with a sentence, never with anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.findings import finding, xmltext
from clodputer.model.findings.finding import Damaged, Limits, Report
from clodputer.model.findings.formats import FORMATS
from tests.workshop import ROOT

FIXTURES = ROOT / "tests" / "triggers" / "findings" / "fixtures"
LIMITS = Limits(80.0, 10)
CART, TEST = "/project/shop/cart.py", "/project/test_cart.py"


def read(form: str, data: bytes, limits: Limits = LIMITS) -> Report:
    return FORMATS[form].read(data, limits)


def sarif(*results: dict[str, Any], **run: Any) -> bytes:
    """A report of one run."""
    tool = {"driver": {"name": "scan", "rules": [{"id": "r"}]}}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": tool, "results": results, **run}]}).encode()


@pytest.mark.parametrize(
    ("form", "file", "expected"),
    [
        (
            "ruff",
            "ruff.json",
            [
                ("F401", CART, 1, "error"),
                ("S602", CART, 25, "error"),
                ("S307", CART, 37, "error"),
                ("E722", CART, 38, "warning"),
                ("S101", TEST, 6, "error"),
                ("S101", TEST, 10, "error"),
            ],
        ),
        (
            "sarif",
            "ruff.sarif",
            [
                ("F401", CART, 1, "error"),
                ("S602", CART, 25, "error"),
                ("S307", CART, 37, "error"),
                ("S101", TEST, 6, "error"),
                ("S101", TEST, 10, "error"),
            ],
        ),
        ("sarif", "complexipy.sarif", [("CC001", "shop/cart.py", 5, "warning")]),
        (
            "coverage",
            "coverage.json",
            [
                ("low-coverage", "shop/cart.py", 0, "warning"),
                ("uncovered-function", "shop/cart.py", 24, "note"),
                ("uncovered-function", "shop/cart.py", 28, "note"),
                ("uncovered-function", "shop/cart.py", 35, "note"),
                ("uncovered-function", "test_cart.py", 18, "note"),
                ("uncovered-function", "test_cart.py", 23, "note"),
            ],
        ),
        ("lizard", "lizard.csv", [("complexity", "shop/cart.py", 5, "warning")]),
        ("lizard", "lizard.xml", [("complexity", "shop/cart.py", 5, "warning")]),
        ("complexipy", "complexipy.json", [("complexity", "shop/cart.py", 0, "error")]),
        ("radon", "radon.json", [("complexity", "shop/cart.py", 5, "warning")]),
        ("pip-audit", "pip-audit.json", [("PYSEC-2021-66", "jinja2", 0, "error")]),
        (
            "junit",
            "junit.xml",
            [("test-failure", "test_cart.py", 10, "error"), ("test-error", "test_cart.py", 15, "error")],
        ),
    ],
)
def test_reports_of_real_tools(form: str, file: str, expected: list[tuple[str, str, int, str]]) -> None:
    report = read(form, (FIXTURES / file).read_bytes())
    assert [(one.rule, one.path, one.line, one.severity) for one in report.findings] == expected
    assert {one.tool for one in report.findings} == report.tools
    assert report.capped == ""
    assert all(one.message for one in report.findings)


@pytest.mark.parametrize("form", FORMATS)
def test_thresholds(form: str) -> None:
    """Nothing is below no coverage or above any complexity; a threshold that is met is no finding."""
    file = {"coverage": "coverage.json", "lizard": "lizard.csv", "radon": "radon.json"}.get(form)
    if file:
        data = (FIXTURES / file).read_bytes()
        found = read(form, data, Limits(50.0, 11)).findings
        assert {one.rule for one in found} <= {"uncovered-function"}


def test_what_was_not_looked_at() -> None:
    """A test that was skipped, a package that could not be audited, a file that does not parse or is not in the report."""
    assert read("junit", (FIXTURES / "junit.xml").read_bytes()).only == frozenset(
        ("test_cart", "test_cart.test_good", "test_cart.test_bad", "test_cart.test_error")
    )
    assert read("pip-audit", (FIXTURES / "pip-audit.json").read_bytes()).skipped == {"shop"}
    assert read("radon", b'{"a.py": {"error": "bad syntax"}}').skipped == {"a.py"}
    syntax = [{"code": None, "message": "SyntaxError", "filename": "a.py", "location": {"row": 1}}]
    assert read("ruff", json.dumps(syntax).encode()).skipped == {"a.py"}
    assert read("coverage", b'{"files": {}}').only == frozenset()


@pytest.mark.parametrize(
    ("form", "data", "words"),
    [
        ("ruff", b'[{"code": "E902", "message": "no", "filename": "x"}]', "could not read x"),
        ("sarif", sarif(invocations=[{"executionSuccessful": False}]), "did not run to its end"),
        ("sarif", b'{"version": "2.1.0", "runs": [{"tool": {}}]}', "has not looked"),
        ("junit", b"<testsuites/>", "no test was run"),
    ],
)
def test_a_report_that_is_not_whole(form: str, data: bytes, words: str) -> None:
    assert words in read(form, data).capped


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"ruleId": "r"}, ("r", "warning")),
        ({"ruleIndex": 0, "level": "note"}, ("r", "note")),
        ({"rule": {"id": "x"}, "level": "none"}, ("x", "note")),
        ({"ruleIndex": 7}, ("unnamed", "warning")),
        ({"ruleId": "r", "kind": "pass"}, None),
        ({"ruleId": "r", "suppressions": [{"kind": "inSource"}]}, None),
        ({"ruleId": "r", "baselineState": "absent"}, None),
    ],
)
def test_results_of_sarif(result: dict[str, Any], expected: Any) -> None:
    found = [(one.rule, one.severity) for one in read("sarif", sarif(result)).findings]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("grave", "severity"), [("9.8", "critical"), ("7.0", "error"), ("4", "warning"), ("x", "warning")]
)
def test_the_severity_of_security(grave: str, severity: str) -> None:
    driver = {"name": "scan", "rules": [{"id": "r", "properties": {"security-severity": grave}}]}
    (one,) = read("sarif", sarif({"ruleId": "r"}, tool={"driver": driver})).findings
    assert one.severity == severity


def test_a_place_in_sarif() -> None:
    artifact = {"uri": "file:///a%20b/c.py"}
    place = {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": 3, "snippet": {"text": "x = 1"}},
        }
    }
    result = {
        "ruleId": "r",
        "locations": [place],
        "partialFingerprints": {"primary": "ab"},
        "message": {"text": "no"},
    }
    (one,) = read("sarif", sarif(result)).findings
    assert one[1:4] == ("no", "/a b/c.py", 3)
    assert (one.known_as, one.snippet) == ("primary=ab", "x = 1")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"error: no such option",
        b'[{"code": "F401", "filen',
        b"[[]]",
        b'{"runs": 1, "files": 1, "dependencies": 1, "version": "2.1.0"}',
        b"[" * 100_000,
        b"<testsuites><testsuite>",
        b"<html></html>",
        b'{"files": {"a": {"summary": {}}}}',
        b"1,2,3\n",
    ],
)
def test_what_is_no_report(form: str, data: bytes) -> None:
    with pytest.raises(Damaged, match=r"\w+ \w+"):
        read(form, data)


BOMB = b'<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;">]><testsuites>&c;</testsuites>'
FILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><testsuites>&b;</testsuites>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB, "declares a document type"),
        (FILE, "declares a document type"),
        (
            b"<!DOCTYPE testsuites SYSTEM 'http://example.invalid/x.dtd'><testsuites/>",
            "declares a document type",
        ),
        (b"<a>" * 60 + b"</a>" * 60, "nested deeper"),
        (b"<testsuites>&unknown;</testsuites>", "no XML"),
        (b"<?xml version='1.0' encoding='nothing'?><testsuites/>", "no XML"),
    ],
)
def test_xml_is_bounded(data: bytes, words: str) -> None:
    for form in ("junit", "lizard"):
        with pytest.raises(Damaged, match=words):
            read(form, data)


def test_a_long_text_is_cut() -> None:
    """However many pieces it comes in."""
    text = b"&#10;x" * 200_000
    (step,) = (one for one in xmltext.events(b"<a>" + text + b"</a>") if not one.begins)
    assert len(step.text) == xmltext.LONGEST


def test_more_findings_than_are_decided_on() -> None:
    one = {"code": "F401", "message": "m", "filename": "x"}
    report = read("ruff", json.dumps([one] * (finding.MOST + 50)).encode())
    assert len(report.findings) == finding.MOST + 1


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
_NAMES = st.sampled_from(
    (
        *(
            "runs",
            "results",
            "files",
            "dependencies",
            "vulns",
            "version",
            "tool",
            "driver",
            "rules",
            "summary",
        ),
        *("functions", "percent_covered", "locations", "message", "text", "code", "filename", "path", "name"),
        *("complexity", "function_name", "invocations", "suppressions", "id", "ruleIndex", "properties"),
    )
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(value=_JSON, form=st.sampled_from(sorted(FORMATS)))
def test_any_json_is_a_report_or_none(value: Any, form: str) -> None:
    if isinstance(value, dict):
        value = {"version": "2.1.0", **value}
    _never_more(form, json.dumps(value).encode())


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, 5000),
    data=st.binary(max_size=12),
    file=st.sampled_from(sorted(p.name for p in FIXTURES.iterdir())),
)
def test_a_report_with_other_bytes_in_it(place: int, data: bytes, file: str) -> None:
    whole = (FIXTURES / file).read_bytes()
    place %= len(whole)
    form = file.partition(".")[0] if not file.endswith("sarif") else "sarif"
    _never_more(form, whole[:place] + data + whole[place + len(data) :])
    _never_more(form, whole[:place] + data)


def _never_more(form: str, data: bytes) -> None:
    try:
        report = read(form, data)
    except Damaged:
        return
    for one in report.findings:
        assert len(one.message) <= finding.LONGEST
        assert len(one.path) <= finding.LONGEST_PATH
        assert len(one.rule) <= finding.LONGEST_NAME
        assert one.line >= 0
