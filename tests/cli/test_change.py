"""Tasks changed by commands: `enable`, `disable`, `set` and `remove`; the rest of a file stays, or nothing is done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import time

import pytest

from clodputer.model.schedules.policy import jitter
from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.triggers import ledger
from tests.cli import changing
from tests.cli.changing import FILE, in_json, text
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    environment,
    events,
    everything,
    execute,
    records,
    start,
    write_task,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return changing.make(tmp_path)


def test_disabled_and_enabled_again(home: Home) -> None:
    """One line is written and taken back; comments, layout, mode and link stay."""
    path = Path(home.tasks, "mine.yaml")
    path.chmod(0o640)
    real = path.rename(Path(home.root, "elsewhere.yaml"))
    path.symlink_to(real)
    stdout, stderr = clodputer(home, "disable", "mine", "--reason", "the server moves")
    assert (stdout, stderr) == ("mine is disabled\n", "")
    lines = text(home).split("\n")
    assert lines[2].startswith("# disabled 20")
    assert lines[2].endswith(": the server moves")
    assert lines[3] == "enabled: false"
    assert "\n".join(lines[:2] + lines[4:]) == FILE
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "Fix: clodputer enable mine" in clodputer(home, "run", "mine", status=1)[1]
    assert clodputer(home, "disable", "mine")[0] == "mine is disabled\n", "the old reason is taken back"
    assert "the server" not in text(home)
    assert clodputer(home, "disable", "mine")[0] == "mine was disabled already\n"
    stdout, _ = clodputer(home, "enable", "mine")
    assert "mine is enabled\n" in stdout
    assert "install" in stdout
    assert text(home) == FILE.replace("# shown\n", "# shown\nenabled: true\n")
    assert [event["event"] for event in events(home)] == ["disabled", "disabled", "enabled"]
    assert events(home, "disabled")[0]["message"] == "the server moves"


def test_enabling_fires_nothing_of_what_passed(home: Home, tmp_path: Path) -> None:
    """Slot times that nobody looked at are missed, with and without a delay; files that came are known."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    anchor = iso(time() - 60)
    assert jitter("often", 3600) > 120, "the delay of the second one's slot time is not over"
    command_task(
        home,
        "often",
        "/bin/echo",
        more=f"trigger:\n- {{type: interval, every: 1d, anchor: '{anchor}'}}\n"
        f"- {{type: interval, every: 365d, jitter: 1h, anchor: '{anchor}'}}\n"
        f"- {{type: file_watch, path: {inbox}, debounce: 0s, initial: process}}\n",
    )
    execute(home)
    for index in (0, 1):
        entry = ledger.read(home, "often", index)
        assert entry is not None
        earlier = time() - 3 * 86400
        ledger.write(home, "often", index, entry._replace(accounted=earlier, spans=((0.0, earlier),)))
    clodputer(home, "disable", "often")
    (inbox / "meanwhile").write_text("x")
    clodputer(home, "enable", "often")
    ran = [record["trigger"] for record in records(home, "often")]
    execute(home)
    assert [record["trigger"] for record in records(home, "often")] == ran
    assert everything(home) == {}
    missed = events(home, "missed")
    assert {event["index"]: event["count"] for event in missed} == {0: 3, 1: 1}
    assert {event["reason"] for event in missed} == {"disabled"}
    (inbox / "afterwards").write_text("x")
    until(lambda: execute(home, "--task", "often")["runs"])
    (record,) = records(home, "often")[len(ran) :]
    assert record["trigger"] == "file_watch"
    request = json.loads(Path(home.runs, "often", record["run_id"], "request.json").read_text())
    assert request["context"]["file"]["name"] == "afterwards"


def test_set_can_enable_too(home: Home) -> None:
    """By the same rule."""
    execute(home)
    clodputer(home, "disable", "mine")
    entry = ledger.read(home, "mine", 0)
    assert entry is not None
    ledger.write(home, "mine", 0, entry._replace(accounted=time() - 3 * 86400, spans=()))
    clodputer(home, "set", "mine", "enabled=true")
    assert execute(home)["runs"] == []
    assert events(home, "missed")[0]["reason"] == "disabled"


def test_several_or_none(home: Home) -> None:
    """When one of them cannot be changed, none is."""
    write_task(home, "other", "{agent: command, command: [/bin/true]}\n")
    rows = in_json(home, "disable", "mine", "other", "mine")["data"]["tasks"]
    assert [(row["task"], row["enabled"], row["changed"]) for row in rows] == [
        ("mine", False, True),
        ("other", False, True),
    ]
    assert text(home, "other") == "{agent: command, command: [/bin/true], enabled: false}\n"
    before = text(home)
    assert in_json(home, "enable", "mine", "nosuch", status=1)["errors"][0]["code"] == "task_unknown"
    write_task(home, "broken", "prompt: [\n")
    assert in_json(home, "enable", "mine", "broken", status=1)["errors"][0]["code"] == "task_invalid"
    assert text(home) == before


def test_a_file_that_cannot_be_changed_so(home: Home) -> None:
    """What to write by hand is told, and the file is left alone."""
    content = (
        "a: &off false\n".replace("a:", "context: {x:").replace("false", "false}")
        + "enabled: *off\nagent: command\n"
    )
    content += "command: [/bin/true]\nprompt: '{{ context.x }}'\n"
    write_task(home, "odd", content)
    found = in_json(home, "enable", "odd", status=1)["errors"][0]
    assert found["code"] == "task_not_editable"
    assert "write enabled" in found["hint"]
    assert text(home, "odd") == content


@pytest.mark.parametrize("reason", ["a\nb", "x" * 201, " x", "a\x1b[2J"])
def test_no_reason(home: Home, reason: str) -> None:
    clodputer(home, "disable", "mine", "--reason", reason, status=2)
    assert text(home) == FILE


@pytest.mark.parametrize(
    ("arguments", "before", "after"),
    [
        (("timeout=30m",), FILE, FILE + "timeout: 30m\n"),
        (("description=Fix: this",), "description: mine ", "description: 'Fix: this' "),
        (("description=42",), "description: mine ", 'description: "42" '),
        (('command=[/bin/echo, "a b"]',), '[/bin/echo, "x"]', "[/bin/echo, a b]"),
        (("command.1=y",), '"x"', "y"),
        (("trigger.0.schedule=0 8 * * *",), '"0 7 * * *"', "0 8 * * *"),
        (("trigger.0.schedule=*/5 * * * *",), '"0 7 * * *"', "'*/5 * * * *'"),
        (("trigger.0.max_late=1h",), "# before work\n", "# before work\n    max_late: 1h\n"),
        (("expect.file_exists=out",), FILE, FILE + "expect:\n  file_exists: out\n"),
        (("--unset", "description"), "description: mine   # shown\n", ""),
        (("priority=high", "description=x"), "mine   # shown\n", "x   # shown\npriority: high\n"),
    ],
)
def test_set(home: Home, arguments: tuple[str, ...], before: str, after: str) -> None:
    """One place is another one, the rest is unchanged."""
    stdout, stderr = clodputer(home, "set", "mine", *arguments)
    first, *changes = stdout.splitlines()
    assert (first, stderr) == (f"ok  {home.tasks}/mine.yaml is changed", "")
    assert changes
    assert text(home) == FILE.replace(before, after)
    clodputer(home, "validate", "mine")


def test_set_of_a_prompt_of_several_lines(home: Home) -> None:
    write_task(home, "asks", "prompt: x   # short\nmodel: haiku\n")
    clodputer(home, "set", "asks", "prompt=One.\n\n  Two: {{ body }}\n")
    assert text(home, "asks") == "prompt: |\n  One.\n\n    Two: {{ body }}   # short\nmodel: haiku\n" or (
        "{{ body }}" in text(home, "asks") and "model: haiku\n" in text(home, "asks")
    )


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (("timeout=soon",), 1, "timeout: "),
        (("timout=5m",), 1, "did you mean 'timeout'"),
        (("enabled=perhaps",), 1, "enabled: "),
        (("trigger.every=5m",), 1, "trigger is a list of 1"),
        (("trigger.3.every=5m",), 1, "trigger is a list of 1"),
        (("--unset", "command"), 1, "expected command"),
        (("--unset", "timeout"), 1, "without changing something else"),
        (("timeout=[",), 1, "is not YAML"),
        (("timeout",), 2, "expected KEY=VALUE"),
        (("=x",), 2, "expected KEY=VALUE"),
        ((), 2, "say what to change"),
    ],
)
def test_what_is_not_set(home: Home, arguments: tuple[str, ...], status: int, part: str) -> None:
    """Nothing is written."""
    before = Path(home.tasks, "mine.yaml").stat()
    _, stderr = clodputer(home, "set", "mine", *arguments, status=status)
    assert part in stderr
    after = Path(home.tasks, "mine.yaml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_many_programs_at_once(home: Home) -> None:
    """No change of any of them is lost."""
    keys = ("timeout=5m", "priority=5", "lane=mine", "max_output=1MB", "stop_grace=2s", "description=x")
    running = [start(home, "set", "mine", pair) for pair in keys]
    for process in running:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    for pair in keys:
        assert pair.replace("=", ": ") in text(home)


def test_keys_are_completed(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clodputer"],
        env=environment(
            home,
            {
                "_CLODPUTER_COMPLETE": "bash_complete",
                "COMP_TYPED": "clodputer set mine time",
            },
        ),
        capture_output=True,
        text=True,
    )
    assert "timeout=" in done.stdout
