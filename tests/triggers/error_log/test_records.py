"""Errors found in the lines of logs: those of well-known programs, and of whatever else there may be."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.triggers.error_log import PATTERNS, records
from tests.workshop import ROOT

# Logs as well-known programs write them, each with what the errors in it say.
CORPUS = {
    name: (one["log"], tuple(one["errors"]))
    for name, one in json.loads((ROOT / "tests/fixtures/error_logs.json").read_text()).items()
}
COMPILED = records.searching([re.compile(text) for text in PATTERNS])


def found(text: str) -> list[records.Found]:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return list(records.find(lines[:-1] if lines and not lines[-1] else lines, COMPILED))


@pytest.mark.parametrize("name", CORPUS)
def test_a_log_of_a_well_known_program(name: str) -> None:
    text, messages = CORPUS[name]
    assert [error.message for error in found(text)] == list(messages)


@pytest.mark.parametrize("name", CORPUS)
def test_every_line_belongs_to_one_error_at_most(name: str) -> None:
    errors = found(CORPUS[name][0] * 3)
    assert [error.line for error in errors] == sorted(error.line for error in errors)
    for before, after in zip(errors, errors[1:]):
        assert before.end <= after.line


def test_it_is_critical_by_level_or_words() -> None:
    grave = (
        "CRITICAL x",
        "FATAL Exception",
        "panic: x",
        '{"level":"fatal","msg":"x"}',
        '{"level":60,"msg":"x"}',
    )
    mild = ("ERROR x", "Exception x", '{"level":"error","msg":"FATAL is a word"}')
    assert [found(line)[0].critical for line in grave] == [True] * len(grave)
    assert [found(line)[0].critical for line in mild] == [False] * len(mild)


def test_what_is_endless_is_cut_and_stays_one() -> None:
    text = (
        "Traceback (most recent call last):\n"
        + '  File "a.py", line 1, in a\n' * 5000
        + "RecursionError: deep\nnext\n"
    )
    (error,) = found(text)
    assert (len(error.lines), error.end) == (records.MOST_LINES, 5002)
    (error,) = found("ERROR " + "x" * 10_000_000)
    assert len(error.message) <= records.LONGEST_LINE


@given(
    st.lists(st.sampled_from([line for text, _ in CORPUS.values() for line in text.split("\n")]), max_size=60)
)
def test_any_mixture_of_lines_is_read(lines: list[str]) -> None:
    last = 0
    for error in records.find(lines, COMPILED):
        assert last <= error.line < error.end <= len(lines)
        last = error.end
