"""A tool that becomes another version: what it newly finds where nothing has changed makes no request, and is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from clodputer.model.findings import sarif
from clodputer.model.findings.finding import Limits
from clodputer.store import look
from clodputer.store.home import Home
from tests.workshop import events, execute, program, records, write_task

Finding = dict[str, Any]


def finding(path: Path, rule: str) -> Finding:
    return {"code": rule, "message": "m", "filename": str(path), "location": {"row": 1, "column": 1}}


def tool(folder: Path, *found: Finding, version: str) -> str:
    """The tool, as it is once that version of it is installed."""
    return str(program(folder, "tool", f"# {version}\ncat <<'END'\n{json.dumps(found)}\nEND"))


def again(home: Home, began: float = 0.0) -> None:
    """The time for the next look has come; the last report's tool began then."""
    look.forget(home, "fix.yaml")
    for path in Path(home.ledger, "watch").glob("fix/*/snapshot.json"):
        fields = json.loads(path.read_text())
        path.write_text(json.dumps({**fields, "at": 1.0, "began": began or fields["began"]}))
    execute(home)


def test_another_version(home: Home, tmp_path: Path) -> None:
    """In a file that was changed meanwhile, and without a change of version, what is new is new."""
    project = tmp_path / "project"
    project.mkdir()
    same, changed = project / "same.py", project / "changed.py"
    for path in (same, changed):
        path.write_text("x = 1\n")
    old = finding(same, "A1")
    command = tool(tmp_path, old, version="1.0")
    trigger = {
        "type": "findings",
        "format": "ruff",
        "folder": str(project),
        "every": "1m",
        "command": [command],
    }
    write_task(home, "fix", f"agent: command\ncommand: ['true']\ntrigger: {json.dumps(trigger)}\n")
    execute(home)
    assert records(home, "fix") == []
    # The files had not been touched for longer than the coarsest clock of a file system when the tool began.
    began = max(os.stat(path).st_ctime for path in (same, changed)) + 2.005
    changed.write_text("y = 2\n")
    tool(
        tmp_path, old, finding(same, "B1"), finding(same, "B2"), finding(changed, "B1"), version="2.0, longer"
    )
    again(home, began)
    assert [line["count"] for line in events(home, "tool_changed")] == [2]
    (asked,) = records(home, "fix")
    request = json.loads(Path(home.runs, "fix", asked["run_id"], "request.json").read_text())
    assert request["context"]["finding"]["path"] == "changed.py"
    again(home)
    assert len(records(home, "fix")) == 1


def test_the_version_in_a_sarif_file() -> None:
    def version(**driver: str) -> str:
        report = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": []}]}
        return sarif.read(json.dumps(report).encode(), Limits(80.0, 10)).version

    assert version(name="a", version="1", semanticVersion="1.2.3") == "a 1.2.3"
    assert version(name="a", version="1") == "a 1"
    assert version(name="a") == ""
