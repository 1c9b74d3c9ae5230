"""The program is taken away or upgraded while a run lasts: what that run needs at its end was loaded before it began."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

from clodputer.store.home import Home
from tests.workshop import ROOT, drop, environment, events, everything, outcomes, write_task

LAST_LINE = json.dumps({"state_updates": {"seen": 3}})


def test_a_run_ends_as_it_should_without_its_program(home: Home, tmp_path: Path) -> None:
    """Its record, what it remembers and what follows it are all there, and its request has left the slot."""
    program = tmp_path / "program"
    copytree(ROOT / "clodputer", program / "clodputer", ignore=ignore_patterns("__pycache__"))
    copytree(ROOT / "templates", program / "templates")
    task = {
        "agent": "command",
        "command": ["/bin/sh", "-c", f"rm -r {program}/clodputer; echo '{LAST_LINE}'"],
        "state": {},
        "on_success": [{"run": "next"}, {"log": "It went well."}],
        "on_finish": [{"command": ["/bin/true"]}],
    }
    write_task(home, "work", json.dumps(task))
    write_task(home, "next", json.dumps({"agent": "command", "command": ["/bin/true"]}))
    drop(home, "work")
    argv = [sys.executable, "-m", "clodputer", "exec"]
    environ = environment(home, {"PYTHONPATH": str(program), "PYTHONDONTWRITEBYTECODE": "1"})
    subprocess.run(argv, env=environ, cwd=tmp_path, check=False, capture_output=True)
    assert outcomes(home, "work") == ["succeeded"]
    assert [event["message"] for event in events(home, "note")] == ["It went well."]
    assert [event["version"] for event in events(home, "state_changed")] == [1]
    assert [event["target"] for event in events(home, "followed")].count("next") == 1
    assert not everything(home).get("slot-0"), "the request has left its slot"
