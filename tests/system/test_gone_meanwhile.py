"""The program is taken away or upgraded while a run lasts: what that run needs at its end was loaded before it began."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.repositories import repository
from tests.sandboxing import need_bubblewrap
from tests.wait import until
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


# What a task may have that makes more to do at the end of its run, and how the run ends.
AT_THE_END: dict[str, tuple[dict[str, Any], str]] = {
    "retried": ({"retry": {"max_attempts": 2}}, "failed"),
    "given up": ({}, "failed"),
    "parked": ({"park_after": 1}, "failed"),
    "disabled": ({"auto_disable_after": 1}, "failed"),
    "breaker": ({"breaker": {"threshold": 1}}, "failed"),
    "joined": ({}, "succeeded"),
    "events": ({}, "succeeded"),
    "memory": ({"state": {}}, "succeeded"),
    "worktree": ({"worktree": {"keep": "unpushed"}}, "succeeded"),
    "sandbox": ({"sandbox": "strict"}, "succeeded"),
    "proof": ({"expect": {"file_exists": "made"}, "verify": ["/bin/sh", "-c", "test -e made"]}, "succeeded"),
    "protect": ({"protect": "file"}, "succeeded"),
    "setup": ({"setup": ["/bin/true"], "teardown": ["/bin/true"]}, "succeeded"),
    "budget": ({"budget": {"runs_per_day": 5}, "adapt": True}, "succeeded"),
}
ANSWER = {"events": [{"type": "found", "payload": {}}], "state_updates": {"seen": 3}}


@pytest.mark.parametrize("name", AT_THE_END)
def test_what_its_end_takes_was_loaded_before(home: Home, tmp_path: Path, name: str) -> None:
    """The program is gone before the agent ends, as in an upgrade: the record says how the run ended, and exec says nothing."""
    keys, outcome = AT_THE_END[name]
    if name == "sandbox":
        need_bubblewrap()
    program = tmp_path / "program"
    copytree(ROOT / "clodputer", program / "clodputer", ignore=ignore_patterns("__pycache__"))
    copytree(ROOT / "templates", program / "templates")
    place = repository(tmp_path)
    script = (
        "echo began >&2; until [ -e ../go ] || [ -e go ]; do sleep 0.05; done; "
        "echo 1 >made; git add made; git commit -qm made; "
        f"echo '{json.dumps(ANSWER)}'; exit {0 if outcome == 'succeeded' else 3}"
    )
    task = {"agent": "command", "command": ["/bin/sh", "-c", script], "working_directory": str(place), **keys}
    write_task(home, "work", json.dumps(task))
    after = {"agent": "command", "command": ["/bin/true"], "after": [{"task": "work"}]}
    if name == "joined":
        write_task(home, "next", json.dumps(after))
    drop(home, "work.json", json.dumps({"task": "work", "item": "one"}))
    argv = [sys.executable, "-m", "clodputer", "exec"]
    environ = environment(home, {"PYTHONPATH": str(program), "PYTHONDONTWRITEBYTECODE": "1"})
    with subprocess.Popen(
        argv, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        until(lambda: any(b"began" in path.read_bytes() for path in Path(home.runs).glob("work/*/stderr")))
        rmtree(program / "clodputer")
        for folder in (place.parent, place, *Path(home.trees).glob("work/*")):
            if folder.is_dir():
                (folder / "go").touch()
        told = running.communicate(timeout=100)
    assert outcomes(home, "work") == [outcome]
    if name == "joined":
        assert [event["target"] for event in events(home, "followed")] == ["next"]
    else:  # what is joined cannot be begun without the program, and exec says so
        assert told == ("", ""), "nothing of it has to be told"
    assert not everything(home).get("slot-0"), "the request has left its slot"
