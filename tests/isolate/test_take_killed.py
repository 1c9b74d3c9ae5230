"""A take that is cut off, killed before each of its steps or on a full disk, and several at once: no file is ever lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from clodputer.isolate.worktree import enter, review, taking, undo
from clodputer.isolate.worktree.reclaim import discard, reclaim
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from tests.disks import fill, mounted
from tests.isolate.test_take import contents, taken
from tests.isolate.test_worktree import token
from tests.killing import count_steps, killed_at
from tests.repositories import git, repository

MOST, STRIDE = 200, 5
LINES = [f"{number}\n" for number in range(12)]
MINE = "mine\n"


def _repository(tmp_path: Path) -> Path:
    """A checkout whose `file` is so long that a person and a run can both change it."""
    checkout = repository(tmp_path)
    (checkout / "file").write_text("".join(LINES))
    git(checkout, "commit", "--quiet", "--all", "-m", "long")
    git(checkout, "push", "--quiet")
    git(checkout, "fetch", "--quiet")
    return checkout


def _left(tmp_path: Path, checkout: Path, number: int) -> Tree:
    """A tree with a changed, a renamed, a removed and a new file, a file in the place of a folder and the other way round."""
    planned = token(tmp_path, checkout, f"20270115T080000.{number:03}Z-abcd1234", fetch=False)
    enter(planned)
    tree = Path(trees.tree_path(planned["record"]))
    (tree / "file").write_text("".join([*LINES, "run\n"]))
    (tree / "new").write_text("new\n")
    git(tree, "mv", "CLAUDE.md", "AGENTS.md")
    shutil.rmtree(tree / "sub")
    (tree / "sub").write_text("a file now\n")
    (tree / ".gitignore").unlink()
    (tree / ".gitignore").mkdir()
    (tree / ".gitignore" / "deep").write_text("in a folder\n")
    undo(planned)
    found = trees.read(planned["record"])
    assert found is not None
    return found


def _prepared(checkout: Path) -> None:
    """What the person has changed and committed nowhere, in two of the files."""
    git(checkout, "reset", "--quiet", "--hard")
    git(checkout, "clean", "--quiet", "-ffdx")
    (checkout / "file").write_text("".join([MINE, *LINES]))
    (checkout / "CLAUDE.md").write_text("mine\nBe careful.\n")
    (checkout / "untracked").write_text("precious\n")


def _mine_is_there(files: Mapping[str, object], tree: Tree, tmp_path: Path) -> bool:
    """Whether each line of the person is where a person, or the next take, finds it."""
    texts = b"".join(value[0] for value in files.values() if isinstance(value, tuple))
    copies = Path(taking.place(str(tmp_path / "home" / "trees"), tree))
    renamed = (
        b"mine\nBe careful." in texts or b"mine\nBe careful." in (copies / "files/AGENTS.md").read_bytes()
    )
    return b"mine\n0\n" in texts and renamed and b"precious" in texts


def test_killed_before_each_step(tmp_path: Path) -> None:
    """Each file is as it was or as it is to be, and the same command again brings all of it to its end."""
    checkout = _repository(tmp_path)
    _prepared(checkout)
    tree = _left(tmp_path, checkout, 0)
    before = contents(checkout)
    taken(tree)
    wanted = contents(checkout)
    assert (checkout / "file").read_text() == "".join([MINE, *LINES, "run\n"])
    for step in range(1, MOST, STRIDE):
        _prepared(checkout)
        killed = killed_at(step, partial(taken, tree))
        now = contents(checkout)
        assert _mine_is_there(now, tree, tmp_path), step
        assert all(
            value in (before.get(name), wanted.get(name))
            for name, value in now.items()
            if "Z-abcd1234" not in name
        )
        if not killed:
            break
        taken(tree)
        assert contents(checkout) == wanted, step
        assert not (tmp_path / "home" / "trees" / taking.TAKING).exists()
    assert 15 < step < MOST - STRIDE


def test_what_was_changed_after_it_was_cut_off_stays(tmp_path: Path) -> None:
    """And is told; neither the tree nor its copies are removed before that."""
    checkout = _repository(tmp_path)
    tree = _left(tmp_path, checkout, 0)
    steps = count_steps(partial(taken, tree))
    git(checkout, "reset", "--quiet", "--hard")
    git(checkout, "clean", "--quiet", "-ffdx")
    home_of = str(tmp_path / "home" / "trees")
    for step in range(steps, 0, -1):
        assert killed_at(step, partial(taken, tree))
        if taking.cut_off(home_of, tree) and not (checkout / "new").exists():
            break
        _again(checkout, home_of, tree)
    (checkout / "new").write_text("mine since\n")
    for done in (reclaim(f"{tree.path}.json"), discard(f"{tree.path}.json")):
        assert done is not None
        assert (done.removed, "clodputer take" in done.why) == (False, True)
    said = taken(tree)
    assert (checkout / "new").read_text() == "mine since\n"
    assert (checkout / "AGENTS.md").exists()
    assert "new" in said.notes[0]
    assert taking.cut_off(home_of, tree) == ""


def _again(checkout: Path, home_of: str, tree: Tree) -> None:
    shutil.rmtree(taking.place(home_of, tree), ignore_errors=True)
    git(checkout, "reset", "--quiet", "--hard")
    git(checkout, "clean", "--quiet", "-ffdx")


def test_two_runs_are_taken_at_once(tmp_path: Path) -> None:
    """Both have changed the same file; what each of them did is there, and of one run taken twice it is there once."""
    checkout = repository(tmp_path)
    (checkout / "file").write_text("".join(f"{number}\n" for number in range(40)))
    git(checkout, "commit", "--quiet", "--all", "-m", "long")
    git(checkout, "push", "--quiet")
    found = []
    for number in range(3):
        planned = token(tmp_path, checkout, f"20270115T080000.{number:03}Z-abcd1234", fetch=False)
        enter(planned)
        path = Path(trees.tree_path(planned["record"]), "file")
        lines = path.read_text().splitlines()
        lines[number * 15] += " run"
        path.write_text("\n".join([*lines, ""]))
        undo(planned)
        tree = trees.read(planned["record"])
        assert tree is not None
        found += [tree, tree]
    children = []
    for tree in found:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                taken(tree)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 6
    assert (checkout / "file").read_text().count(" run") == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a small file system, as root")
def test_on_a_full_disk_every_file_is_still_there(tmp_path: Path) -> None:
    """And once there is room, the same command finishes it."""
    with mounted(tmp_path / "disk", "size=8m") as disk:
        checkout = _repository(disk)
        planned = token(tmp_path, checkout, fetch=False)
        enter(planned)
        Path(trees.tree_path(planned["record"]), "file").write_text("".join([*LINES, "run\n" * 20_000]))
        undo(planned)
        tree = trees.read(planned["record"])
        assert tree is not None
        (checkout / "file").write_text("".join([MINE, *LINES]))
        # So that git itself has written all of it already, and what is left is our own writing.
        review.diff(tree)
        ballast = fill(disk, 2)
        with pytest.raises(OSError, match="No space left"):
            taken(tree)
        assert (checkout / "file").read_text() == "".join([MINE, *LINES])
        ballast.unlink()
        taken(tree)
        assert (checkout / "file").read_text().startswith("".join([MINE, *LINES, "run\n"]))
