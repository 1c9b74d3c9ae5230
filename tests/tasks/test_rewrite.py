"""A key changed in a task file's text: the rest stays as it is, to the byte, or nothing is done."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.store.taskfiles import document
from clodputer.store.taskfiles.write import written
from clodputer.tasks.rewrite import appended, changed, without

ORDER = ("name", "description", "enabled", "priority", "prompt", "timeout")

FILE = """\
# My task.
description: "what # it does"  # shown

# What to do:
prompt: |
  Do this.

  And that.

# Tools:
allowed_tools:   # reading only
  - Read
  - Grep   # for words

expect: {file_exists: a.txt}
trigger:
- type: cron
  schedule: "0 7 * * *"   # early
  max_late: 1h
- type: manual
timeout: 1h"""


def line(before: str, after: str) -> str:
    """The file with one part of it replaced, which is there once."""
    assert FILE.count(before) == 1
    return FILE.replace(before, after)


@pytest.mark.parametrize(
    ("path", "value", "after"),
    [
        (("timeout",), "2h", line("timeout: 1h", "timeout: 2h")),
        (("description",), "other", line('"what # it does"', "other")),
        (("description",), "a # b", line('"what # it does"', "'a # b'")),
        (("description",), "true", line('"what # it does"', '"true"')),
        (("description",), None, line('"what # it does"', "null")),
        (("allowed_tools",), ["Read"], line("- Read\n  - Grep   # for words", "- Read")),
        (("allowed_tools",), [], line("  - Read\n  - Grep   # for words", "  []")),
        (("allowed_tools", 1), "Glob", line("Grep ", "Glob ")),
        (("prompt",), "Once.", line("|\n  Do this.\n\n  And that.", "Once.")),
        (("prompt",), "One\ntwo\n", line("|\n  Do this.\n\n  And that.", "|\n  One\n  two")),
        (("timeout",), "One\ntwo", line("timeout: 1h", "timeout: |-\n  One\n  two")),
        (("expect", "file_exists"), "b", line("a.txt", "b")),
        (("expect", "result_matches"), "x", line("a.txt}", "a.txt, result_matches: x}")),
        (("trigger", 0, "schedule"), "0 8 * * *", line('"0 7 * * *"', "0 8 * * *")),
        (("trigger", 0, "jitter"), "5m", line("  max_late: 1h\n", "  max_late: 1h\n  jitter: 5m\n")),
        (("enabled",), False, line("# shown\n", "# shown\nenabled: false\n")),
        (("name",), "mine", FILE + "\nname: mine\n"),
        (("env", "A"), "1", FILE + '\nenv:\n  A: "1"\n'),
        (("max_turns",), 5, FILE + "\nmax_turns: 5\n"),
    ],
)
def test_a_change(path: Any, value: Any, after: str) -> None:
    assert changed(FILE, path, value, ORDER) == after


@pytest.mark.parametrize(
    ("path", "after"),
    [
        (("timeout",), line("\ntimeout: 1h", "\n")),
        (("description",), line('description: "what # it does"  # shown\n', "")),
        (("prompt",), line("prompt: |\n  Do this.\n\n  And that.\n", "")),
        (("allowed_tools",), line("allowed_tools:   # reading only\n  - Read\n  - Grep   # for words\n", "")),
        (("trigger", 0, "max_late"), line("  max_late: 1h\n", "")),
        (("trigger", 0, "type"), line("- type: cron\n  schedule", "- schedule")),
    ],
)
def test_a_key_taken_out(path: Any, after: str) -> None:
    assert without(FILE, path) == after


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("a: 1\n", ("a",), 2, "a: 2\n"),
        ("a:\n", ("a",), 2, "a: 2\n"),
        ("a:   # why\n", ("a",), 2, "a: 2   # why\n"),
        ("a:\nb: 1\n", ("a", "c"), 2, "a: {c: 2}\nb: 1\n"),
        ("a: 1\r\nb: 2\r\n", ("a",), 3, "a: 3\r\nb: 2\r\n"),
        ("{a: 1}\n", ("b",), 2, "{a: 1, b: 2}\n"),
        ("a:\n- x\n- y   # z\nb: 1\n", ("a",), None, "a: null\nb: 1\n"),
        ("a:  # why\n- x\nb: 1\n", ("a",), 2, "a:  # why\n 2\nb: 1\n"),
        ("a: {}\n", ("a", "b"), 2, "a: {b: 2}\n"),
        ("'a': 1 # x\n", ("a",), "y", "'a': y # x\n"),
        ("a: |+\n  x\n\nb: 1\n", ("c",), 2, "a: |+\n  x\n\nb: 1\nc: 2\n"),
        ("a: 1\n---\n", ("a",), 2, None),
        ("a: &x [1]\nb: *x\n", ("b",), [2], None),
        ("a: 1\n", ("a", "b"), 2, None),
        ("a: [1]\n", ("a", 3), 2, None),
        ("a: [1\n", ("a",), 2, None),
        ("- a\n", ("a",), 2, None),
        ("", ("a",), 2, None),
    ],
)
def test_odd_files(text: str, path: Any, value: Any, after: Optional[str]) -> None:
    assert changed(text, path, value) == after


@pytest.mark.parametrize(
    ("text", "path"),
    [("a: 1\n", ("b",)), ("a: 1\n", ("a", "b")), ("a: &x 1\nb: *x\n", ("a",)), ("a: [", ("a",))],
)
def test_what_cannot_be_taken_out(text: str, path: Any) -> None:
    assert without(text, path) is None


KEYS = st.sampled_from(["a", "b", "c", "d"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), TEXTS)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


@settings(deadline=None)
@given(keys=st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), key=KEYS, value=VALUES)
def test_whatever_is_changed(keys: dict[str, Any], key: str, value: Any) -> None:
    """In a file of ours the change is always possible, and the file then has it and all else."""
    text = written(keys)
    if document.parse(text).wrong or document.parse(text).value != keys:
        return  # a text that no task file can hold
    if document.parse(written({"k": value})).value != {"k": value}:
        return
    after = changed(text, (key,), value)
    assert after is not None
    assert document.parse(after).value == {**keys, key: value}
    if key in keys and len(keys) > 1:
        less = without(after, (key,))
        assert less is not None
        assert document.parse(less).value == {name: kept for name, kept in keys.items() if name != key}


TOP = "allowed_tools"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("prompt: x\n", "prompt: x\nallowed_tools:\n- Write\n"),
        ("allowed_tools: []  # none\nprompt: x\n", "allowed_tools: [Write]  # none\nprompt: x\n"),
        ("allowed_tools: [Read]\n", "allowed_tools: [Read, Write]\n"),
        ("allowed_tools: [Read,]  # b\nprompt: x", "allowed_tools: [Read, Write,]  # b\nprompt: x"),
        (
            "allowed_tools: [\n  Read,  # a\n  Grep   # b\n]\n",
            "allowed_tools: [\n  Read,  # a\n  Grep, Write   # b\n]\n",
        ),
        (
            "allowed_tools:  # some\n  - Read\n  - Grep   # words\n\n# more\nprompt: x\n",
            "allowed_tools:  # some\n  - Read\n  - Grep   # words\n  - Write\n\n# more\nprompt: x\n",
        ),
        ("prompt: x\nallowed_tools:\n- Read", "prompt: x\nallowed_tools:\n- Read\n- Write\n"),
        ("allowed_tools:\n- Read\n# end\n", "allowed_tools:\n- Read\n- Write\n# end\n"),
        # no list, or one that another place shares
        ("allowed_tools: Read\n", None),
        ("allowed_tools: {a: b}\n", None),
        ("a: &it [Read]\nallowed_tools: *it\n", None),
        ("- no\n", None),
    ],
)
def test_an_item_more(text: str, after: Optional[str]) -> None:
    assert appended(text, (TOP,), ["Write"], ORDER) == after


@settings(max_examples=60)
@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=4),
    st.lists(st.text(max_size=12), min_size=1, max_size=3),
)
def test_whatever_is_added(known: list[str], more: list[str]) -> None:
    """What a file of ours holds gets exactly these items more, or the file stays as it is."""
    text = written({"prompt": "x", TOP: known, "timeout": "1h"})
    after = appended(text, (TOP,), more)
    if after is not None:
        assert document.parse(after).value == {"prompt": "x", TOP: [*known, *more], "timeout": "1h"}
