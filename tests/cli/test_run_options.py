"""The options of `clodputer run`: context, priority, --no-wait and --dry-run."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.commands.run import Wanted, drop, find, parse_context, parse_priority
from clodputer.cli.commands.run_dry import dry_run
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store import holds
from clodputer.store.home import Home
from tests.fakes.start import install_fake_claude
from tests.workshop import (
    clodputer,
    command_task,
    everything,
    execute,
    make_home,
    records,
    write_secrets,
    write_task,
)

PYTHON = sys.executable


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


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
        ("agent: command\ncommand: [echo, '{{ env.TOKEN }}']\n", "a secret would stand in the argument list"),
        ("agent: command\ncommand: [cat]\nprompt: '{{ context.who }}'\n", "context.who"),
        ("agent: command\ncommand: [cat]\nenabled: false\n", "is disabled"),
    ],
)
def test_a_dry_run_tells_what_would_keep_it_from_starting(home: Home, text: str, part: str) -> None:
    write_secrets(home, "TOKEN=sk-12345678\n")
    write_task(home, "nightly", text)
    with pytest.raises(ClodputerError) as caught:
        dry_run(*find(environ(home), "nightly"), {}, None)
    assert part in str(caught.value)
    assert everything(home) == {}


def test_a_dry_run_in_a_lane_on_hold(home: Home) -> None:
    command_task(home, "greet", "echo", "a b")
    holds.place(
        home, holds.Target("lane", "default"), holds.Hold("usage_limit", "", None, time.time() + 3600)
    )
    text = dry_run(*find(environ(home), "greet"), {}, 5).text
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
    ],
)
def test_options_that_make_no_sense(home: Home, arguments: list[str]) -> None:
    """Exit code 2, and nothing is dropped."""
    command_task(home, "greet", "echo")
    clodputer(home, "run", "greet", *arguments, status=2)
    assert everything(home) == {}
