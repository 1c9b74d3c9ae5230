"""JSON by the C half of `json`: the same as by the whole of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import jsontext

ROOT = Path(__file__).parent.parent.parent
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner)
)


@given(VALUES)
def test_it_writes_as_json_does(value: object) -> None:
    """With and without the characters beyond ASCII."""
    assert jsontext.dumps(value) == json.dumps(value)
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


@given(st.dictionaries(st.text(), VALUES))
def test_an_object_in_lines(fields: dict[str, object]) -> None:
    """A line for each field, however much there is in it."""
    text = jsontext.in_lines(fields)
    assert json.loads(text) == json.loads(json.dumps(fields))
    assert text.count("\n") == (len(fields) + 2 if fields else 1)


def test_numbers_of_ones_own() -> None:
    """Fractions and the words that are no JSON go by the caller's functions."""
    read = jsontext.reader(lambda digits: float(digits) * 2, lambda word: f"<{word}>")
    assert read("[1, 1.5, NaN, -Infinity]") == [1, 3.0, "<NaN>", "<-Infinity>"]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_too_deep_a_text(text: str) -> None:
    """An error, and no crash."""
    with pytest.raises(RecursionError):
        jsontext.loads(text)


def test_what_json_has_no_word_for() -> None:
    """Named in the message."""
    with pytest.raises(TypeError, match="JSON has no set"):
        jsontext.dumps({"a": {1}})


def test_without_the_c_half() -> None:
    """On a Python that has none the package does it."""
    program = (
        "import sys\n"
        "sys.modules['_json'] = None\n"
        "from clodputer.model import jsontext\n"
        "value = {'a': [1.5, None, 'é', (True,)], '': {}}\n"
        "print(jsontext.dumps(value), jsontext.loads(jsontext.dumps_unicode(value))['a'])\n"
        "print(jsontext.reader(float, str)('NaN'), 'json' in sys.modules)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [
        '{"a": [1.5, null, "\\u00e9", [true]], "": {}} [1.5, None, \'é\', [True]]',
        "NaN True",
    ]
