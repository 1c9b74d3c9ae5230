"""The entries of allowed_tools that a record's denials name."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.agents.claude.reading.denied import Refusal, entries
from clodputer.model.rights.denied import LONGEST, MOST, wanted


@pytest.mark.parametrize(
    ("denials", "rules"),
    [
        ([{"rules": ["Write", "Bash(git commit:*)"]}, {"rules": ["Write"]}], ["Write", "Bash(git commit:*)"]),
        ([{"rules": []}, {"tool_name": "Bash"}], []),
        # what an older version, or somebody, has written
        (None, []),
        ("Write", []),
        ([None, 3, {"rules": "Write"}, {"rules": [3, "", "a\nb", "x" * (LONGEST + 1)]}], []),
        ([{"rules": [f"mcp__a__{number}" for number in range(99)]}], [f"mcp__a__{n}" for n in range(MOST)]),
    ],
)
def test_the_entries_that_were_wanted(denials: Any, rules: list[str]) -> None:
    assert wanted(denials) == rules


@pytest.mark.parametrize(
    ("kind", "rules"),
    [("", ["Write"]), ("mode", ["Write"]), ("hook", []), ("deny", []), ("classifier", []), ("rule", [])],
)
def test_no_entry_helps_where_something_else_forbids_it(kind: str, rules: list[str]) -> None:
    assert entries({"tool_name": "Write", "tool_input": {}}, Refusal(kind)) == rules
