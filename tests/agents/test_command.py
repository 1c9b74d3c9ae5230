"""The agent that runs any program: how it is found and started, and what its last line says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents import command
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Ended, Facts, Launch, Report
from clodputer.model.runs.limits import Limits
from clodputer.model.task import Task

TASK = Task(
    name="backup", path="", agent="command", command=("prog", "-x", "a b"), working_directory="/projects"
)
FACTS = Facts("run-1", {"PATH": "/usr/bin:/bin", "HOME": "/home/u", "GITHUB_TOKEN": "x"}, {}, "/tmp/cp-1")
LAUNCH = Launch(argv=("/bin/prog",), env={}, working_directory="/projects")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "prog"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def report(stdout: bytes, end: Ended = Ended(0, None, "", "")) -> Report:  # noqa: B008 - a constant
    progress = command.begin(Task(name="story", path="story.yaml"))
    for line in stdout.split(b"\n"):
        progress = command.observe(progress, line)
    return command.interpret(TASK, FACTS, LAUNCH, progress, end)


class TestLaunch:
    def test_a_name_is_looked_up_in_the_path_of_the_child(self, program: Path) -> None:
        started = command.launch(TASK._replace(env={"PATH": f"relative:{program.parent}"}), FACTS)
        assert started.argv == (str(program), "-x", "a b")

    def test_a_path_is_taken_from_the_working_directory(self, program: Path) -> None:
        task = TASK._replace(command=("./prog",), working_directory=str(program.parent))
        assert command.launch(task, FACTS).argv == (str(program),)

    def test_a_missing_program_names_where_it_was_looked_for(self) -> None:
        with pytest.raises(ClodputerError, match=r"'prog' in /usr/bin:/bin") as caught:
            command.launch(TASK, FACTS)
        assert caught.value.code == "not_started"

    def test_a_file_that_is_not_executable_says_so(self, program: Path) -> None:
        program.chmod(0o644)
        with pytest.raises(ClodputerError) as caught:
            command.launch(TASK._replace(command=(str(program),)), FACTS)
        assert "chmod +x" in caught.value.hint

    def test_the_environment_is_a_short_list_and_what_the_task_asks_for(self, program: Path) -> None:
        env = command.launch(
            TASK._replace(command=(str(program),), env={"MINE": "1", "TMPDIR": "/x", "CLODPUTER_HOME": "/y"}),
            FACTS._replace(home="/my/home"),
        ).env
        assert env["CLODPUTER_HOME"] == "/my/home"
        assert env["MINE"] == "1"
        assert env["TMPDIR"] == "/tmp/cp-1"
        assert env["CLODPUTER_RUN_ID"] == "run-1"
        assert env["CLODPUTER_TASK"] == "backup"
        assert env["PATH"] == "/usr/bin:/bin"
        assert not [name for name in env if name.startswith(("GITHUB", "CLAUDE", "ANTHROPIC", "BASH_"))]

    def test_silence_is_allowed_unless_the_task_forbids_it(self, program: Path) -> None:
        task = TASK._replace(command=(str(program),))
        assert command.launch(task, FACTS).startup_timeout is None
        assert command.launch(task, FACTS).stall_timeout is None
        assert command.launch(task._replace(limits=Limits(stall_timeout=5.0)), FACTS).stall_timeout == 5


@pytest.mark.parametrize(
    ("stdout", "result"),
    [
        (b"", None),
        (b"\n \n", None),
        (b"one\ntwo\n\n", "two"),
        (b'noise\n{"a": [1]}\n', {"a": [1]}),
        (b"[1, 2]", [1, 2]),
        (b"42", 42),
        (b"42 files", "42 files"),
        (b"NaN", "NaN"),
        (b"1e999", "1e999"),
        (b'{"torn": ', '{"torn":'),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'"\\ud800"', "?"),
    ],
)
def test_the_last_line_is_the_result(stdout: bytes, result: Any) -> None:
    found = report(stdout)
    assert found.result == result
    assert found.outcome.reason == "completed"


def test_a_wrapped_agent_may_tell_its_figures() -> None:
    line = b'{"num_turns": 3, "cost_usd": 0.5, "usage": {"input_tokens": 7, "x": "y"}, "session_id": "s", "model": "m"}'
    found = report(line)
    assert (found.num_turns, found.cost_usd, found.session_id, found.model) == (3, 0.5, "s", "m")
    assert found.usage == {"input_tokens": 7}
    nonsense = report(b'{"num_turns": true, "cost_usd": "dear", "usage": [], "session_id": 1, "model": null}')
    assert (nonsense.num_turns, nonsense.cost_usd, nonsense.session_id, nonsense.model) == (
        None,
        None,
        "",
        "",
    )


def test_a_line_without_end_is_kept_in_part() -> None:
    found = report(b"[" + b"1," * command.LONGEST_LINE)
    assert isinstance(found.result, str)
    assert len(found.result) == command.LONGEST_LINE


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (Ended(0, None, "", ""), "completed"),
        (Ended(3, None, "", "no such file\n"), "exit_status"),
        (Ended(None, 11, "", ""), "killed"),
        (Ended(137, None, "", ""), "killed"),
        (Ended(None, 9, "timeout", ""), "timeout"),
        (Ended(0, None, "timeout", ""), "timeout"),
        (Ended(143, None, "interrupted", ""), "interrupted"),
        (Ended(None, 9, "output_too_large", ""), "output_too_large"),
        (Ended(None, None, "", ""), "exit_status"),
    ],
)
def test_an_end_gets_its_reason(end: Ended, reason: str) -> None:
    found = report(b'{"cost_usd": 1}', end)
    assert found.outcome.reason == reason
    assert found.cost_usd == 1, "what it has spent counts however it ends"


def test_stderr_stands_in_the_message() -> None:
    assert report(b"", Ended(3, None, "", "a\nb\n")).outcome.message == "It exited with status 3. stderr: a b"


@given(st.lists(st.binary(max_size=60)))
def test_nothing_on_a_line_raises(lines: list[bytes]) -> None:
    report(b"\n".join(lines))


def test_the_account_gives_what_the_scheduler_leaves_out(program: Path) -> None:
    env = command.launch(TASK._replace(command=(str(program),)), FACTS._replace(environ={})).env
    assert os.path.isabs(env["HOME"])
    assert "/usr/bin" in env["PATH"]
