"""Which run may be given what another wrote down: none that may do more than its writer could."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.model.memory import grown, rights
from clodputer.runner.memory.noting import given, rights_of
from clodputer.store.taskstate.notes import Note
from tests.workshop import task_of

READER: dict[str, Any] = {
    "allowed_tools": ("Read, Bash(git log:*)",),
    "disallowed_tools": ("WebFetch",),
    "add_dirs": ("/data",),
    "settings_sources": ("user", "project"),
    "env": {"A": "x"},
    "working_directory": "/w",
}


def may(fed_by: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    return rights_of(task_of("a", prompt="x", **{**READER, **fields}), fed_by)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"allowed_tools": ("Read",)},
        {"allowed_tools": ()},
        {"disallowed_tools": ("WebFetch", "Bash")},
        {"permission_mode": "plan"},
        {"permission_mode": "manual"},
        {"add_dirs": ()},
        {"env": {}},
        {"settings_sources": ()},
        {"settings_sources": ("user",)},
    ],
)
def test_a_run_that_may_do_no_more_is_given_it(fields: Any) -> None:
    assert grown(may(), may(**fields)) == []


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"allowed_tools": ("Read", "Edit")}, "allowed_tools: Edit"),
        ({"allowed_tools": ("Bash",)}, "allowed_tools: Bash"),
        ({"allowed_tools": ("Bash(git:*)",)}, "allowed_tools: Bash(git:*)"),
        ({"permission_mode": "acceptEdits"}, "permission_mode: acceptEdits"),
        ({"permission_mode": "bypassPermissions"}, "permission_mode: bypassPermissions"),
        ({"disallowed_tools": ()}, "no longer in disallowed_tools: WebFetch"),
        ({"add_dirs": ("/data", "/etc")}, "add_dirs: /etc"),
        ({"working_directory": "/elsewhere"}, "add_dirs: /elsewhere"),
        ({"mcp_config": ("a.json",)}, "mcp_config: a.json"),
        ({"env": {"A": "x", "TOKEN": "y"}}, "env: TOKEN"),
        ({"settings_sources": None}, "settings_sources"),
        ({"settings_sources": ("user", "project", "local")}, "settings_sources"),
        ({"agent": "command", "command": ("cat",)}, "agent: command"),
    ],
)
def test_a_run_that_may_do_more_is_not(fields: Any, word: str) -> None:
    found = grown(may(), may(**fields))
    assert word in "; ".join(found)
    assert "y" not in found


def test_a_tool_as_a_whole_covers_its_rules() -> None:
    before = may(allowed_tools=("Bash",))
    assert grown(before, may(allowed_tools=("Bash(git log:*)", "Bash"))) == []


def test_who_was_fed_by_others_writes_for_none_that_is_not() -> None:
    """The other way round it is given: a run that is fed may do less."""
    assert grown(may(("precheck",)), may(("precheck",))) == []
    assert grown(may(), may(("precheck",))) == []
    assert "unlike its writer" in "; ".join(grown(may(("precheck",)), may()))


@pytest.mark.parametrize("before", [None, {}, [], "x", {"allowed_tools": "Edit", "permission_mode": 3}])
def test_rights_that_somebody_has_edited_count_for_none(before: Any) -> None:
    assert grown(before, may())


def test_a_memory_that_is_withheld_says_why_and_what_to_do() -> None:
    task = task_of("a", prompt="x", memory={"max_size": 10}, **READER)
    start = given(task, Note(3, "", "", "text", may(allowed_tools=())), ())
    assert start is not None
    assert (start.base, start.text, start.max_size) == (3, "", 10)
    for word in ("allowed_tools: Read", "clodputer state get a --memory", "clodputer state accept a"):
        assert word in start.remark
    same = given(task, Note(3, "", "", "text", may()), ())
    assert same is not None
    assert (same.text, same.remark) == ("text", "")
    empty = given(task, Note(), ())
    assert empty is not None
    assert empty.remark == ""
    assert given(task, None, ()) is None


def test_an_unknown_mode_counts_as_the_most() -> None:
    def with_mode(mode: str) -> dict[str, Any]:
        return rights("claude", mode, (), (), (), None, fed=False)

    assert grown(with_mode("bypassPermissions"), with_mode("brandNew"))
    assert not grown(with_mode("brandNew"), with_mode("bypassPermissions"))
