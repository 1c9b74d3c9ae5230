"""Tools as calls of commands: every option is one of the command's, no argument can become one, and what is unfit is said."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from clodputer.cli.group import program
from clodputer.cli.mcp.tool import Unfit, argv
from clodputer.cli.mcp.tools import NAMED, TOOLS
from tests.workshop import ROOT

# Every tool with everything that it takes, and what its command is then called with.
CALLS: list[tuple[str, dict[str, Any], list[str], str]] = [
    ("status", {}, ["status", "--json", "--"], ""),
    ("status", {"since": "-1", "count": 0}, ["status", "--since=-1", "--count=0", "--json", "--"], ""),
    ("list", {}, ["list", "--json", "--"], ""),
    (
        "runs",
        {"task": "a", "failed": True, "since": "2h", "limit": 3},
        ["runs", "--failed", "--since=2h", "--limit=3", "--json", "--", "a"],
        "",
    ),
    ("runs", {"failed": False}, ["runs", "--json", "--"], ""),
    ("show", {"of": "--help"}, ["show", "--json", "--", "--help"], ""),
    ("show", {"of": "a", "conversation": True}, ["show", "--conversation", "--json", "--", "a"], ""),
    ("why", {"of": "a"}, ["why", "--json", "--", "a"], ""),
    ("explain", {"code": "denied"}, ["explain", "--json", "--", "denied"], ""),
    ("explain", {}, ["explain", "--json", "--"], ""),
    ("run", {"task": "a"}, ["run", "--no-wait", "--json", "--", "a"], ""),
    (
        "run",
        {"task": "a", "body": "-", "context": {"n": 1}, "priority": "high", "at": "03:00"},
        [
            "run",
            "--no-wait",
            "--priority=high",
            "--at=03:00",
            "--context=n:=1",
            "--body=-",
            "--json",
            "--",
            "a",
        ],
        "-",
    ),
    ("run", {"task": "a", "in": "2h"}, ["run", "--no-wait", "--in=2h", "--json", "--", "a"], ""),
    (
        "create",
        {"name": "a", "task": {"prompt": "x"}},
        ["new", "--from-json=-", "--json", "--", "a"],
        '{"prompt": "x"}',
    ),
    (
        "create",
        {"name": "a", "template": "manual", "confirm": True},
        ["new", "--template=manual", "--confirm", "--json", "--", "a"],
        "",
    ),
    (
        "edit",
        {"task": "a", "set": {"timeout": "5m"}, "unset": ["max_turns"], "confirm": True},
        ["set", "--confirm", "--from-json=-", "--json", "--", "a"],
        '{"timeout": "5m", "max_turns": null}',
    ),
    ("cancel", {"of": "a"}, ["cancel", "--json", "--", "a"], ""),
]


@pytest.mark.parametrize(("name", "arguments", "words", "given"), CALLS)
def test_a_call_is_a_command(name: str, arguments: dict[str, Any], words: list[str], given: str) -> None:
    assert argv(NAMED[name], arguments) == (words, given)
    options = words[1 : words.index("--")]
    command = program.get_command(click.Context(program), words[0])
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert {option.split("=")[0] for option in options} <= known


def test_every_argument_of_every_tool_is_tried() -> None:
    tried = {(name, argument) for name, arguments, *_ in CALLS for argument in arguments}
    assert tried == {(tool.name, argument.name) for tool in TOOLS for argument in tool.arguments}


def test_the_list_says_what_is_checked() -> None:
    """Every schema is one, takes what is called above, and nothing that has no place in it."""
    for tool in TOOLS:
        listed = tool.to_json()
        Draft202012Validator.check_schema(listed["inputSchema"])
        validator = Draft202012Validator(listed["inputSchema"])
        for name, arguments, *_ in CALLS:
            assert validator.is_valid(arguments) or name != tool.name
        assert not validator.is_valid({"no such": 1})
        assert listed["annotations"]["readOnlyHint"] is (tool.command not in ("run", "new", "set", "cancel"))


def test_the_page_has_every_tool_with_what_it_takes() -> None:
    page = (ROOT / "docs/mcp.md").read_text()
    for tool in TOOLS:
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{tool.name}` |")]
        assert f"`clodputer {tool.command}" in row
        assert [argument.name for argument in tool.arguments if f"`{argument.name}`" not in row] == []


def test_there_is_no_tool_for_what_a_person_decides() -> None:
    forbidden = {
        "approve",
        "deny",
        "resume",
        "retry",
        "unpark",
        "enable",
        "remove",
        "stop",
        "exec",
        "install",
    }
    assert not forbidden & {tool.command for tool in TOOLS}


@pytest.mark.parametrize(
    ("name", "arguments", "part"),
    [
        ("show", {}, "show needs of"),
        ("show", {"off": "x"}, "no argument 'off' (did you mean 'of'?)"),
        ("show", {"of": 3}, "of: expected a text, found 3"),
        ("show", {"of": None}, "of: expected a text, found null"),
        ("show", {"of": "a\0b"}, "cannot stand in a call"),
        ("show", {"of": "\ud800"}, "cannot stand in a call"),
        ("status", {"count": True}, "count: expected a whole number"),
        ("status", {"count": -1}, "count: expected a whole number"),
        ("status", {"count": 10**30}, "count: expected a whole number"),
        ("runs", {"failed": "yes"}, "failed: expected true or false"),
        ("run", {"task": "a", "context": []}, "context: expected an object"),
        ("run", {"task": "a", "body": "\udc80"}, "half a character"),
        ("create", {"name": "a"}, "create needs one of task"),
        ("create", {"name": "a", "task": {}, "template": "manual"}, "create needs one of task"),
        ("edit", {"task": "a"}, "edit needs set"),
        ("edit", {"task": "a", "unset": "timeout"}, "unset: expected a list of texts"),
        ("edit", {"task": "a", "unset": [1]}, "unset: expected a list of texts"),
    ],
)
def test_what_is_unfit_is_said(name: str, arguments: dict[str, Any], part: str) -> None:
    with pytest.raises(Unfit) as raised:
        argv(NAMED[name], arguments)
    assert part in str(raised.value)


TEXTS = st.text(max_size=30) | st.sampled_from(["--help", "-", "--", "--confirm", "\ud800", "a=b:=c"])
VALUES = TEXTS | st.booleans() | st.integers() | st.lists(TEXTS, max_size=2) | st.dictionaries(TEXTS, TEXTS)


@given(st.data())
def test_no_argument_becomes_an_option(data: st.DataObject) -> None:
    """Each word before `--` is an option of ours, and what stands behind its = is the argument's; or the call is refused."""
    tool = data.draw(st.sampled_from(TOOLS))
    arguments = {
        argument.name: data.draw(VALUES)
        for argument in tool.arguments
        if argument.required or data.draw(st.booleans())
    }
    try:
        words, given_text = argv(tool, arguments)
    except Unfit:
        return
    before, after = words[1 : words.index("--")], words[words.index("--") + 1 :]
    ours = {f"--{argument.name}" for argument in tool.arguments} | {"--json", "--no-wait", "--from-json"}
    assert {word.split("=")[0] for word in before} <= ours
    assert len(after) <= 1
    assert "--confirm" not in before or arguments["confirm"] is True
    given_text.encode()
    json.dumps(words)
