"""The options of `clodputer run`: context, priority, --no-wait and --dry-run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.commands.run import drop, find
from clodputer.cli.commands.run_dry import dry_run
from clodputer.cli.commands.run_options import Wanted, parse_context, parse_priority, parse_when
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store import holds
from clodputer.store.home import Home
from tests.cli.terminal import in_terminal
from tests.fakes.start import install_fake_claude
from tests.workshop import (
    clodputer,
    command_task,
    environment,
    everything,
    execute,
    records,
    write_secrets,
    write_task,
)

PYTHON = sys.executable


def environ(home: Home, **more: str) -> dict[str, str]:
    return {"CLODPUTER_HOME": home.root, "HOME": os.environ["HOME"], "PATH": "/usr/bin:/bin", **more}


@pytest.mark.parametrize(
    ("pairs", "context"),
    [
        ([], {}),
        (["a=1", "b=x=y", "c="], {"a": "1", "b": "x=y", "c": ""}),
        (["a:=1", "b:=[1, {}]", 'c:="x=y"', "d:=null"], {"a": 1, "b": [1, {}], "c": "x=y", "d": None}),
        (["a=:=1", "a=2"], {"a": "2"}),
    ],
)
def test_context(pairs: list[str], context: dict[str, Any]) -> None:
    assert parse_context(pairs) == context


@pytest.mark.parametrize(
    "pair", ["a", "=1", "a b=1", "1=2", ":=1", "a:=", "a:={", "a:=NaN", "a::=1", "a:=1e999"]
)
def test_no_context(pair: str) -> None:
    with pytest.raises(ClodputerError) as caught:
        parse_context([pair])
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("text", "priority"), [(None, None), ("1", 1), ("5", 5), ("low", 2), ("HIGH", 4), ("normal", 3)]
)
def test_priority(text: Any, priority: Any) -> None:
    assert parse_priority(text) == priority


@pytest.mark.parametrize("text", ["0", "6", "urgent", "", "-1", "2.5"])
def test_no_priority(text: str) -> None:
    with pytest.raises(ClodputerError) as caught:
        parse_priority(text)
    assert caught.value.exit_code == ExitCode.USAGE


def test_no_wait(home: Home) -> None:
    """Only the id is printed; the request is as asked for, and the next exec runs it."""
    command_task(home, "greet", PYTHON, "-c", "print(input())", more="prompt: Hello {{ context.n + 1 }}\n")
    stdout, stderr = clodputer(home, "run", "greet", "--no-wait", "--priority", "high", "-c", "n:=2")
    request_id = stdout.strip()
    assert stderr == ""
    (name,) = everything(home)["new"]
    dropped = json.loads(Path(home.new, name).read_text())
    assert (dropped["id"], dropped["priority"], dropped["context"]) == (request_id, 4, {"n": 2})
    execute(home)
    (record,) = records(home, "greet")
    assert (record["request_id"], record["result"]) == (request_id, "Hello 3")


def test_no_wait_in_a_lane_on_hold(home: Home) -> None:
    """It waits there like any other request."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    holds.place(
        home, holds.Target("lane", "default"), holds.Hold("usage_limit", "", None, time.time() + 3600)
    )
    assert drop(environ(home), "greet", Wanted()).data["request_id"] in everything(home)["new"][0]


def test_a_dry_run(home: Home, tmp_path: Path) -> None:
    """The argument list exactly, of the environment the names, the prompt masked; nothing is dropped or started."""
    binary = install_fake_claude(tmp_path / "bin")
    log = tmp_path / "log"
    Path(home.config).write_text(f"claude: {binary}\n")
    write_secrets(home, "TOKEN=sk-12345678\nANTHROPIC_API_KEY=sk-87654321\n")
    write_task(
        home,
        "nightly",
        "prompt: Use {{ env.TOKEN }} for {{ context.who }}.\nmax_turns: 3\n"
        f"env: {{FAKE_CLAUDE_LOG: {log}}}\nallowed_tools: [Read, 'Bash(git log:*)']\n",
    )
    stdout, stderr = clodputer(home, "run", "nightly", "--dry-run", "-c", "who=Ada")
    assert stderr == ""
    assert f"{binary} -p --output-format=stream-json" in stdout
    assert "'--allowedTools=Bash(git log:*)'" in stdout
    assert "Use *** for Ada." in stdout
    assert "ANTHROPIC_API_KEY" in stdout
    assert "sk-" not in stdout
    assert everything(home) == {}
    assert os.listdir(home.runs) == []
    assert not log.exists()
    told = json.loads(clodputer(home, "run", "nightly", "--dry-run", "-c", "who=Ada", "--json")[0])["data"]
    clodputer(home, "run", "nightly", "-c", "who=Ada")
    (record,) = records(home, "nightly")

    def without_session(argv: list[str]) -> list[str]:
        return [word for word in argv if not word.startswith("--session-id=")]

    assert without_session(told["argv"]) == without_session(record["argv"])
    assert told["working_directory"] == record["working_directory"]
    (logged,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert set(told["environment"]) <= set(logged["environment"])
    assert (told["prompt"], told["priority"], told["lane"]) == ("Use *** for Ada.", 3, "default")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("agent: command\ncommand: [no-such-program]\n", "there is no program 'no-such-program'"),
        ("agent: command\ncommand: [echo, '{{ env.TOKEN }}']\n", "a secret would be in the argument list"),
        ("agent: command\ncommand: [cat]\nprompt: '{{ context.who }}'\n", "context.who"),
        ("agent: command\ncommand: [cat]\nenabled: false\n", "is disabled"),
    ],
)
def test_a_dry_run_tells_what_would_keep_it_from_starting(home: Home, text: str, part: str) -> None:
    write_secrets(home, "TOKEN=sk-12345678\n")
    write_task(home, "nightly", text)
    with pytest.raises(ClodputerError) as caught:
        dry_run(*find(environ(home), "nightly", Wanted()), Wanted())
    assert part in str(caught.value)
    assert everything(home) == {}


def test_a_dry_run_in_a_lane_on_hold(home: Home) -> None:
    command_task(home, "greet", "echo", "a b")
    holds.place(
        home, holds.Target("lane", "default"), holds.Hold("usage_limit", "", None, time.time() + 3600)
    )
    text = dry_run(*find(environ(home), "greet", Wanted()), Wanted(priority=5)).text
    assert "usage_limit" in text
    assert "/echo 'a b'" in text
    assert "priority 5" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-wait", "--dry-run"],
        ["--follow", "--no-wait"],
        ["--follow", "--json"],
        ["--priority", "7"],
        ["-c", "x"],
        ["--body", " "],
        ["--at", "25:00"],
        ["--at", "2h"],
        ["--at", "2020-01-01T00:00"],
        ["--in", "soon"],
        ["--in", "2h", "--at", "03:00"],
        ["--in", "2h", "--follow"],
        ["--at", "03:00", "--dry-run"],
    ],
)
def test_options_that_make_no_sense(home: Home, arguments: list[str]) -> None:
    """Exit code 2, and nothing is dropped."""
    command_task(home, "greet", "echo")
    clodputer(home, "run", "greet", *arguments, status=2)
    assert everything(home) == {}


def test_a_body(home: Home) -> None:
    """From the command line and from stdin it is what `{{ body }}` stands for, as of a dropped Markdown file."""
    command_task(
        home,
        "echo",
        PYTHON,
        "-c",
        "import sys; print(repr(sys.stdin.read()))",
        more="prompt: 'Say: {{ body }}'\n",
    )
    stdout, _ = clodputer(home, "run", "echo", "--body", "Grüße --- {{ x }}", "--json")
    assert json.loads(stdout)["data"]["record"]["result"] == "'Say: Grüße --- {{ x }}'"
    done = subprocess.run(
        [PYTHON, "-m", "clodputer", "run", "echo", "--body", "-", "--json"],
        env=environment(home),
        input=b"first\nsecond\n",
        capture_output=True,
    )
    assert json.loads(done.stdout)["data"]["record"]["result"] == "'Say: first\\nsecond\\n'"
    assert "Say: a text" in clodputer(home, "run", "echo", "-b", "a text", "--dry-run")[0]


@pytest.mark.parametrize("text", [b"\xff\xfe", b"", b"x" * (1024 * 1024 + 1), b"a\0b"])
def test_what_is_no_body(home: Home, text: bytes) -> None:
    """Exit code 2, and nothing is dropped."""
    command_task(home, "echo", "/bin/cat", more="prompt: 'Say: {{ body }}'\n")
    done = subprocess.run(
        [PYTHON, "-m", "clodputer", "run", "echo", "--body", "-"],
        env=environment(home),
        input=text,
        capture_output=True,
    )
    assert (done.returncode, done.stderr[:13]) == (2, b"error: --body")
    assert everything(home) == {}


def test_a_body_that_would_be_lost(home: Home) -> None:
    """Told at once, where a drop is told of only by its record."""
    command_task(home, "greet", "/bin/cat", more="prompt: Hello\n")
    _, stderr = clodputer(home, "run", "greet", "--body", "x", status=1)
    assert "has no place for it" in stderr
    assert everything(home) == {}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("03:00", "2026-03-11T03:00:00+01:00"),
        ("12:30", "2026-03-11T12:30:00+01:00"),
        ("12:30:01", "2026-03-10T12:30:01+01:00"),
        ("23:59", "2026-03-10T23:59:00+01:00"),
        ("2026-12-24T18:00", "2026-12-24T18:00:00+01:00"),
        ("2026-07-01T18:00", "2026-07-01T18:00:00+02:00"),
        ("2026-12-24T18:00Z", "2026-12-24T18:00:00+00:00"),
        ("2026-03-29T02:30", "2026-03-29T03:00:00+02:00"),
    ],
)
def test_times(text: str, moment: str) -> None:
    """By the clock here, to come; a time that a change of the clock skips is right after the gap."""
    now = datetime.fromisoformat("2026-03-10T12:30:00+01:00").timestamp()
    found = parse_when(text, None, now, {"TZ": "Europe/Berlin"})
    assert found == datetime.fromisoformat(moment).timestamp()


def test_a_clock_time_that_today_skips() -> None:
    """At the last Sunday of March 02:30 does not exist; asked for at 01:00, it is 03:00 summer time."""
    now = datetime.fromisoformat("2026-03-29T01:00:00+01:00").timestamp()
    found = parse_when("02:30", None, now, {"TZ": "Europe/Berlin"})
    assert found == datetime.fromisoformat("2026-03-29T03:00:00+02:00").timestamp()


def test_later(home: Home) -> None:
    """--in and --at print the request's id, and the request waits until then."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    stdout, stderr = clodputer(home, "run", "greet", "--in", "2h")
    assert stderr == ""
    told = json.loads(clodputer(home, "run", "greet", "--at", "2099-01-01", "--json")[0])["data"]
    assert told["not_before"].startswith(("2098-12-31T", "2099-01-01T"))
    execute(home)
    assert len(everything(home)["default/delayed"]) == 2
    assert any(stdout.strip() in name for name in everything(home)["default/delayed"])
    assert records(home, "greet") == []
    clodputer(home, "run", "greet", "--in", "1ms")
    execute(home)
    assert len(records(home, "greet")) == 1


def test_later_without_a_scheduler(home: Home) -> None:
    """Nobody would start an exec then, which is said."""
    command_task(home, "greet", PYTHON, "-c", "print('x')")
    status, text = in_terminal(home, "run", "greet", "--in", "2h")
    assert status == 0
    assert "the first exec after that runs it" in text
    assert "clodputer install" in text
