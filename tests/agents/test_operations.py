"""max_file_operations: which calls count, when a run is stopped, and what is said of the work that is left."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.task import Claude
from tests.agents.streams import TASK, called, ended, init, judged, result, told

LIMITED = TASK._replace(claude=Claude(max_file_operations=2))
OK, FAILED, OPEN = "ok", "failed", "open"


def events(*calls: tuple[str, str]) -> list[dict[str, Any]]:
    """Calls of tools, each with what became of it."""
    found: list[dict[str, Any]] = [init()]
    for number, (tool, fate) in enumerate(calls):
        call = f"t{number}"
        found.append(called(call, tool, file_path=f"/{number}"))
        if fate != OPEN:
            block = {"type": "tool_result", "tool_use_id": call, "content": "", "is_error": fate == FAILED}
            found.append({"type": "user", "message": {"content": [block]}})
    return found


@pytest.mark.parametrize(
    ("calls", "hopeless"),
    [
        ([], ""),
        ([("Write", OK), ("Edit", OK)], ""),
        ([("Write", OK), ("Edit", OK), ("MultiEdit", OPEN)], "file_operations"),
        ([("Write", OK), ("NotebookEdit", OK), ("Edit", OK)], "file_operations"),
        ([("Write", OPEN), ("Write", OPEN), ("Write", OPEN)], "file_operations"),
        ([("Write", FAILED)] * 9, ""),
        ([("Write", OK), ("Write", OK), ("Bash", OK), ("Read", OK)], ""),
    ],
)
def test_when_a_run_is_stopped(calls: list[tuple[str, str]], hopeless: str) -> None:
    """Calls that failed do not count, those that go on do; commands are not seen."""
    assert told(*events(*calls), task=LIMITED).hopeless == hopeless
    assert told(*events(*calls)).hopeless == ""


CALLS = st.lists(
    st.tuples(st.sampled_from(["Write", "Edit", "Bash", "Read"]), st.sampled_from([OK, FAILED])), max_size=12
)


@settings(deadline=None)
@given(CALLS, st.none() | st.integers(0, 8))
def test_the_count(calls: list[tuple[str, str]], most: Optional[int]) -> None:
    """The run ends as failed exactly when more calls than allowed wrote a file, whether or not it could be stopped in time."""
    task = TASK._replace(claude=Claude(max_file_operations=most))
    made = sum(tool in ("Write", "Edit") and fate == OK for tool, fate in calls)
    report = judged(*events(*calls), result(), task=task)
    assert (report.outcome.reason == "file_operations") == (most is not None and made > most)


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (
            [("Write", OK)] * 3,
            "file operation 3 (max_file_operations: 2). Its work is left half done in /0, /1, /2.",
        ),
        ([("Write", OK)] * 8, "/0, /1, /2, /3, /4 and 3 more."),
        ([("Write", OPEN)] * 3, "It had changed no file before."),
    ],
)
def test_what_is_said(calls: list[tuple[str, str]], words: str) -> None:
    report = judged(*events(*calls), task=LIMITED, end=ended(143, stopped="file_operations"))
    assert report.outcome[:2] == ("failed", "file_operations")
    assert report.outcome.message.endswith(words)


def test_another_end_comes_first() -> None:
    """A person who cancels a run is told that it was cancelled."""
    report = judged(*events(*[("Write", OK)] * 3), task=LIMITED, end=ended(143, stopped="cancelled"))
    assert report.outcome.reason == "cancelled"
