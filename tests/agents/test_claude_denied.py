"""The rules that a denial's message names: those that let the call through when 2.1.329 was given them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import claude
from clodputer.agents.claude.reading import denied
from clodputer.model.task import Claude
from tests.agents.streams import TASK


@pytest.mark.parametrize(
    ("name", "given", "rules"),
    [
        ("Bash", {"command": "python3 -c 1"}, ["Bash(python3:*)"]),
        (
            "Bash",
            {"command": "touch a && python3 -c 1 | cat"},
            ["Bash(touch:*)", "Bash(python3:*)", "Bash(cat:*)"],
        ),
        ("Bash", {"command": 'git commit -m "x; y"'}, ["Bash(git commit:*)"]),
        ("Bash", {"command": "git init && git -c a=b commit"}, ["Bash(git init:*)", "Bash(git:*)"]),
        ("Bash", {"command": "touch a; touch b"}, ["Bash(touch:*)"]),
        # no narrow rule lets these through
        ("Bash", {"command": "FOO=1 python3 -c 1"}, ["Bash"]),
        ("Bash", {"command": "cd /usr && touch a"}, ["Bash"]),
        ("Bash", {"command": "touch a > out.txt"}, ["Bash"]),
        ("Bash", {"command": "for i in 1 2; do touch $i; done"}, ["Bash"]),
        ("Bash", {"command": "touch a\ntouch b"}, ["Bash"]),
        ("Bash", {"command": "touch $(echo a)"}, ["Bash"]),
        ("Bash", {"command": "echo 'unfinished"}, ["Bash"]),
        ("Bash", {"command": 3}, ["Bash"]),
        ("Bash", {}, ["Bash"]),
        ("WebFetch", {"url": "https://example.org:8080/a?b"}, ["WebFetch(domain:example.org)"]),
        ("WebFetch", {"url": "ftp://x"}, ["WebFetch"]),
        ("Write", {"file_path": "/etc/a"}, ["Write"]),
        ("mcp__mail__send", {}, ["mcp__mail__send"]),
    ],
)
def test_a_call_has_its_rules(name: str, given: dict[str, Any], rules: list[str]) -> None:
    assert [rule.strip('"') for rule in denied.rules(name, given)] == rules


def denial(name: str, **given: Any) -> dict[str, Any]:
    return {"tool_name": name, "tool_use_id": "t", "tool_input": given}


def test_several_denials_in_one_message() -> None:
    denials = (denial("Write", file_path="/etc/a"), denial("Bash", command="make test"))
    assert denied.message(TASK, denials) == (
        "Denied: Write `/etc/a` (to allow it: allowed_tools: [Write]); "
        'Bash `make test` (to allow it: allowed_tools: ["Bash(make:*)"]).'
    )


def test_many_denials_are_counted() -> None:
    assert denied.message(TASK, [denial("Write")] * 8).endswith(" And 3 more.")


def test_a_rule_against_it_is_named_instead() -> None:
    task = TASK._replace(claude=Claude(disallowed_tools=("Bash(rm:*)",)))
    assert "disallowed_tools" in denied.message(task, [denial("Bash", command="rm -rf /")])


def test_the_rules_are_the_entries_that_launch_hands_over(tmp_path: Path) -> None:
    binary = tmp_path / "claude"
    binary.write_text("")
    binary.chmod(0o755)
    rules = denied.rules("Bash", {"command": "git commit -m x | cat"})
    from clodputer.model.run import Facts

    task = TASK._replace(claude=Claude(allowed_tools=tuple(json.loads(rule) for rule in rules)))
    argv = claude.launch(task, Facts("r", {"HOME": str(tmp_path)}, {}, "/tmp/cp-1", claude=str(binary))).argv
    assert "--allowedTools=Bash(git commit:*)" in argv
    assert "--allowedTools=Bash(cat:*)" in argv
