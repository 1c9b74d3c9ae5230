"""Nothing to do: which ends of an agent say so, for both kinds of agent, and which only look like it."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.agents import command, nothing
from clodputer.model.run import Ended, Facts, Launch
from clodputer.model.task import Task
from tests.agents.streams import TASK, ended, init, judged, result, said

SAYS = '{"nothing_to_do": "No new issues."}'


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (SAYS, "No new issues."),
        (f"I looked everywhere.\n\n{SAYS}\n", "No new issues."),
        (f"I looked.\n```json\n{SAYS}\n```", "No new issues."),
        (f"I looked.\n`{SAYS}`", "No new issues."),
        ('{"nothing_to_do": true}', ""),
        ({"nothing_to_do": "No new issues.", "num_turns": 2}, "No new issues."),
        ({"nothing_to_do": True, "summary": ""}, ""),
        ({"nothing_to_do": "a\n b"}, "a b"),
        ({"nothing_to_do": False}, None),
        ({"nothing_to_do": ""}, None),
        ({"nothing_to_do": None}, None),
        ({"nothing_to_do": 1}, None),
        ({"nothing_to_do": {"a": 1}}, None),
        ({"other": True}, None),
        ("There was nothing to do.", None),
        ("nothing_to_do", None),
        (f"{SAYS}\nBut then I did something.", None),
        ('{"nothing_to_do": "x", "done": 3}', None),
        ('{"nothing_to_do": "x"', None),
        ("", None),
        (None, None),
        ([SAYS], None),
        (7, None),
    ],
)
def test_what_says_so(end: Any, why: Optional[str]) -> None:
    assert nothing.said(end) == why


def test_a_reason_is_bounded() -> None:
    assert len(nothing.said({"nothing_to_do": "x" * 10**6}) or "") == nothing.LONGEST
    assert nothing.said(json.dumps({"nothing_to_do": "x" * 10**5})) is None


@given(
    st.text()
    | st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
)
def test_it_never_raises(end: Any) -> None:
    why = nothing.said(end)
    assert why is None or "nothing_to_do" in json.dumps(end)


def test_claude_says_so() -> None:
    """Its cost is counted, its result kept; a run that failed or was denied a tool stays what it is."""
    report = judged(init(), said("looking"), result(result=f"All is well.\n{SAYS}", total_cost_usd=0.02))
    assert (report.outcome.outcome, report.outcome.reason) == ("skipped", "nothing_to_do")
    assert report.outcome.message == "It says: No new issues."
    assert (report.cost_usd, report.result) == (0.02, f"All is well.\n{SAYS}")
    failed = judged(init(), result(result=SAYS, is_error=True, subtype="error_during_execution"))
    assert failed.outcome.outcome == "failed"
    denial = {"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {"command": "ls"}}
    assert judged(init(), result(result=SAYS, permission_denials=[denial])).outcome.reason == "denied"
    assert judged(init(), result(result=SAYS), end=ended(3)).outcome.reason == "exit_status"


def test_claude_says_so_in_its_structure() -> None:
    task = TASK._replace(claude=TASK.claude._replace(json_schema={"type": "object"}))
    report = judged(init(), result(result="x", structured_output={"nothing_to_do": True}), task=task)
    assert report.outcome.reason == "nothing_to_do"


@pytest.mark.parametrize(
    ("stdout", "status", "reason"),
    [
        (b'looking\n{"nothing_to_do": "all done"}\n', 0, "nothing_to_do"),
        (b'{"nothing_to_do": true, "cost_usd": 0.5}', 0, "nothing_to_do"),
        (b'{"nothing_to_do": "x"}\n', 3, "exit_status"),
        (b'"{\\"nothing_to_do\\": true}"\n', 0, "completed"),
        (b'{"nothing_to_do": true}\nand then more\n', 0, "completed"),
    ],
)
def test_a_program_says_so(stdout: bytes, status: int, reason: str) -> None:
    task = Task("story", "story.yaml", agent="command", command=("prog",))
    progress = command.begin(task)
    for line in stdout.split(b"\n"):
        progress = command.observe(progress, line)
    launch = Launch(("/bin/prog",), {}, "/")
    report = command.interpret(task, Facts("r", {}, {}, ""), launch, progress, Ended(status, None, "", ""))
    assert report.outcome.reason == reason
