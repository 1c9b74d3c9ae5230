"""A command of another account, as under sudo: it is refused, and leaves nothing in the home that stops its owner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, make_home

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a home to somebody else")

# An account that has no name here.
OWNER = 54321
COMMANDS = (
    ("run", "hello"),
    ("run", "hello", "--no-wait"),
    ("exec",),
    ("exec", "--task", "hello"),
    ("status",),
    ("list",),
    ("validate",),
    ("new", "other"),
    ("cancel", "x"),
    ("install",),
    ("uninstall",),
    ("init",),
)


def tree(home: Home) -> set[tuple[str, int]]:
    """What is in the home, and whose it is."""
    return {(str(path), path.lstat().st_uid) for path in Path(home.root).rglob("*")}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "hello", "true", more="trigger: {type: interval, every: 1m}\n")
    for path in (Path(made.root), *Path(made.root).rglob("*")):
        os.chown(path, OWNER, OWNER)
    return made


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_nobody_else_works_in_a_home(home: Home, words: tuple[str, ...]) -> None:
    before = tree(home)
    sudo = {"SUDO_UID": str(OWNER), "SUDO_USER": "ann"}
    _, stderr = clodputer(home, *words, status=1, extra=sudo)
    if words[0] not in ("install", "uninstall"):
        assert f"belongs to account number {OWNER}" in " ".join(stderr.split())
    assert "without sudo" in stderr
    assert tree(home) == before
    _, stderr = clodputer(home, *words, status=1)
    assert "CLODPUTER_HOME" in stderr


def test_no_home_is_made_below_a_folder_of_the_one_who_called_sudo(tmp_path: Path) -> None:
    os.chown(tmp_path, OWNER, OWNER)
    home = Home(str(tmp_path / "new"))
    _, stderr = clodputer(home, "init", status=1, extra={"SUDO_UID": str(OWNER), "SUDO_USER": "ann"})
    assert "without sudo" in stderr
    assert not os.path.exists(home.root)
