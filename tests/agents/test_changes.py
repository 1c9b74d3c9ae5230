"""Changes: which calls may change something, which tasks are to, and what a whole stream amounts to."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.agents.claude import tools
from clodputer.agents.claude.reading.changes import LOOKING, is_wanted, may_change
from clodputer.model.proof.suspect import Done
from clodputer.model.task import Claude
from tests.agents.streams import TASK, answered, called, init, judged, names, replayed, result


@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        ("Read", "", False),
        ("Grep", "", False),
        ("WebFetch", "", False),
        ("TodoWrite", "", False),
        ("Edit", "", True),
        ("Write", "", True),
        ("Agent", "", True),
        ("mcp__github__create_issue", "", True),
        ("SomethingNew", "", True),
        ("Bash", "ls -l", False),
        ("Bash", "git status", False),
        ("Bash", "git log --oneline | head -5 && wc -l a.txt", False),
        ("Bash", "git push", True),
        ("Bash", "ls && git push", True),
        ("Bash", "ls; ls; ls; cat a; cat b; head c; git commit -m x", True),
        ("Bash", "wc a | cat | head | tail | grep x | cut -f1 | tee out", True),
        ("Bash", "echo x > file", True),
        ("Bash", "echo $(rm x)", True),
        ("Bash", "cat a\nrm a", True),
        ("Bash", "make test", True),
        ("Bash", "find . -delete", True),
        ("Bash", "sed -i s/a/b/ x", True),
        ("Bash", "X=1 ls", True),
        ("Bash", "echo '", True),
        ("Bash", "", True),
        ("Bash", f"echo {'x' * 500}", True),
    ],
)
def test_a_call(name: str, command: str, expected: bool) -> None:
    """What only looks is told apart; whatever cannot be told may change something."""
    assert may_change(name, {"command": command} if command else {}) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, False),
        ({"allowed_tools": ("Read", "Grep", "WebSearch")}, False),
        ({"allowed_tools": ("Read", "Edit")}, True),
        ({"allowed_tools": ("Read,Write",)}, True),
        ({"allowed_tools": ("Write(notes/**)",)}, True),
        ({"allowed_tools": ("Bash",)}, True),
        (
            {"allowed_tools": ("Bash(git log:*)", "Bash(git diff *)", "Bash(git status)", "Bash(tail:*)")},
            False,
        ),
        ({"allowed_tools": ("Bash(git log:*)", "Bash(git commit:*)")}, True),
        ({"allowed_tools": ("Bash(*)",)}, True),
        ({"allowed_tools": ("mcp__mail",)}, False),
        ({"allowed_tools": ("Edit",), "disallowed_tools": ("Edit",)}, False),
        ({"permission_mode": "acceptEdits"}, True),
        ({"permission_mode": "bypassPermissions"}, True),
        ({"permission_mode": "plan"}, False),
        ({"allowed_tools": ("Edit",), "json_schema": {"type": "object"}}, False),
        ({"allowed_tools": ("Edit",), "produces": "text"}, False),
        ({"allowed_tools": ("Read",), "produces": "changes"}, True),
        ({"json_schema": {"type": "object"}, "produces": "changes"}, True),
    ],
)
def test_what_a_task_is_for(keys: dict[str, Any], expected: bool) -> None:
    assert is_wanted(TASK._replace(claude=Claude(**keys))) == expected


def refused(call: str) -> dict[str, Any]:
    event = answered(call)
    event["message"]["content"][0]["is_error"] = True
    return event


def test_a_stream_counts_what_was_done() -> None:
    """Each call once, when its result has come and says of no error; a subagent's calls are the run's."""
    below = {**called("t5", "Write", file_path="b"), "parent_tool_use_id": "t4"}
    report = judged(
        init(),
        *(called("t1", "Read", file_path="a"), answered("t1")),
        *(called("t2", "Bash", command="make"), answered("t2"), answered("t2")),
        *(called("t3", "Edit", file_path="a"), refused("t3")),
        *(below, answered("t5")),
        called("t6", "Write", file_path="c"),
        result(),
    )
    assert report.done == Done(changes=2, edits=1, files=("b",))


def test_recorded_runs() -> None:
    """Real streams: those without a tool changed nothing, and one that was denied did not either."""
    done = {name: replayed(name).done for name in names()}
    assert done["reply"] == Done()
    assert done["denied"] == Done()
    assert {name for name, one in done.items() if one and one.changes} >= {"background_task", "mcp_tool"}


def test_the_tools_that_look_are_known() -> None:
    assert LOOKING <= tools.KNOWN
