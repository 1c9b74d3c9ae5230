"""Files in a tree that the person's own programs obey: a run may change them, and then `diff`, `take` and `show` say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.isolate.worktree import review
from clodputer.model.isolate import obeyed
from clodputer.store.home import Home
from tests.isolate.test_take import taken, worked
from tests.repositories import git, repository
from tests.workshop import clodputer, command_task, drop, execute

SAID = "read them first: "


def edit(*names: str) -> str:
    """The shell commands that change these files."""
    return "; ".join(f"mkdir -p $(dirname {name}); echo changed >>{name}" for name in names)


@pytest.mark.parametrize(
    ("value", "name", "said"),
    [
        ("", ".husky/pre-commit", True),
        ("", "packages/web/.vscode/tasks.json", True),
        ("", "sub/hooks/pre-commit", False),
        ("sub/hooks", "sub/hooks/pre-commit", True),
        ("sub/hooks/_", "sub/hooks/pre-commit", True),
        ("{top}/sub/hooks", "sub/hooks/pre-commit", True),
        ("/elsewhere/hooks", "sub/hooks/pre-commit", False),
        ("../sub/hooks", "sub/hooks/pre-commit", False),
        (".", "sub/hooks/pre-commit", False),
    ],
)
@pytest.mark.parametrize("folder", ["", "sub"])
def test_hooks_that_are_kept_in_the_tree(
    tmp_path: Path, value: str, name: str, said: bool, folder: str
) -> None:
    """By their usual names, and by the folder that the repository's settings name, committed or not."""

    def work(tree: Path) -> None:
        for file in (name, "other"):
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_text("changed\n")
        git(tree, "add", name)
        git(tree, "commit", "--quiet", "-m", "work")
        if value:
            git(tree, "config", "core.hooksPath", value.format(top=tmp_path / "git" / "checkout"))

    _, tree = worked(tmp_path, work, folder)
    for notes in (review.diff(tree).notes, taken(tree).notes):
        assert [one.partition(SAID)[2] for one in notes] == ([f"{name}."] if said else [])


@pytest.mark.parametrize("isolation", ["none", "worktree"])
def test_show_says_it(home: Home, tmp_path: Path, isolation: str) -> None:
    """Of a run in the person's own checkout as well, where nothing is looked at before it counts."""
    checkout = repository(tmp_path)
    more = f"working_directory: {checkout}\nisolation: {isolation}\n"
    command_task(home, "tidy", "sh", "-c", edit(".husky/pre-commit", "file"), more=more)
    drop(home, "tidy")
    execute(home)
    shown, _ = clodputer(home, "show", "tidy")
    assert f"{SAID}.husky/pre-commit." in " ".join(shown.split())


def test_the_sentence() -> None:
    """It names some, and is none for what no program obeys."""
    many = [f".husky/{number}" for number in range(9)]
    assert obeyed.sentence(many).endswith(f"{SAID}{', '.join(many[:5])} and 4 files more.")
    assert obeyed.sentence(obeyed.obeyed(["a/husky/x", "husky", "README.md", "envrc"], ["", "/"])) == ""
    assert obeyed.obeyed([".ENVRC", "a/.Claude/settings.json", "hooks2/x", "hooks/x"], ["hooks/"]) == [
        ".ENVRC",
        "a/.Claude/settings.json",
        "hooks/x",
    ]
