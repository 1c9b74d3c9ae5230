"""docs/schedulers-systemd.md: every statement names a test, and every test that it names is there."""

from __future__ import annotations

import re

import pytest

from tests.workshop import ROOT

TEXT = (ROOT / "docs" / "schedulers-systemd.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"<!-- test: (\S+)::(\w+) -->", TEXT)))


def test_every_statement_names_its_test() -> None:
    statements = re.findall(r"^- .*$", TEXT, re.MULTILINE)
    assert len(statements) > 10
    assert [one for one in statements if not re.search(r"<!-- test: \S+::\w+ -->$", one)] == []


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_tests_are_there(path: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
