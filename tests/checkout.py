"""Copies of this checkout, for tests that install it or run its launcher."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import clodputer
from tests.house import CHECKOUT

# What a person does not have right after cloning.
NOT_CLONED = shutil.ignore_patterns(".venv*", ".tools", ".git", "__pycache__", ".*_cache", ".hypothesis")


# What `clodputer --version` and `--help` need; the rest of the libraries takes pip twice as long.
FEW = '["click>=8.1.7"]'

FIND_TEMPLATES = "from clodputer.store.program import templates; print(templates.folder())"


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


def run(*command: str, cwd: str = "/", **environment: str) -> str:
    """Run a command that must succeed, and return its stdout."""
    ended = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.strip()


def assert_it_works(programs: Path, templates_in: Path) -> None:
    """The console script, `python -m` and the templates are there, seen from another folder."""
    version = run(str(programs / "clodputer"), "--version")
    assert clodputer.__version__ in version
    assert "exec" in run(str(programs / "python"), "-m", "clodputer", "--help")
    assert "demo" in run(str(programs / "clodputer"), "demo", "--help")
    found = Path(run(str(programs / "python"), "-c", FIND_TEMPLATES))
    assert found.resolve() == templates_in.resolve()
    assert sorted(tree(found)) == sorted(tree(Path(CHECKOUT, "templates")))


def tree(folder: Path) -> list[str]:
    """Return the files under `folder`, without what Python leaves there."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return [str(path.relative_to(folder)) for path in files]
