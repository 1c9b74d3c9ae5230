"""JSON from outside is read as `json.loads` reads it, but within bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.text import jsontext

ROOT = Path(__file__).parents[3]
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
# Small ones: what goes wrong with a large value goes wrong with one of its parts.
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(VALUES)
def test_it_writes_as_json_does(value: object) -> None:
    """Text keeps its characters."""
    assert jsontext.dumps_unicode(value) == json.dumps(value, ensure_ascii=False)


@given(VALUES, st.sampled_from(["", " ", "\n\t "]))
def test_it_reads_as_json_does(value: object, blanks: str) -> None:
    """Blanks around it are no part of it."""
    text = blanks + json.dumps(value) + blanks
    assert jsontext.loads(text) == json.loads(text)


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \\u\n') | st.text())
def test_it_refuses_what_json_refuses(text: str) -> None:
    """And nothing else."""
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            jsontext.loads(text)
    else:
        assert repr(jsontext.loads(text)) == repr(expected)  # NaN is no equal of itself


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_an_object_in_lines(fields: dict[str, object]) -> None:
    """A line for each field, however much there is in it."""
    text = jsontext.in_lines(fields)
    assert json.loads(text) == json.loads(json.dumps(fields))
    assert text.count("\n") == (len(fields) + 2 if fields else 1)


def test_numbers_of_ones_own() -> None:
    """Fractions and the words that are no JSON go by the caller's functions."""
    read = jsontext.reader(lambda digits: float(digits) * 2, lambda word: f"<{word}>")
    assert read("[1, 1.5, NaN, -Infinity]") == [1, 3.0, "<NaN>", "<-Infinity>"]


@pytest.mark.parametrize("levels", [201, 600, 980, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"":', "}]")])
@pytest.mark.parametrize("finished", [True, False])
def test_too_deep_a_text(opening: str, closing: str, levels: int, finished: bool) -> None:
    """A wrong value like any other, however deep it is and whether or not it comes to an end."""
    with pytest.raises(ValueError):
        jsontext.loads(opening * levels + "1" + closing * levels * finished)


def test_as_deep_as_it_may_be() -> None:
    """What is read can be written by the same process, wherever its caller stands."""
    text = "[" * jsontext.DEEPEST + "]" * jsontext.DEEPEST
    assert json.dumps(jsontext.loads(text)) == text
    wide = json.dumps([[]] * 1000)
    assert jsontext.loads(wide) == [[]] * 1000


@pytest.mark.parametrize(
    "text", ['{"task":"ok"', "[100%] Built target", "{x", '"x', "[", '{"a":', "tru", "-", "", "\\"]
)
def test_unfinished_json_in_a_fresh_process(text: str) -> None:
    """Refused in a process that has imported nothing else (an earlier reader of ours failed just there)."""
    program = (
        "import sys\n"
        "from clodputer.model.text.jsontext import loads\n"
        "try: loads(sys.argv[1])\n"
        "except ValueError: print('refused')\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "refused\n"
