"""What keeps everything from running, or failed in the night, is seen by people and programs, and the brakes still work."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import stuck
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    run,
    write_secrets,
)

CONFIG = ("config.yaml", "timeout: soon\n", 0o600)
UNKNOWN = ("config.yaml", "tiemout: 1h\n", 0o600)
NO_YAML = ("config.yaml", "a: [\n", 0o600)
OPEN = ("secrets.env", "TOKEN=very-secret-word\n", 0o644)
BROKEN = ("secrets.env", "TOKEN=very-secret-word\nthis is no line very-secret-tail\n", 0o600)
FILES = (CONFIG, UNKNOWN, NO_YAML, OPEN, BROKEN)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one run, and a request that waits."""
    home = make_home(tmp_path_factory.mktemp("used"))
    command_task(home, "work", "/bin/true")
    drop(home, "1.json", '{"task": "work", "id": "first-one"}')
    execute(home)
    drop(home, "2.json", '{"task": "work", "id": "second-one", "not_before": "+1h"}')
    execute(home)
    return home


@pytest.fixture
def home(used: Home, tmp_path: Path) -> Home:
    """A copy of it."""
    return Home(shutil.copytree(used.root, str(tmp_path / "home"), symlinks=True))


def write(home: Home, name: str, text: str, mode: int) -> None:
    path = Path(home.root, name)
    path.write_text(text)
    path.chmod(mode)


def attention(home: Home) -> dict[str, Any]:
    stdout, _ = clodputer(home, "status", "--json")
    found: dict[str, Any] = json.loads(stdout)["data"]["attention"]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file[0]}-{file[1][:8]!r}-{file[2]:o}")
@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("list",),
        ("why", "work"),
        ("queue",),
        ("show", "work"),
        ("logs",),
        ("cancel", "second-one"),
    ],
    ids=lambda command: command[0],
)
def test_looking_and_stopping_work_without_either_file(
    home: Home, file: tuple[str, str, int], command: tuple[str, ...]
) -> None:
    """With a warning that says what to do, and without a word of the secrets in it."""
    write(home, *file)
    for arguments in (command, (*command, "--json")):
        status, stdout, stderr = run(home, *arguments)
        assert status in (0, 1) if command[0] in ("cancel", "why") else status == 0, stderr
        assert "very-secret" not in stdout + stderr
        if command[0] != "logs":
            assert "warning: nothing runs until this is fixed" in stderr
            assert file[0] in stderr
    if command[0] == "cancel":
        assert "second-one" not in json.dumps(everything(home))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file[0]}-{file[1][:8]!r}-{file[2]:o}")
def test_exec_says_once_that_nothing_runs(home: Home, file: tuple[str, str, int]) -> None:
    """One event for the mistake, however often exec comes; another for the next mistake; nothing is lost meanwhile."""
    write(home, *file)
    drop(home, "3.json", '{"task": "work", "id": "third-one"}')
    for _ in range(3):
        clodputer(home, "exec", status=1)
    assert [event["reason"] for event in events(home, "blocked")] == [events(home, "blocked")[0]["reason"]]
    [problem] = attention(home)["problems"]
    assert file[0] in problem["message"] + problem["hint"]
    assert "Nothing runs until this is fixed" in clodputer(home, "status")[0]
    os.unlink(f"{home.root}/{file[0]}")
    execute(home)
    assert attention(home)["problems"] == []
    assert [event["request_id"] for event in events(home, "finished")][-1] == "third-one"
    write(home, *file)
    drop(home, "4.json", '{"task": "work", "id": "fourth-one"}')
    clodputer(home, "exec", status=1)
    assert len(events(home, "blocked")) == 2


def test_a_failure_is_seen_behind_successes_of_others(home: Home) -> None:
    """The latest run of a task that failed is shown until a later one succeeds."""
    command_task(home, "broken", "/bin/false")
    drop(home, "broken")
    execute(home)
    for number in range(6):
        drop(home, f"{number}.json", '{"task": "work"}')
    execute(home)
    found = attention(home)
    assert [(run["task"], run["reason"]) for run in found["failing"]] == [("broken", "exit_status")]
    assert found["failures"] == 1
    text, _ = clodputer(home, "status")
    assert re.search(r"broken failed.*its latest run \(.*\)\. See: clodputer show", " ".join(text.split()))
    command_task(home, "broken", "/bin/true")
    drop(home, "broken")
    execute(home)
    assert attention(home)["failing"] == []
    assert attention(home)["failures"] == 1


def test_a_fault_of_ours_is_told_once(home: Home) -> None:
    """However often it is met there is one report, which status and doctor name."""
    os.unlink(home.log)
    os.mkdir(home.log)
    write_secrets(home, "TOKEN=very-secret-word\n")
    reports = Path(home.root, "bug-reports")
    reports.mkdir()
    for number in range(40):
        (reports / f"0.1-Old-{number}.txt").write_text("old")
        os.utime(reports / f"0.1-Old-{number}.txt", (1e9 + number, 1e9 + number))
    os.rmdir(home.log)
    (reports / "0.1.0-KeyError-abc.txt").write_text("new")
    found = attention(home)
    assert (found["crashes"], found["crash"]["report"]) == (1, str(reports / "0.1.0-KeyError-abc.txt"))
    assert "Clodputer itself failed" in clodputer(home, "status")[0]
    stdout, _ = clodputer(home, "doctor", "--json", status=4)
    assert "0.1.0-KeyError-abc.txt" in stdout


def test_contained_faults_are_counted(home: Home) -> None:
    """What stopped one request and nothing else is no secret: status and doctor tell, with the command that shows more."""
    drop(home, "wrong.json", '{"task": "work", "id": "wrong"}')
    execute(home, extra={"CLODPUTER_FAULT": "gates@wrong"})
    found = attention(home)
    assert found["faults"] == len(events(home, "fault")) > 0
    assert (found["fault"]["step"], found["crash"]) == (events(home, "fault")[-1]["step"], None)
    text = " ".join(clodputer(home, "status")[0].split())
    assert "of Clodputer contained, the last" in text
    assert "See: clodputer logs --event fault" in text
    stdout = run(home, "doctor", "--json").stdout
    assert [
        each["level"] for each in json.loads(stdout)["data"]["findings"] if each["check"] == "faults"
    ] == ["note"]


def test_what_is_stuck_and_what_is_hidden_is_counted(home: Home) -> None:
    """A rejected file is counted whatever its name is, and so is one that cannot even be moved."""
    drop(home, ".hidden.json", '{"task": "work"}')
    execute(home)
    found = json.loads(clodputer(home, "status", "--json")[0])["data"]
    assert found["rejected"] == 1
    assert ".hidden.json" in clodputer(home, "queue", "--rejected")[0]
    stuck.save(home, {"frozen.json": "it cannot be moved out of this folder"})
    assert attention(home)["stuck"] == ["frozen.json"]
    assert "1 stuck in spool/new: frozen.json" in clodputer(home, "status")[0]


def test_nothing_to_do_does_not_hide_the_failure_before_it(home: Home) -> None:
    """What its precheck says is no word about the agent; only prechecks that failed before are done with."""
    folder = Path(home.root).parent
    (folder / "ask.sh").write_text("exit $(cat status)\n")
    more = f"working_directory: {folder}\nprecheck: [sh, ask.sh]\n"
    command_task(home, "gated", "/bin/false", more=more)
    for status in (0, 2, 75):
        (folder / "status").write_text(f"{status}\n")
        drop(home, "gated")
        execute(home)
    assert [(run["task"], run["reason"]) for run in attention(home)["failing"]] == [("gated", "exit_status")]
    command_task(home, "gated", "/bin/true", more=more)
    (folder / "status").write_text("0\n")
    drop(home, "gated")
    execute(home)
    assert attention(home)["failing"] == []
