"""Copies of this checkout, for tests that install it or run its launcher."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.house import CHECKOUT

# What a person does not have right after cloning.
NOT_CLONED = shutil.ignore_patterns(".venv*", ".tools", ".git", "__pycache__", ".*_cache", ".hypothesis")


# What `clodputer --version` and `--help` need; the rest of the libraries takes pip twice as long.
FEW = '["click>=8.1.7"]'


def copy_of_checkout(folder: Path) -> Path:
    """Copy the checkout into `folder`, under a name with a space, as people have them; return its path.

    The copy asks for few libraries. That all of them are named is shown by the wheel (tests/test_packaging.py).
    """
    copy = folder / "a checkout"
    shutil.copytree(CHECKOUT, copy, ignore=NOT_CLONED)
    project = copy / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    few = re.sub(r"(?m)^dependencies = \[\n.*?^\]", f"dependencies = {FEW}", text, count=1, flags=re.DOTALL)
    assert few != text
    project.write_text(few, encoding="utf-8")
    return copy
