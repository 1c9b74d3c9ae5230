"""Patterns of protected files: what they mean, the rules that they become, and what is said of files that were touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.config.withunit import Expected
from clodputer.model.errors import ClodputerError
from clodputer.model.proof.guards import KEYS, Meant, Seen, Touched, meant, rules, to_json, touched, words

CHECK = KEYS[0].check


@pytest.mark.parametrize(
    ("text", "root", "pattern"),
    [
        (".env", "/w", ".env"),
        ("./.env", "/w", ".env"),
        ("config/", "/w", "config"),
        ("config/prod/*.yaml", "/w/config/prod", "*.yaml"),
        ("**/*.key", "/w", "**/*.key"),
        ("a/{b,c}/d", "/w/a", "{b,c}/d"),
        ("/etc/hosts", "/etc", "hosts"),
        ("/*.txt", "/", "*.txt"),
    ],
)
def test_what_a_pattern_means(text: str, root: str, pattern: str) -> None:
    """Names in front that are no pattern belong to the folder."""
    assert CHECK is not None
    assert CHECK(text) == text
    assert meant(text, "/w") == Meant(root, pattern)


@pytest.mark.parametrize(
    "text", ["", "/", "~/", "../x", "a/../b", "!x", "a//b", "a**b", "{a", "*.md, *.txt", "a\\b"]
)
def test_what_is_no_pattern(text: str) -> None:
    """Neither in a file nor from a template."""
    assert CHECK is not None
    with pytest.raises(Expected):
        CHECK(text)
    with pytest.raises(ClodputerError, match="is not a pattern"):
        meant(text, "/w")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Meant("/w", ".env"), ["Edit(//w/.env)", "Edit(//w/.env/**)"]),
        (Meant("/w/a b", "**"), ["Edit(//w/a b/**)"]),
        (
            Meant("/w[1]!", "*.{x,y}"),
            ["Edit(//w\\[1\\]\\!/*.x)", "Edit(//w\\[1\\]\\!/*.x/**)", "Edit(//w\\[1\\]\\!/*.y)"],
        ),
        (Meant("/", "x"), ["Edit(//x)"]),
    ],
)
def test_the_rules(place: Meant, expected: list[str]) -> None:
    assert rules([place, place])[: len(expected)] == expected


A, B = Seen("file", 0o644, "aa", "", 1), Seen("file", 0o644, "bb", "", 1)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"x": A}, {"x": A}, []),
        ({"x": A}, {"x": B}, [("x", "changed")]),
        ({"x": A}, {"x": A._replace(mode=0o755)}, [("x", "changed")]),
        ({"x": A}, {"x": Seen("link", 0, "aa", "/y", 1)}, [("x", "replaced")]),
        ({"x": A}, {}, [("x", "deleted")]),
        ({"b": A}, {"b": A, "a": B}, [("a", "new")]),
        ({"x": A}, {"x": Seen("unreadable")}, [("x", "unreadable")]),
    ],
)
def test_what_was_touched(before: Any, after: Any, expected: list[tuple[str, str]]) -> None:
    assert [one[:2] for one in touched(before, after)] == expected


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([Touched("/a", "changed")], "It changed files that the task protects: /a (changed)."),
        ([Touched("/a", "new", True)], "/a (new). All of them were restored."),
        (
            [Touched("/a", "new", True), Touched("/b", "changed", False, "no copy")],
            "Not restored: /b: no copy.",
        ),
        ([Touched(f"/{n}", "new") for n in range(7)], "/4 (new) and 2 more."),
        ([Touched(f"/{n}", "new", False, "no") for n in range(7)], "/4: no; and 2 more."),
    ],
)
def test_what_is_said(found: list[Touched], said: str) -> None:
    assert words(found).endswith(said)


@given(st.lists(st.builds(Touched, st.text(), st.just("new"), st.none() | st.booleans()), max_size=200))
def test_the_record_is_bounded(found: list[Touched]) -> None:
    told = to_json(5, found)
    assert len(told["touched"]) == min(len(found), 100)
    assert told["touched_total"] == len(found)
