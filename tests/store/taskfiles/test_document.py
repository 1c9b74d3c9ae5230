"""The YAML reader: plain values with their lines, and never anything but its own words for bad input."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clodputer.store.taskfiles import document as taskfile_yaml
from tests.examples import examples
from tests.tasks import told

BAD: dict[str, tuple[bytes, str]] = {
    "tab for indentation": (
        b"a:\n\tb: 1\n",
        ("2: not readable as YAML: YAML does not allow tabs for indentation; use spaces"),
    ),
    "tab below a value": (
        b"a: 1\n\tb: 2\n",
        ("2: not readable as YAML: YAML does not allow tabs for indentation; use spaces"),
    ),
    "UTF-16": ("a: 1".encode("utf-16"), "1: the file is UTF-16; save it as UTF-8"),
    "Latin-1": (b"a: 1\nb: caf\xe9\n", "2: the byte 0xe9 is not UTF-8; save the file as UTF-8"),
    "binary": (b"a: 1\n\x7fELF\0\0", "2: the file holds a NUL byte: it is not a text file"),
    "control character": (
        b"a: 1\nb: \x07\n",
        "2: the control character U+0007 is not allowed in YAML; remove it",
    ),
    "huge": (
        b"#" * (1024 * 1024 + 1),
        "1: the file has 1,048,577 bytes; a task file may have 1,048,576",
    ),
    "colon in a text": (
        b"a: b: c\n",
        (
            "1: not readable as YAML: a second ': ' in one line, or a line that is indented "
            "too far; put a text that holds ': ' in quotes"
        ),
    ),
    "indented too far": (
        b"a: 1\n  b: 2\n",
        (
            "2: not readable as YAML: a second ': ' in one line, or a line that is "
            "indented too far; put a text that holds ': ' in quotes"
        ),
    ),
    "no colon": (
        b"a: 1\nb\nc: 2\n",
        (
            "2: not readable as YAML: a line without a ':' after its key, or a text that is "
            "not indented below its key"
        ),
    ),
    "open quote": (
        b"a: 1\nb: 'x\nc: 1\n",
        "2: not readable as YAML: a quote that is opened here is never closed",
    ),
    "open bracket": (
        b"a: [1\nb: 2\n",
        (
            "2: not readable as YAML: a bracket that is opened here or above is not "
            "closed, or a comma is missing"
        ),
    ),
    "forbidden first letter": (
        b"a: @x\n",
        ("1: not readable as YAML: a plain text cannot begin with this character; put the text in quotes"),
    ),
    "star": (
        b"a: *.py\n",
        "1: not readable as YAML: a plain text cannot begin with * or &; put the text in quotes",
    ),
    "unknown alias": (
        b"a: *x\n",
        "1: *x refers to no anchor above it; put a text that begins with * in quotes",
    ),
    "alias within itself": (
        b"a: &x [*x]\n",
        ("1: *x refers to no anchor above it; put a text that begins with * in quotes"),
    ),
    "template without quotes": (
        b"a: {{ env.X }}\n",
        ("1: a key must be plain text (put a value that begins with {{ in quotes)"),
    ),
    "two documents": (
        b"a: 1\n---\nb: 1\n",
        "2: the file goes on after its end (---): it must hold one YAML document",
    ),
    "python object": (
        b"a: !!python/object/apply:os.system [x]\n",
        (
            "1: the tag tag:yaml.org,2002:python/object/apply:os.system is not supported; write the plain value"
        ),
    ),
    "own tag": (b"a: !secret x\n", "1: the tag !secret is not supported; write the plain value"),
    "binary tag": (
        b"a: !!binary aGk=\n",
        "1: the tag tag:yaml.org,2002:binary is not supported; write the plain value",
    ),
    "merge key": (
        b"a: &a {x: 1}\nb:\n  <<: *a\n",
        "3: merge keys (<<) are not supported; write the keys out",
    ),
    "NUL in a text": (
        b'a: "x\\0"\n',
        "1: a text holds a NUL character, which no argument and no file name can",
    ),
    "half a character": (
        b'a: "\\ud800"\n',
        ("1: a text holds half a character (\\ud800 to \\udfff), which UTF-8 cannot write"),
    ),
    "no character": (b'a: "\\UFFFFFFFF"\n', "1: not readable as YAML: "),
    "deep": (b"a: " + b"[" * 100 + b"]" * 100, "1: nested more than 32 levels deep"),
    "very deep": (b"[" * 500_000, "1: nested more than 32 levels deep"),
    "deep by aliases": (
        b"a0: &a0 [1]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (i, i, i - 1) for i in range(1, 60)),
        "31: nested more than 32 levels deep",
    ),
    "bomb": (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 10)),
        "5: the file holds too many values once its aliases (*name) are filled in",
    ),
    "bomb of one long text": (
        b"a: &a " + b"x" * 300_000 + b"\nb: [" + b"*a," * 50 + b"]\n",
        "2: the file holds too many values once its aliases (*name) are filled in",
    ),
    "crowd": (
        b"".join(b"k%d: 1\n" % i for i in range(80_000)),
        "29693: the file holds too many values once its aliases (*name) are filled in",
    ),
    "key again": (b"a:\n  b: 1\n  b: 2\n", "3: the key 'b' is given a second time, after line 2"),
    "unknown version": (b"%YAML 9.9\n---\na: 1\n", "1: not readable as YAML: "),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_yaml(case: str) -> None:
    """What is wrong is told with its line, in words that say how to fix it, and quickly."""
    content, expected = BAD[case]
    began = time.process_time()
    wrong = taskfile_yaml.read(content).wrong
    assert len(wrong) == 1
    assert f"{wrong[0].line}: {wrong[0].message}".startswith(expected)
    assert expected.endswith(": ") or f"{wrong[0].line}: {wrong[0].message}" == expected
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing\n", None),
        (
            "a: yes\nb: off\nc: 12:30\nd: 2026-01-01\ne: 1_000\nf: 0o17\ng: 0x1f\n",
            {"a": "yes", "b": "off", "c": "12:30", "d": "2026-01-01", "e": "1_000", "f": "0o17", "g": "0x1f"},
        ),
        ("a: true\nb: False\nc: ~\nd: null\ne:\n", {"a": True, "b": False, "c": None, "d": None, "e": None}),
        (
            "a: 10\nb: -5\nc: 010\nd: 1.5\ne: 1e3\nf: .5\n",
            {"a": 10, "b": -5, "c": 10, "d": 1.5, "e": 1000.0, "f": 0.5},
        ),
        ("a: '10'\nb: \"true\"\nc: !!str 5\n", {"a": "10", "b": "true", "c": "5"}),
        ("1: a\ntrue: b\n~: c\n", {"1": "a", "true": "b", "~": "c"}),
        ("a: &x [1, {b: 2}]\nc: *x\n", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("\ufeffa: |\r\n  one\r\n  two\r\n", {"a": "one\ntwo\n"}),
        ("a: >\n  one\n  two\n\n  three\n", {"a": "one two\nthree\n"}),
        ("'<<': 1\n", {"<<": 1}),
    ],
)
def test_plain_values(text: str, value: Any) -> None:
    """Values are what a person means by them, and keys are always text."""
    document = taskfile_yaml.read(text.encode())
    assert (document.value, document.wrong) == (value, ())


def test_every_key_has_its_line() -> None:
    """The line of each key and item is known, and the line in which a `|` text begins."""
    document = taskfile_yaml.parse("# head\na:\n  b:\n    - 1\n    - c: 2\np: |  # text\n\n  one\n")
    assert document.lines == {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "b", 0): 4,
        ("a", "b", 1): 5,
        ("a", "b", 1, "c"): 5,
        ("p",): 6,
    }
    assert document.texts == {("p",): 7}
    assert document.line(("a", "b", 7, "x")) == 3


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**16), 10**16) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(PLAIN)
def test_json_is_yaml(value: Any) -> None:
    """Whatever JSON says is read as the same value."""
    text = json.dumps(value).replace("\x7f", "\\u007f")
    document = taskfile_yaml.parse(text)
    if not document.wrong:
        assert document.value == value
    else:
        assert any(letter in text for letter in ("\\u0000", "\\ud", "{", "["))


@settings(max_examples=examples(400), deadline=None)
@given(st.binary(max_size=300))
@example(b'"\\U00110000"')
@example(b"&a : *a")
@example(b"%TAG ! x\n---\n!")
@example(b"? ? ?")
@example(b"!<")
@example(b"\xed\xa0\x80")
def test_arbitrary_bytes(content: bytes) -> None:
    """No bytes raise anything, and what is wrong is one line for people."""
    document = taskfile_yaml.read(content)
    assert all(wrong.line >= 1 and wrong.message and "\n" not in wrong.message for wrong in document.wrong)
    json.dumps(document.value).encode()


@settings(max_examples=examples(400), deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t\\x0\ufeff", max_size=60))
def test_arbitrary_yaml(text: str) -> None:
    """Text made of YAML's own marks raises nothing either."""
    document = taskfile_yaml.read(text.encode())
    assert all(1 <= wrong.line <= text.count("\n") + 2 for wrong in document.wrong)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (
            "prompt: Fix issue #42 and close it\n",
            "1: YAML ends the text before #42: ",
        ),
        (
            "prompt: Fix #42\n",
            "1: YAML ends the text before #42: ",
        ),
        (
            "prompt:\n  one line\n  and issue #7\n",
            "3: YAML ends the text before #7: ",
        ),
        ("prompt: Fix issue # a comment\n", ""),
        ("prompt: 'Fix issue #42'\n", ""),
        ("prompt: 'Fix issue' #42\n", ""),
        ("prompt: a\ntimeout: 5m #limit\n", ""),
        ("prompt: C#4 and F#m\n", ""),
    ],
)
def test_a_text_that_a_comment_cuts(text: str, cut: str, tmp_path: Path) -> None:
    """What follows would be lost without a word."""
    remedy = "a comment begins there; put the text in quotes"
    assert told.about(text, tmp_path) == ([f"tasks/x.yaml:{cut}{remedy}"] if cut else [])
