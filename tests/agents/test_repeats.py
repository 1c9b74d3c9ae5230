"""Runs that go round in circles: the same call again and again ends them, work on different things never does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents.claude import begin, interpret, observe
from clodputer.agents.claude.reading.repeats import MOST, Repeats, with_call
from clodputer.model.run import Ended, Facts, Launch, Progress
from tests.workshop import task_of


def call(tool: str, given: dict[str, Any], number: int = 0) -> bytes:
    """An event of claude's stream: one tool call."""
    block = {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": given}
    return (
        json.dumps({"type": "assistant", "message": {"id": f"m{number}", "content": [block]}}).encode()
        + b"\n"
    )


def after(calls: list[tuple[str, dict[str, Any]]], limit: int = 3) -> Progress:
    """The progress of a run with these calls."""
    progress = begin(task_of("work", prompt="a", repeat_limit=limit))
    for number, (tool, put_in) in enumerate(calls):
        progress = observe(progress, call(tool, put_in, number))
    return progress


LOOK: tuple[str, dict[str, Any]] = ("Bash", {"command": "git status"})
EDIT: tuple[str, dict[str, Any]] = ("Edit", {"file_path": "/a", "old_string": "x", "new_string": "y"})


@pytest.mark.parametrize(
    ("calls", "limit", "hopeless"),
    [
        ([LOOK] * 3, 3, ""),
        ([LOOK] * 4, 3, "no_progress"),
        ([LOOK] * 400, 0, ""),
        ([LOOK, EDIT] * 3, 3, ""),
        ([LOOK, EDIT] * 4, 3, "no_progress"),
        ([LOOK, ("Bash", {"command": "ls"})] * 4, 3, "no_progress"),
        ([LOOK] * 3 + [EDIT] + [LOOK] * 3, 3, ""),
        ([("Read", {"file_path": f"/{number}"}) for number in range(400)], 3, ""),
        ([("Bash", {"command": "x" * 9000 + str(number)}) for number in range(400)], 3, ""),
    ],
)
def test_when_a_run_is_stopped(calls: list[tuple[str, dict[str, Any]]], limit: int, hopeless: str) -> None:
    """Only the same tool with the same input counts, and a file that is changed begins the count anew."""
    assert after(calls, limit).hopeless == hopeless


def test_what_is_said_of_it() -> None:
    """The tool, how often, and the key that allows more."""
    task = task_of("work", prompt="a", repeat_limit=3)
    facts, launch = Facts("r", {}, {}, "/tmp"), Launch(("claude",), {}, "/")
    report = interpret(task, facts, launch, after([LOOK] * 4), Ended(None, 15, "no_progress", ""))
    assert report.outcome[:2] == ("failed", "no_progress")
    assert report.outcome.message.startswith("It called Bash with the same input 4 times (repeat_limit: 3).")


@given(st.lists(st.tuples(st.sampled_from(["Bash", "Edit", "Read"]), st.integers(0, 2000)), max_size=60))
def test_its_memory_is_bounded(calls: list[tuple[str, int]]) -> None:
    repeats = Repeats(5)
    for tool, number in calls:
        repeats = with_call(repeats, tool, {"n": number})
    assert len(repeats.counts) <= MOST
    assert repeats.most <= len(calls)


def test_many_different_calls_are_forgotten() -> None:
    repeats = Repeats(5)
    for number in range(3 * MOST):
        repeats = with_call(repeats, "Read", {"n": number})
    assert len(repeats.counts) == MOST


def test_the_files_that_it_wrote_are_known() -> None:
    """So that the next attempt can be told; each once, and not without end."""
    calls = [EDIT, EDIT, LOOK, *(("Write", {"file_path": f"/{number}"}) for number in range(99))]
    files = after(calls).notes.repeats.files
    assert files[:3] == ("/a", "/0", "/1")
    assert len(files) == 20
