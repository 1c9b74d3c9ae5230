"""What git tells of a run's changes: real work trees, and some whose own configuration would run programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.outcome import of
from clodputer.model.proof.changed import GIT, LONGEST_PATH, MOST_FILES, TOOLS, Changed, Counts
from clodputer.model.proof.suspect import Done
from clodputer.model.run import Report
from clodputer.runner.proof import changed
from clodputer.runner.proof.changed import put_together
from clodputer.store.git import gittree
from tests.workshop import program

ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}
REPORT = Report(of("completed"))


def git(tree: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=tree, env=ENVIRON, check=True, capture_output=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A work tree with one commit of two files, one of which has been edited since, and an untracked one."""
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in ("kept", "edited"):
        folder.joinpath(name).write_text("first\n")
    folder.joinpath(".gitignore").write_text("*.log\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    folder.joinpath("edited").write_text("mine, not committed\n")
    folder.joinpath("untracked").write_text("mine\n")
    return folder


def seen(folder: Path, work: Callable[[], object], report: Report = REPORT) -> Changed:
    """What is told of a run that does this work."""
    known = changed.before(str(folder), ENVIRON)
    work()
    return changed.after(known, report)


def commit(tree: Path) -> None:
    tree.joinpath("made").write_text("x")
    git(tree, "add", "made")
    git(tree, "commit", "-q", "-m", "second")


@pytest.mark.parametrize(
    ("work", "files"),
    [
        (lambda tree: None, ()),
        (lambda tree: tree.joinpath("kept").write_text("other\n"), ("kept",)),
        (lambda tree: tree.joinpath("kept").write_text("first\n"), ()),
        (lambda tree: tree.joinpath("kept").unlink(), ("kept",)),
        (lambda tree: tree.joinpath("edited").write_text("more\n"), ("edited",)),
        (lambda tree: git(tree, "checkout", "edited"), ("edited",)),
        (lambda tree: git(tree, "add", "untracked"), ()),
        (lambda tree: tree.joinpath("new.log").write_text("ignored"), ()),
        (lambda tree: tree.joinpath("a\nb ä").write_text("x"), ("a\nb ä",)),
        (commit, ("made",)),
        (lambda tree: git(tree, "mv", "kept", "moved"), ("kept", "moved")),
    ],
)
def test_what_was_changed(tree: Path, work: Callable[[Path], object], files: tuple[str, ...]) -> None:
    """Whoever changed it, and whether or not it was committed; what was changed before the run is no change of its own."""
    assert seen(tree, lambda: work(tree)) == Changed(files, len(files), ("git",))


def test_a_folder_of_a_work_tree(tree: Path) -> None:
    """Files outside of it are told with the whole path; those that tools and git both saw once."""
    inside = tree / "inside"
    inside.mkdir()
    done = Report(of("completed"), done=Done(1, 1, True, (str(inside / "a"), "/elsewhere/b")))

    def work() -> None:
        inside.joinpath("a").write_text("x")
        tree.joinpath("kept").write_text("x")

    told = seen(inside, work, done)
    assert told == Changed(("a", "/elsewhere/b", str(tree / "kept")), 3, ("tools", "git"))


def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert seen(tmp_path, lambda: commit(tmp_path)).files == ("made",)


def test_outside_of_a_work_tree(tmp_path: Path) -> None:
    """Nobody can tell, but for the agent's own calls; git is not even started."""
    assert seen(tmp_path, lambda: None) == Changed()
    done = Report(of("completed"), done=Done(files=(str(tmp_path / "a"),)))
    assert seen(tmp_path, lambda: None, done) == Changed(("a",), 1, ("tools",))


def test_a_tree_runs_nothing_of_its_own(tree: Path, tmp_path: Path) -> None:
    """Monitors, filters and hooks that its configuration names are left alone, and no lock of it is waited for."""
    mark = tmp_path / "ran"
    evil = program(tmp_path, "evil", f"touch {mark}; cat")
    git(tree, "config", "core.fsmonitor", str(evil))
    git(tree, "config", "filter.a b.clean", str(evil))
    git(tree, "config", "filter.c.process", str(evil))
    git(tree, "config", "filter.c.required", "true")
    tree.joinpath(".git/info/attributes").write_text('k* filter="a b"\nkept filter=c\ned* filter=c\n')
    tree.joinpath(".git/index.lock").write_text("")
    index = tree.joinpath(".git/index").read_bytes()
    assert seen(tree, lambda: tree.joinpath("kept").write_text("other\n")).files == ("kept",)
    assert not mark.exists()
    assert tree.joinpath(".git/index").read_bytes() == index


def test_git_that_hangs_or_fails(tree: Path, tmp_path: Path) -> None:
    """Then nobody can tell; the run goes on."""
    program(tmp_path, "git", "exit 1")
    assert changed.before(str(tree), {**ENVIRON, "PATH": str(tmp_path)}).tree is None
    program(tmp_path, "git", "exec sleep 60")
    with pytest.raises(gittree.CannotLook, match="took too long"):
        gittree.look(str(tmp_path / "git"), str(tree), ENVIRON, 0.2)
    program(tmp_path, "git", "yes")
    with pytest.raises(gittree.CannotLook, match="too much"):
        gittree.look(str(tmp_path / "git"), str(tree), ENVIRON, 60)


@pytest.mark.parametrize(
    ("called", "seen", "expected"),
    [
        (None, None, Changed()),
        ((), None, Changed((), 0, (TOOLS,))),
        (None, (), Changed((), 0, (GIT,))),
        (
            ("/w/a", "/w/./b", "/elsewhere/c", "d"),
            None,
            Changed(("a", "b", "/elsewhere/c", "d"), 4, (TOOLS,)),
        ),
        (("/real/w/a",), ("w/a", "other"), Changed(("a", "/other"), 2, (TOOLS, GIT))),
        (("/wa",), None, Changed(("/wa",), 1, (TOOLS,))),
        ((), ("w/\udce4",), Changed(("\ufffd",), 1, (TOOLS, GIT))),
        (("/" + "x" * LONGEST_PATH,), None, Changed((), 1, (TOOLS,))),
    ],
)
def test_the_list_of_a_record(called: Any, seen: Any, expected: Changed) -> None:
    """Each file once, by the shortest name that says where it is, whoever told of it."""
    assert put_together(("/w", "/real/w"), called, "/", seen) == expected


@given(st.lists(st.text()), st.one_of(st.none(), st.lists(st.text())))
def test_the_list_is_bounded(called: list[str], seen: Optional[list[str]]) -> None:
    many = [*called, *(f"/w/{number}" for number in range(MOST_FILES + 1))]
    made = put_together(("/w",), many, "/w", seen, Counts(3, 2, 1))
    assert len(made.files) <= MOST_FILES < (made.total or 0)
    assert len(set(made.files)) == len(made.files)
    fields = made.to_json()
    assert fields["tests"] == {"run": 3, "passed": 2, "failed": 1}
    assert all(file.encode() for file in fields["files_changed"])
