"""Warnings: what a task file may say and cannot work here; and brothers of these that are mistakes at once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time

import pytest

from clodputer.cli.commands.status import status
from clodputer.cli.commands.validate import validate
from clodputer.schedulers import installation
from clodputer.schedulers import shim as shims
from clodputer.schedulers.shim import Shim
from clodputer.store.home import Home
from clodputer.tasks import taskfile
from clodputer.views.tasks import warnings
from tests.workshop import clodputer, command_task, drop, environment, execute, records, write_task

NOON = 1_800_000_000.0


def warned(home: Home, text: str, now: float = NOON) -> list[str]:
    """The warnings about a task file, without its name."""
    write_task(home, "x", text)
    environ = environment(home)
    task = taskfile.load(home, "x", environ)
    return [str(one).partition(":")[2] for one in warnings.of_task(home, task, environ, {}, now)]


CLAUDE = "prompt: a\n"
PROGRAM = "agent: command\ncommand: [/bin/true]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CLAUDE + "allowed_tools: [Read, Reed]\n",
            ["2: allowed_tools: Claude has no tool Reed that we know of (did you mean 'Read'?)"],
        ),
        (CLAUDE + "allowed_tools: 'Bash(git log:*), read'\n", ["2: allowed_tools: Claude has no tool read"]),
        (CLAUDE + "disallowed_tools: Edlt\n", ["2: disallowed_tools: Claude has no tool Edlt"]),
        (CLAUDE + "allowed_tools: ['Bash(git log:*)', mcp__github__search, 'mcp__x__*']\n", []),
        (
            CLAUDE + "model: sonnett\n",
            ["2: model: Claude has no model sonnett that we know of (did you mean 'sonnet'?)"],
        ),
        (CLAUDE + "model: claude-sonnet-5-5\nfallback_model: 'opus[1m]'\n", []),
        (
            CLAUDE + "working_directory: /nowhere/at/all\n",
            ["2: working_directory: /nowhere/at/all is not there; a run would end as not_started"],
        ),
        (CLAUDE + "working_directory: /etc/passwd\n", ["2: working_directory: /etc/passwd is not a folder"]),
        (
            CLAUDE + "working_directory: /\nadd_dirs: [etc, nowhere]\n",
            ["3: add_dirs: there is no folder /nowhere"],
        ),
        (
            CLAUDE + "mcp_config: /nowhere.json\n",
            ["2: mcp_config: /nowhere.json cannot be read: No such file"],
        ),
        (CLAUDE + "mcp_config: '{x'\n", ["2: mcp_config: the text is not JSON"]),
        (CLAUDE + "mcp_config: '{}'\n", ["2: mcp_config: the text has no mapping mcpServers"]),
        (CLAUDE + "mcp_config: '{\"mcpServers\": {}}'\n", []),
        (
            CLAUDE + 'mcp_config: \'{"mcpServers": {"github": {}}}\'\nrequires_mcp: [github, gitlab]\n',
            [
                "3: requires_mcp: mcp_config names no server gitlab (did you mean 'github'?), and Claude starts no others"
            ],
        ),
        (
            "agent: command\ncommand: [no-such-program]\n",
            ["2: command: there is no program 'no-such-program' in "],
        ),
        (
            "agent: command\ncommand: [no/such]\nworking_directory: /\n",
            ["2: command: there is no program /no/such"],
        ),
        (PROGRAM, []),
        (
            PROGRAM + "window: {stop_at: 90%}\n",
            ["3: window: a program uses no account, so this has no effect"],
        ),
        (
            PROGRAM + "expect: {command_succeeds: [no-such, x]}\n",
            ["3: expect.command_succeeds: there is no program no-such in "],
        ),
        (PROGRAM + "verify: [no-such, x]\n", ["3: verify: there is no program no-such in "]),
        (PROGRAM + "precheck: [./no-such]\n", ["3: precheck: there is no program ./no-such in "]),
        (PROGRAM + "expect: {command_succeeds: [true]}\n".replace("true", "'true'"), []),
        (
            PROGRAM + "timeout: 1m\nstall_timeout: 2m\n",
            ["4: stall_timeout: has no effect: timeout ends the run after 1m"],
        ),
        (
            PROGRAM + "timeout: 2h\ntrigger: {type: interval, every: 1h}\n",
            ["3: timeout: a run may take 2h, and trigger 1 is due again after 1h"],
        ),
        (
            PROGRAM + "timeout: 2h\ntrigger: {type: cron, schedule: '0 8,9 * * *', overlap: queue}\n",
            ["3: timeout: a run may take 2h, and trigger 1 is due again after 1h: requests pile up"],
        ),
        (PROGRAM + "timeout: 1h\ntrigger: {type: interval, every: 1h}\n", []),
        (
            PROGRAM + "trigger: {type: at, time: '2020-01-01T00:00Z'}\n",
            ["3: trigger: trigger 1 (once, at 2020-01-01T00:00Z) is never due again"],
        ),
        (PROGRAM + "enabled: false\ntrigger: {type: at, time: '2020-01-01T00:00Z'}\n", []),
        (
            PROGRAM + "trigger: [{type: manual}, {type: cron, schedule: '0 8 * * *', until: '2020-01-01'}]\n",
            ["3: trigger: trigger 2 (at 08:00 every day, until 2020-01-01) is never due again"],
        ),
        (
            PROGRAM + "trigger: {type: cron, schedule: '0 8 * * *', active: {hours: '09:00-10:00'}}\n",
            ["3: trigger: trigger 1 (at 08:00 every day, only 09:00-10:00) is never due again"],
        ),
        (PROGRAM + "working_directory: '{{ env.NOT_SET }}'\n", []),
        (CLAUDE + "model: \"{{ 'sonnet' if env.HOME else 'x' }}\"\n", []),
    ],
)
def test_what_cannot_work(home: Home, text: str, expected: list[str]) -> None:
    """Each has the line and the key, and says what is wrong; what is in order has none."""
    found = warned(home, text)
    assert len(found) == len(expected), found
    for one, begins in zip(found, expected):
        assert one.startswith(begins)


def test_a_pipe_in_place_of_a_configuration_holds_nothing_up(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mcp.json")
    [found] = warned(home, f"{CLAUDE}mcp_config: {tmp_path}/mcp.json\n")
    assert found.endswith("mcp.json cannot be read: this is not a regular file")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "allowed_tools: ['Bash(git']",
            "allowed_tools[0]: expected a rule whose parentheses match, such as Bash(git log:*)",
        ),
        ("allowed_tools: ['Bash(git']", "found 'Bash(git'; write Bash(git)"),
        ("allowed_tools: ['Bash(git))']", "a rule whose parentheses match"),
        ("allowed_tools: ['Bash)git(']", "expected a tool such as Read, or a rule such as Bash(git log:*)"),
        ("allowed_tools: ['Bash(a)b']", "a rule whose parentheses match"),
        ("allowed_tools: ['Bash()']", "something between the parentheses, found 'Bash()'; write Bash"),
        ("allowed_tools: ['$HOME']", "expected a tool such as Read"),
        ("disallowed_tools: Bash(git", "a rule whose parentheses match"),
        ("disallowed_tools: []", "expected at least one of them"),
        ("model: claude sonnet", "expected a name without spaces, found 'claude sonnet'"),
        ("fallback_model: [sonnet, 'haiku, opus']", "expected a name without spaces"),
        ("fallback_model: []", "expected at least one of them"),
        ("mcp_config: []", "expected at least one of them"),
        ("requires_mcp: []", "expected at least one of them"),
        ("add_dirs: []", "expected at least one of them"),
        ("expect: {file_exists: []}", "expected at least one of them"),
        ("expect: {file_changed: []}", "expected at least one of them"),
        (
            "json_schema: {type: objekt}",
            "json_schema: expected a JSON Schema; at $.type: 'objekt' is not valid under any of the given schemas",
        ),
        (
            "expect: {json_schema: {required: x}}",
            "expect.json_schema: expected a JSON Schema; at $.required: 'x' is not of type 'array'",
        ),
        ("max_turns: 0", "expected a whole number from 1"),
        ("max_cost_usd: -1", "expected a number from 0.0001"),
        ("timeout: 0s", "expected a duration above 0"),
        ("max_output: 0KB", "expected a size above 0"),
    ],
)
def test_what_can_never_work_is_a_mistake(home: Home, text: str, expected: str) -> None:
    write_task(home, "x", f"{CLAUDE}{text}\n")
    [report] = taskfile.check_all(home, {})
    assert [str(problem) for problem in report.problems if expected in str(problem)], report.problems


def test_validate_tells_them(home: Home, tmp_path: Path) -> None:
    """Beside what is in order, in text and as JSON; they change no exit code, and secrets in them are masked."""
    write_task(home, "x", CLAUDE + "working_directory: '/nowhere/{{ env.PLACE }}'\n")
    Path(home.secrets).write_text("PLACE=hidden-place\n")
    Path(home.secrets).chmod(0o600)
    stdout, stderr = clodputer(home, "validate")
    assert "tasks/x.yaml:2: working_directory: /nowhere/*** is not there" in stdout.replace(
        "\n", " "
    ).replace("[masked]", "***")
    assert "hidden-place" not in stdout + stderr
    assert stdout.splitlines()[-1] == "ok  x"
    [told] = json.loads(clodputer(home, "validate", "--json")[0])["data"]["tasks"]
    assert told["ok"] is True
    assert told["problems"] == []
    assert [one["key"] for one in told["warnings"]] == ["working_directory"]
    assert validate(environment(home), (), time()).exit_code == 0


def test_a_run_without_its_folder_is_not_started(home: Home) -> None:
    """With the reason; and the next request runs."""
    command_task(home, "lost", "/bin/true", more="working_directory: /nowhere/at/all\n")
    command_task(home, "good", "/bin/true")
    drop(home, "a.json", '{"task": "lost"}')
    drop(home, "b.json", '{"task": "good"}')
    execute(home)
    [record] = records(home, "lost")
    assert (record["outcome"], record["reason"]) == ("failed", "not_started")
    assert "there is no working directory /nowhere/at/all" in record["message"]
    assert [record["outcome"] for record in records(home, "good")] == ["succeeded"]


def test_the_path_is_that_of_the_alarms(home: Home, tmp_path: Path) -> None:
    """Not that of the terminal, once something is installed."""
    frozen = {"CLODPUTER_HOME": home.root, "PATH": "/nowhere/bin", "HOME": "/root"}
    environ = environment(home)
    assert warnings.of_alarms(home, environ) == environ
    shims.write(
        installation.shim_path(home.root), shims.text(Shim("/usr/bin/python3", ("/x",), frozen, "UTC"))
    )
    assert warnings.of_alarms(home, environ)["PATH"] == "/nowhere/bin"


@pytest.mark.parametrize(("base", "words"), [("/does/not/exist", "runs use /tmp instead"), ("", "")])
def test_a_temporary_folder_that_is_replaced(home: Home, base: str, words: str) -> None:
    """`validate` warns and `status` says so; it is no mistake of anybody's file."""
    write_task(home, "work", "prompt: Hello.\n")
    environ = {**environment(home), "TMPDIR": base}
    checked = validate(environ, (), 1e9)
    assert [words in one for one in checked.data["warnings"]] == ([True] if words else [])
    assert (words in " ".join(checked.text.split()), checked.errors) == (True, ())
    told = status(environ, 1e9)
    assert words in (told.data["attention"]["temporary"] or "")
    assert words in " ".join(told.text.split())
