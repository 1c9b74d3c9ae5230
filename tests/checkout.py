"""Copies of this checkout, for tests that install it or run its launcher."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.house import CHECKOUT

# What a person does not have right after cloning.
NOT_CLONED = shutil.ignore_patterns(".venv*", ".tools", ".git", "__pycache__", ".*_cache", ".hypothesis")


def copy_of_checkout(folder: Path) -> Path:
    """Copy the checkout into `folder`, under a name with a space, as people have them; return its path."""
    copy = folder / "a checkout"
    shutil.copytree(CHECKOUT, copy, ignore=NOT_CLONED)
    return copy
