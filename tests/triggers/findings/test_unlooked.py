"""What a tool has not looked at, or not looked at yet, is not fixed: as real tools say it, and with real execs."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.findings.complaint import looked_at_nothing, named
from clodputer.store.home import Home
from tests.triggers.findings.test_exec import again, brought, project, task, why
from tests.triggers.findings.test_readers import FIXTURES, LIMITS, read, sarif
from tests.workshop import events, execute, program

__all__ = ["project"]

# What they wrote to stderr about `shop/bad.py` (complexipy 8.3, ruff 0.17.6 with --select F, lizard 1.24.3), in /project.
COMPLAINTS = (
    "error: Failed to process /project/shop/bad.py - Please check file/folder exists or check syntax",
    "warning: Failed to lint shop/bad.py: stream did not contain valid UTF-8",
    "Error: Fail to read source file './shop/bad.py'",
    "Warn: Syntax error at line shop/bad.py:1",
)


@pytest.mark.parametrize("line", COMPLAINTS)
def test_what_a_tool_complains_about(line: str) -> None:
    """Whole paths only, and only in lines that say that something went wrong."""
    known = ["shop/bad.py", "bad.py", "shop/bad.pyi", "p/bad.py", "shop", "shop/other.py", ""]
    said = f"Scanning shop/other.py\n{line}\n"
    assert named(said, known, ("/project", "/real/project")) == {"shop/bad.py"}


def test_a_complaint_about_a_path_with_a_space_or_about_its_folder() -> None:
    said = "error: cannot read /project/a b/c d.py, skipped\nerror: no such folder: 'gone'\n"
    known = ["a b/c d.py", "c.py", "gone/x.py", "gone/deep/y.py", "undergone/z.py"]
    assert named(said, known, ("/project",)) == {"a b/c d.py", "gone/x.py", "gone/deep/y.py"}


def test_a_complaint_is_looked_for_within_bounds() -> None:
    """However much a tool says, and however much is known."""
    said = ("error: " + "x/" * 200 + "\n") * 2000
    began = time.process_time()
    assert named(said, [f"folder/file{number}.py" for number in range(20_000)], ("/project",)) == set()
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("warning: No Python files found under the given path(s)\n", True),
        ("No files were found with functions. No complexity was calculated.\n", True),
        ("All checks passed!\n", False),
        ("", False),
    ],
)
def test_a_tool_that_found_no_files(said: str, found: bool) -> None:
    assert bool(looked_at_nothing(said)) is found


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("radon", b"{}"),
        ("radon", b'{"a.py": {"error": "invalid syntax"}}'),
        ("complexipy", b"[]"),
        ("lizard", b"<cppncss><measure type='Function'></measure></cppncss>"),
    ],
)
def test_a_report_without_a_single_function(form: str, data: bytes) -> None:
    """So end radon, complexipy and lizard for a path that is not there: with the status of success."""
    assert "names no function" in read(form, data).capped


def test_sarif_names_what_was_not_looked_at() -> None:
    """bandit says it so of a file that it cannot parse, and of a folder that is gone."""
    assert read("sarif", (FIXTURES / "bandit.sarif").read_bytes()).skipped == {"shop/bad.py"}
    semgrep = read("sarif", (FIXTURES / "semgrep.sarif").read_bytes())
    assert ([one.rule for one in semgrep.findings], semgrep.capped) == (["tmp.ft.no-eval"], "")


@pytest.mark.parametrize(
    ("notification", "capped", "complaints"),
    [
        ({"level": "error", "message": {"text": "out of memory"}}, True, "out of memory"),
        (
            {"level": "warning", "message": {"text": "Syntax error at line a.py:1"}},
            False,
            "Syntax error at line a.py:1",
        ),
        ({"message": {"text": "Timeout in a.py"}}, False, "Timeout in a.py"),
        ({"level": "note", "message": {"text": "Scanned a.py"}}, False, ""),
        ({"level": "none"}, False, ""),
    ],
)
@pytest.mark.parametrize("key", ["toolExecutionNotifications", "toolConfigurationNotifications"])
def test_notifications_of_sarif(key: str, notification: Any, capped: bool, complaints: str) -> None:
    """An error without a place may mean anything (SARIF 2.1.0, 3.58.6): the report is not whole."""
    report = read("sarif", sarif(invocations=[{"executionSuccessful": True, key: [notification]}]))
    assert bool(report.capped) is capped
    assert report.complaints == (f"warning: {complaints}" if complaints else "")


def test_a_suppression_that_was_not_accepted_is_none() -> None:
    for status, found in (("accepted", 0), (None, 0), ("underReview", 1), ("rejected", 1)):
        suppression = {"kind": "external", **({"status": status} if status else {})}
        report = read("sarif", sarif({"ruleId": "r", "suppressions": [suppression]}))
        assert len(report.findings) == found, status


def test_a_path_and_a_rule_that_are_named_by_their_places() -> None:
    """A path of the list of files, and a rule of an extension, as CodeQL has it for each pack of queries."""
    grave = {"id": "js/xss", "properties": {"security-severity": "9.1"}}
    result = {"ruleId": "js/xss", "locations": [{"physicalLocation": {"artifactLocation": {"index": 1}}}]}
    run = {
        "tool": {"driver": {"name": "CodeQL"}, "extensions": [{"name": "pack", "rules": [grave]}]},
        "artifacts": [{"location": {"uri": "a.js"}}, {"location": {"uri": "src/b%20c.js"}}],
    }
    (one,) = read("sarif", sarif(result, **run)).findings
    assert (one.path, one.severity) == ("src/b c.js", "critical")
    result["locations"] = [{"physicalLocation": {"artifactLocation": {"index": 7}}}]
    assert read("sarif", sarif(result, **run)).findings[0].path == ""


def test_a_module_of_tests_that_can_be_collected_again_is_fixed() -> None:
    """pytest names one that it cannot collect as if it were a test, and once it can no more."""
    error = b'<error message="collection failure"/>'
    broken = b'<testsuites><testcase classname="" name="tests.test_a">%s</testcase></testsuites>' % error
    (one,) = read("junit", broken).findings
    assert one.subject == "tests.test_a"
    fine = b'<testsuites><testcase classname="tests.test_a.TestK" name="test_m"/></testsuites>'
    assert set(read("junit", fine).only or ()) == {
        "tests",
        "tests.test_a",
        "tests.test_a.TestK",
        "tests.test_a.TestK.test_m",
    }
    skipped = fine.replace(b"/></testsuites>", b"><skipped/></testcase></testsuites>")
    assert "tests.test_a" in (read("junit", skipped).only or ())
    assert "tests.test_a.TestK.test_m" not in (read("junit", skipped).only or ())


def test_a_finding_in_a_notebook_has_no_line_of_its_file() -> None:
    """ruff counts the lines of a cell."""
    found = {"code": "F401", "message": "m", "filename": "a.ipynb", "cell": 2, "location": {"row": 3}}
    assert read("ruff", json.dumps([found]).encode(), LIMITS).findings[0].line == 0


def test_a_vulnerability_says_what_it_is_about_however_long_it_is_described() -> None:
    vulnerability = {"id": "V", "fix_versions": ["2.0"], "aliases": ["CVE-1"], "description": "x" * 5000}
    data = {"dependencies": [{"name": "jinja2", "version": "1.0", "vulns": [vulnerability]}]}
    (one,) = read("pip-audit", json.dumps(data).encode()).findings
    assert one.message.startswith("jinja2 1.0: fixed in 2.0. Also known as CVE-1. xxx")


def test_a_file_that_could_not_be_read_is_not_fixed(home: Home, project: Path, tmp_path: Path) -> None:
    """The tool ends as it ends when it has found something, and its report lacks the file."""
    function = {"complexity": 40, "file_name": "busy.py", "function_name": "f", "path": "busy.py"}
    other = {**function, "path": "quiet.py", "complexity": 1}
    report = tmp_path / "report.json"
    report.write_text(json.dumps([function, other]))
    script = "cat {report}; cat {stderr} >&2; exit 1"
    (tmp_path / "stderr").write_text("")
    tool = program(tmp_path / "bin", "tool", script.format(report=report, stderr=tmp_path / "stderr"))
    task(home, project, str(tool), format="complexipy")
    execute(home)
    assert "1 finding of the baseline" in why(home)
    report.write_text(json.dumps([other]))
    (tmp_path / "stderr").write_text(f"error: Failed to process {project}/busy.py - Please check syntax\n")
    again(home)
    assert "1 finding of the baseline" in why(home)
    assert events(home, "fixed") == []
    (tmp_path / "stderr").write_text("warning: No Python files found under the given path(s)\n")
    again(home)
    assert "capped: the tool found no files to look at" in why(home)
    (tmp_path / "stderr").write_text("")
    again(home)
    assert "1 fixed" in why(home)
    report.write_text(json.dumps([function, other]))
    again(home)
    assert [one["why"] for one in brought(home)] == ["regressed"]


def test_a_report_that_may_end_anywhere_is_read_when_it_has_rested(home: Home, project: Path) -> None:
    """lizard's lines: half of them look like a whole report."""
    row = '1,40,1,1,1,"f@1-2@busy.py","busy.py","{}","f( )",1,2\n'
    report = project / "lizard.csv"
    report.write_text(row.format("f") + row.format("g"))
    os.utime(report, (time.time() - 60, time.time() - 60))
    task(home, project, format="lizard", file="lizard.csv")
    execute(home)
    assert "2 findings of the baseline" in why(home)
    report.write_text(row.format("f"))
    again(home)
    assert "2 findings of the baseline" in why(home)
    os.utime(report, (time.time() - 60, time.time() - 60))
    again(home)
    assert "1 fixed" in why(home)
    shutil.copy(FIXTURES / "lizard.csv", report)
