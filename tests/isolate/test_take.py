"""The work of a run's tree taken into a checkout in every state: wholly or not at all, and what happened is told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

import pytest

from clodputer.isolate.worktree import review, taking, undo
from clodputer.isolate.worktree.reclaim import discard
from clodputer.model.errors import ClodputerError
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from tests.isolate.test_worktree import entered, token
from tests.repositories import git, repository

# What the person's own settings of git may say, and what is read back by programs must not depend on.
SETTINGS = (
    "[diff]\n\tnoprefix = true\n",
    "[diff]\n\tmnemonicPrefix = true\n\trelative = true\n\tcontext = 0\n\tsubmodule = log\n",
    "[color]\n\tui = always\n\tdiff = always\n",
    "[core]\n\tquotePath = false\n[status]\n\tshort = true\n\tshowUntrackedFiles = no\n",
    "[apply]\n\twhitespace = error\n\tignoreWhitespace = change\n[diff]\n\trenames = copies\n",
)


def worked(tmp_path: Path, work: Callable[[Path], object], folder: str = "") -> tuple[Path, Tree]:
    """The checkout, and the tree that a run has worked in and left."""
    checkout = repository(tmp_path)
    planned = token(tmp_path, checkout / folder, fetch=False)
    work(Path(entered(planned).path))
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    return checkout, tree


def taken(tree: Tree) -> taking.Taken:
    return taking.take(os.path.dirname(os.path.dirname(tree.path)), tree)


def contents(folder: Path) -> Mapping[str, object]:
    """What lies in a checkout: links by where they lead, files by their content and whether they can be run."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.split("/", maxsplit=1)[0] == ".git":
            continue
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def every_kind(tree: Path) -> None:
    """Committed and not, of every kind that git knows."""
    (tree / "sub" / "deep").write_text("two\nthree\n")
    git(tree, "mv", "CLAUDE.md", "AGENTS.txt")
    git(tree, "commit", "--quiet", "--all", "-m", "work")
    (tree / "file").unlink()
    (tree / "file").mkdir()
    (tree / "file" / "in a folder").write_text("no newline at its end")
    (tree / "bytes").write_bytes(bytes(range(256)) * 40)
    (tree / "script").write_text("#!/bin/sh\r\n")
    (tree / "script").chmod(0o755)
    (tree / "link").symlink_to("sub/deep")
    for name in ('a"quote', "tab\there", "line\nhere", "\u00e4", " lead", "-dash", ":(top)x"):
        (tree / name).write_text(f"{name}\n")
    with open(os.fsencode(tree) + b"/\xff", "w") as file:
        file.write("a name that is no text\n")


@pytest.mark.parametrize("settings", SETTINGS)
def test_all_of_it_is_taken_whatever_git_is_set_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    """Afterwards the checkout is as the tree is; again there is nothing to do; and what is put away can be applied."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text(settings)
    checkout, tree = worked(tmp_path, every_kind)
    wanted = contents(Path(tree.path))
    diff = review.diff(tree)
    assert len(diff.commits) == 1
    assert "+three\n" in diff.text
    assert "\x1b" not in diff.text
    files = taken(tree).files
    assert contents(checkout) == wanted
    assert {"file", "file/in a folder", "tab\there", "CLAUDE.md", "AGENTS.txt", "script"} <= set(files)
    assert taken(tree).files == ()
    assert "there already" in taken(tree).notes[-1]
    git(checkout, "stash", "--quiet", "--include-untracked")
    done = discard(f"{tree.path}.json")
    assert done is not None
    bundle, patch = done.kept
    git(checkout, "fetch", "--quiet", bundle, "HEAD:again")
    git(checkout, "checkout", "--quiet", "again")
    git(checkout, "apply", patch)
    assert contents(checkout) == wanted
    assert os.listdir(tmp_path / "home" / "trees") == [trees.DISCARDED]


def test_what_a_person_has_changed_stays(tmp_path: Path) -> None:
    """Lines elsewhere in the same file, a file that was renamed by the run, and files of no concern."""

    def work(tree: Path) -> None:
        (tree / "file").write_text("one\nrun\n")
        git(tree, "mv", "CLAUDE.md", "AGENTS.md")

    checkout, tree = worked(tmp_path, work)
    git(checkout, "commit", "--quiet", "--allow-empty", "-m", "ahead")
    (checkout / "CLAUDE.md").write_text("mine\nBe careful.\n")
    (checkout / "sub" / "deep").write_text("mine\n")
    (checkout / "new").write_text("mine\n")
    taken(tree)
    assert (checkout / "file").read_text() == "one\nrun\n"
    assert (checkout / "AGENTS.md").read_text() == "mine\nBe careful.\n"
    assert (checkout / "sub" / "deep").read_text() == (checkout / "new").read_text() == "mine\n"
    assert not (checkout / "CLAUDE.md").exists()


def _same_line(checkout: Path) -> None:
    (checkout / "file").write_text("mine\n")


def _untracked(checkout: Path) -> None:
    (checkout / "new").write_text("mine\n")


def _ignored(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("new\n")
    (checkout / "new").write_text("mine\n")


def _folder(checkout: Path) -> None:
    (checkout / "new").mkdir()
    (checkout / "new" / "mine").write_text("mine\n")


def _moved_on(checkout: Path) -> None:
    (checkout / "file").write_text("other\n")
    git(checkout, "commit", "--quiet", "--all", "-m", "another")


def _deleted(checkout: Path) -> None:
    (checkout / "file").unlink()


def _linked_folder(checkout: Path) -> None:
    (checkout / "sub").rename(checkout.parent / "elsewhere")
    (checkout / "sub").symlink_to(checkout.parent / "elsewhere")


def _named_pipe(checkout: Path) -> None:
    os.mkfifo(checkout / "new")


def changed(tree: Path) -> None:
    """A line, a line deeper down, and a file that git does not know."""
    (tree / "file").write_text("one\ntwo\n")
    (tree / "sub" / "deep").write_text("two\nthree\n")
    (tree / "new").write_text("new\n")


@pytest.mark.parametrize(
    "state",
    [
        _same_line,
        _untracked,
        _ignored,
        _folder,
        _moved_on,
        _deleted,
        _linked_folder,
        _named_pipe,
    ],
)
def test_what_does_not_fit_changes_nothing(tmp_path: Path, state: Callable[[Path], None]) -> None:
    """It is said which files do not, and how to have the work all the same."""
    checkout, tree = worked(tmp_path, changed)
    state(checkout)
    before, known = contents(checkout), git(checkout, "status", "--porcelain")
    with pytest.raises(ClodputerError) as failure:
        taken(tree)
    assert failure.value.code == "conflict"
    assert "nothing was changed" in failure.value.message
    assert any(name in failure.value.message for name in ("file", "new", "sub/deep"))
    assert f"merge {tree.branch}" in failure.value.hint
    assert "add --all" in failure.value.hint, "what is not committed would not be merged"
    assert (contents(checkout), git(checkout, "status", "--porcelain")) == (before, known)
    assert not (tmp_path / "home" / "trees" / taking.TAKING).exists()


@pytest.mark.parametrize(
    "state", ["detached", "ahead", "other branch", "linked", "index locked", "folder gone"]
)
def test_states_of_a_checkout_that_it_fits(tmp_path: Path, state: str) -> None:
    """It is taken."""
    checkout = repository(tmp_path)
    top = checkout
    if state == "linked":
        git(checkout, "worktree", "add", "--quiet", "-b", "mine", str(tmp_path / "linked"))
        top = tmp_path / "linked"
    planned = token(tmp_path, top / "sub", fetch=False)
    changed(Path(entered(planned).path))
    undo(planned)
    tree = trees.read(planned["record"])
    assert tree is not None
    if state == "detached":
        git(checkout, "checkout", "--quiet", "--detach")
    elif state == "ahead":
        git(checkout, "commit", "--quiet", "--allow-empty", "-m", "ahead")
    elif state == "other branch":
        git(checkout, "switch", "--quiet", "-c", "other")
    elif state == "index locked":
        (checkout / ".git" / "index.lock").touch()
    elif state == "folder gone":
        # Only its path was known to the task, and the work is not in there.
        git(tree.path, "checkout", "--quiet", "sub/deep")
        shutil.rmtree(checkout / "sub")
    done = taken(tree)
    assert done.checkout == str(top)
    assert (top / "new").read_text() == "new\n"
    assert (top / "file").read_text() == "one\ntwo\n"


def test_line_ends_are_those_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its attributes, also those that are not committed yet, and by what the person has set."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text("[core]\n\tautocrlf = true\n")

    def work(tree: Path) -> None:
        (tree / "file").write_bytes(b"one\r\ntwo\r\n")
        (tree / "sub" / "deep").write_bytes(b"two\r\nthree\r\n")

    checkout, tree = worked(tmp_path, work)
    (checkout / "sub" / ".gitattributes").write_text("deep text eol=lf\n")
    taken(tree)
    assert (checkout / "file").read_bytes() == b"one\r\ntwo\r\n"
    assert (checkout / "sub" / "deep").read_bytes() == b"two\nthree\n"
