"""`clodputer validate`: like a linter, over all files at once."""

from __future__ import annotations

import json
from pathlib import Path

from clodputer.store.home import Home
from tests.workshop import clodputer, write_secrets, write_task


def test_good_files(home: Home) -> None:
    write_task(home, "one", "prompt: do it\n")
    write_task(home, "two", "prompt: do it\n")
    assert clodputer(home, "validate") == ("ok  one, two\n", "")
    assert clodputer(home, "validate", "two") == ("ok  two\n", "")


def test_no_files(home: Home) -> None:
    assert clodputer(home, "validate")[0] == f"There are no task files in {home.tasks} yet.\n"


def test_all_mistakes_of_all_files_are_told(home: Home) -> None:
    """Path, line and key of each; a good file beside them is not hidden."""
    write_task(home, "bad", "prompt: do it\ntimeout: 20\nmax_cost_us: 1\n")
    write_task(home, "worse", "prompt: [\n")
    write_task(home, "good", "prompt: do it\n")
    stdout, stderr = clodputer(home, "validate", status=1)
    assert stderr == ""
    lines = stdout.splitlines()
    assert any(line.startswith("tasks/bad.yaml:2: timeout: expected a duration") for line in lines)
    assert any(
        line.startswith("tasks/bad.yaml:3: max_cost_us: unknown key (did you mean 'max_cost_usd'?)")
        for line in lines
    )
    assert any(line.startswith("tasks/worse.yaml:") for line in lines)
    assert lines[-2:] == ["ok  good", "3 mistakes"]


def test_one_mistake_is_told_in_the_singular(home: Home) -> None:
    write_task(home, "bad", "prompt: do it\ntimeout: 20\n")
    assert clodputer(home, "validate", status=1)[0].splitlines()[-1] == "1 mistake"


def test_json(home: Home) -> None:
    """Each mistake with its parts under the task, and once more as an error of the envelope."""
    write_task(home, "bad", "prompt: do it\ntimeout: 20\n")
    write_task(home, "good", "prompt: do it\n")
    envelope = json.loads(clodputer(home, "validate", "--json", status=1)[0])
    assert envelope["ok"] is False
    bad, good = envelope["data"]["tasks"]
    assert (bad["name"], bad["ok"], good["name"], good["ok"]) == ("bad", False, "good", True)
    (problem,) = bad["problems"]
    assert (problem["path"], problem["line"], problem["key"]) == ("tasks/bad.yaml", 2, "timeout")
    (error,) = envelope["errors"]
    assert error["code"] == "task_invalid"
    assert error["message"].startswith("tasks/bad.yaml:2: timeout: ")


def test_config_and_secrets_are_checked_too(home: Home) -> None:
    """A broken config.yaml hides no task; a named task is checked alone."""
    Path(home.config).write_text("max_outptu: 3MB\n")
    write_secrets(home, "NO VALUE\n")
    write_task(home, "good", "prompt: do it\n")
    stdout, _ = clodputer(home, "validate", status=1)
    assert "config.yaml:1: max_outptu: " in stdout
    assert "secrets.env:1: " in stdout
    assert "ok  good" in stdout
    assert "2 mistakes" in stdout
    assert clodputer(home, "validate", "good")[0] == "ok  good\n"


def test_a_name_that_no_file_claims(home: Home) -> None:
    write_task(home, "nightly", "prompt: do it\n")
    _, stderr = clodputer(home, "validate", "nigthly", status=1)
    assert "there is no task 'nigthly' (did you mean 'nightly'?)" in stderr
