"""docs/watching.md: behind every statement stands a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

from clodputer import triggers
from tests.workshop import ROOT

TEXT = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(test_\w+)`", TEXT)


def test_every_named_test_exists() -> None:
    """By the names of the functions."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in Path(ROOT, "tests").rglob("test_*.py"))
    assert [name for name in NAMED if not re.search(rf"^def {name}\(", sources, re.MULTILINE)] == []


def test_every_statement_names_a_test() -> None:
    """Each item of the lists ends with one."""
    items = re.findall(r"^- .*?(?=^- |^\n|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert len(items) > 25
    assert [item for item in items if not re.search(r"`test_\w+`\)\s*\Z", item)] == []


def test_every_name_is_told() -> None:
    """What a request carries."""
    for name in triggers.load("file_watch").BRINGS:
        assert f"{{{{ {name}" in TEXT
    for field in triggers.brings()["file"]:
        assert f"{{{{ file.{field} }}}}" in TEXT
