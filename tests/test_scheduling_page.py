"""docs/scheduling.md: every statement names a test, and every test that it names is there."""

from __future__ import annotations

import re

import pytest

from tests.workshop import ROOT

TEXT = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
STATEMENTS = re.findall(r"^- .*$", TEXT, re.MULTILINE)
NAMED = sorted(set(re.findall(r"<!-- test: (\S+)::(\w+) -->", TEXT)))


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_names_its_test(statement: str) -> None:
    assert re.search(r"<!-- test: \S+::\w+ -->$", statement)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_tests_are_there(path: str, name: str) -> None:
    """And are found by pytest: a function at the top of a file whose name begins with test_."""
    assert (ROOT / path).name.startswith("test_")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)


def test_there_is_enough_of_both() -> None:
    assert len(STATEMENTS) > 40
    assert len(NAMED) > 40
