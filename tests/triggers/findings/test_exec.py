"""A task with `type: findings`, by real execs with a real ruff in a real repository."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clodputer.store import look
from clodputer.store.due import orders
from clodputer.store.home import Home
from tests.workshop import ROOT, clodputer, events, execute, program, records, write_task

RUFF = next(path for path in (ROOT / ".venv/bin/ruff", Path(os.environ.get("RUFF", "ruff"))) if path.exists())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one file that ruff has something to say about, and that was changed often."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "quiet.py").write_text("x = 1\n")
    (folder / "busy.py").write_text("import os\n" + "y = 1\n" * 200)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def task(home: Home, project: Path, *command: str, **keys: Any) -> None:
    """The task `fix`."""
    told = {"type": "findings", "format": "ruff", "folder": str(project), "every": "1m", **keys}
    if command:
        told["command"] = list(command)
    write_task(home, "fix", f"agent: command\ncommand: ['true']\ntrigger: {json.dumps(told)}\n")


def ruff(*more: str) -> list[str]:
    return [str(RUFF), "check", "--isolated", "--no-cache", "--select", "F", "--output-format", "json", *more]


def again(home: Home) -> None:
    """The time for the next look has come."""
    look.forget(home, "fix.yaml")
    for path in Path(home.ledger, "watch").glob("fix/*/snapshot.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "at": 1.0}))
    execute(home)
    assert orders.waiting(home) == []


def brought(home: Home) -> list[dict[str, Any]]:
    """What the requests of the runs brought along, the oldest first."""
    found = sorted(Path(home.runs, "fix").glob("*/request.json"))
    return [json.loads(path.read_text())["context"]["finding"] for path in found]


def why(home: Home) -> str:
    return " ".join(clodputer(home, "why", "fix")[0].split())


def test_what_is_new_becomes_runs(home: Home, project: Path) -> None:
    task(home, project, *ruff())
    execute(home)
    assert brought(home) == []
    assert "1 finding of the baseline of" in why(home)
    (project / "quiet.py").write_text("import sys\n")
    busy = project / "busy.py"
    busy.write_text("z = 1\n" + busy.read_text().replace("import os\n", "import os\nimport re\n"))
    again(home)
    found = brought(home)
    assert [(one["path"], one["line"], one["rule"], one["why"]) for one in found] == [
        ("busy.py", 3, "F401", "new"),
        ("quiet.py", 1, "F401", "new"),
    ]
    assert found[0]["snippet"] == "z = 1\nimport os\nimport re\ny = 1\ny = 1"
    assert found[0]["score"] > found[1]["score"] > 4, "its file was changed more"
    assert [record["item"] for record in records(home, "fix")] == [one["fingerprint"] for one in found]
    again(home)
    assert len(brought(home)) == 2
    (project / "quiet.py").write_text("x = 1\n")
    again(home)
    assert [event["count"] for event in events(home, "fixed")] == [1]
    (project / "quiet.py").write_text("import sys\n")
    again(home)
    assert brought(home)[-1]["why"] == "regressed"
    assert "2 later ones reported and still there" in why(home)


def test_a_tool_that_does_not_run_to_its_end_is_capped(home: Home, project: Path, tmp_path: Path) -> None:
    """Missing, ended by a signal or its time, with a status that says so, or with half a report: nothing is fixed."""
    tool = program(tmp_path / "bin", "tool", f"exec {' '.join(ruff())}")
    task(home, project, str(tool), timeout="2s")
    execute(home)
    (project / "busy.py").write_text("y = 1\n")
    for script, words in (
        ("echo 'no such rule' >&2; echo '[]'; exit 2", "exited with status 2; it said: no such rule"),
        ("kill -KILL $$", "was ended by signal 9"),
        ("echo '[]'; exec sleep 60", "took longer than its timeout of 2s"),
        ("printf '[{\"code\": '", "what the tool printed is not a report of format ruff: it is no JSON"),
    ):
        tool.write_text(f"#!/bin/sh\n{script}\n")
        again(home)
        assert words in why(home)
        assert " was capped: " in why(home)
        assert "1 finding of the baseline" in why(home)
    tool.unlink()
    again(home)
    assert f"there is no program {tool}" in why(home)
    assert len(events(home, "watch_failed")) == 5
    assert events(home, "fixed") == []
    status = json.loads(clodputer(home, "status", "--json")[0])["data"]
    message = f"capped: there is no program {tool}"
    assert status["watch_problems"] == [{"task": "fix", "message": message}]
    assert message in " ".join(clodputer(home, "doctor", status=4)[0].split())


def test_a_file_that_another_program_writes(home: Home, project: Path) -> None:
    task(home, project, file="build/junit.xml", format="junit")
    execute(home)
    assert "build/junit.xml cannot be read: No such file or directory" in why(home)
    (project / "build").mkdir()
    report = project / "build" / "junit.xml"
    case = '<testcase classname="t" name="{}">{}</testcase>'
    good, bad = (
        case.format("a", ""),
        case.format("a", '<failure message="no">t.py:3: AssertionError</failure>'),
    )
    report.write_text(f"<testsuites>{good}</testsuites>")
    again(home)
    report.write_text(f"<testsuites>{bad}</testsuites>")
    again(home)
    again(home)
    (one,) = brought(home)
    assert (one["rule"], one["path"], one["line"], one["message"]) == ("test-failure", "t.py", 3, "t.a: no")


def test_what_waits_is_asked_about_though_the_file_stays_as_it_is(home: Home, project: Path) -> None:
    found = [
        {"code": f"F{n}", "message": "m", "filename": "quiet.py", "location": {"row": 1}} for n in range(3)
    ]
    (project / "report.json").write_text(json.dumps(found))
    task(home, project, file="report.json", baseline=False, at_most=2)
    execute(home)
    assert "1 waiting for the next look" in why(home)
    again(home)
    again(home)
    assert sorted(one["rule"] for one in brought(home)) == ["F0", "F1", "F2"]


def test_a_report_that_the_tool_does_not_write_anew(home: Home, project: Path) -> None:
    (project / "old.json").write_text("[]")
    os.utime(project / "old.json", (1_700_000_000, 1_700_000_000))
    task(home, project, "true", file="old.json")
    execute(home)
    assert "has not written" in why(home)
    task(home, project, "/bin/sh", "-c", "echo '[]' > old.json", file="old.json")
    execute(home)
    assert "0 findings of the baseline" in why(home)


def test_nobody_looks_outside_of_the_folder(home: Home, project: Path, tmp_path: Path) -> None:
    """A report may name any file; what is in it is for nobody's prompt."""
    (tmp_path / "secret").write_text("hunter2\n")
    (project / "link").symlink_to(tmp_path / "secret")
    found = [
        {"code": "X", "message": "m", "filename": name, "location": {"row": 1}}
        for name in (str(tmp_path / "secret"), "../secret", "link", "quiet.py")
    ]
    (project / "report.json").write_text(json.dumps(found))
    task(home, project, file="report.json", baseline=False)
    execute(home)
    assert sorted(one["snippet"] for one in brought(home)) == ["", "", "", "x = 1\n"]


def test_it_is_said_in_list_and_by_validate(home: Home, project: Path) -> None:
    task(home, project, *ruff())
    assert "when ruff finds something new (run every 1m)" in " ".join(clodputer(home, "list")[0].split())
    for keys, words in (
        ({}, "expected command, the tool that is run, or file"),
        ({"file": "x", "timeout": "5m"}, "timeout: has no effect without command"),
        ({"file": "x", "complexity": 3}, "complexity: has no effect with format: ruff; it is for lizard"),
        ({"file": "x", "format": "ruf"}, "did you mean"),
        ({"command": ["x", "{{ env.HOME }}"]}, "command[1]: templates are not filled in here"),
        ({"file": "{{ env.HOME }}/x"}, "file: templates are not filled in here"),
    ):
        task(home, project, **keys)
        assert words in " ".join(clodputer(home, "validate", "fix", status=1)[0].split())


@pytest.mark.parametrize(("least", "rules"), [("50%", []), ("90%", ["low-coverage"])])
def test_a_threshold_of_the_task(home: Home, project: Path, least: str, rules: list[str]) -> None:
    """And a file that is gone is not wanting any more."""
    summary = {"percent_covered": 60.0}
    (project / "coverage.json").write_text(json.dumps({"files": {"busy.py": {"summary": summary}}}))
    task(home, project, file="coverage.json", format="coverage", min_coverage=least, baseline=False)
    execute(home)
    assert [one["rule"] for one in brought(home)] == rules
    (project / "busy.py").unlink()
    (project / "coverage.json").write_text('{"files": {} }')
    again(home)
    assert [event["count"] for event in events(home, "fixed")] == [1] * len(rules)


def test_what_comes_while_it_is_disabled_is_known_from_then_on(home: Home, project: Path) -> None:
    """As with other triggers that look: also without a baseline, and whatever the last report was."""
    task(home, project, *ruff(), baseline=False, every="1h")
    execute(home)
    assert len(brought(home)) == 1
    clodputer(home, "disable", "fix")
    (project / "quiet.py").write_text("import sys\n")
    clodputer(home, "enable", "fix")
    execute(home)
    assert len(brought(home)) == 1
    assert "2 findings of the baseline" in why(home)
