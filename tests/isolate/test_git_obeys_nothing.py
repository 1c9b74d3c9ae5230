"""Whatever a run has set in its repository, in submodules, in repositories within its tree: nothing of it is run afterwards."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from clodputer.isolate.worktree import base, changes, copy, end, look, pinned, review, taking
from clodputer.isolate.worktree.reclaim import discard, reclaim
from clodputer.model.errors import ClodputerError
from clodputer.store.git import git as ours
from clodputer.store.git import trees
from clodputer.store.git.trees import Tree
from clodputer.triggers.findings import churn
from tests.isolate.test_worktree import entered, token
from tests.repositories import git, repository

# Attributes by which files are given to the programs that the configuration names.
ATTRIBUTES = "* filter=evil diff=evil merge=evil ident\n"


def _poison(folder: Path | str, program: Path) -> None:
    """Set everything in a repository by which git can be made to run a program."""
    config = git(folder, "rev-parse", "--path-format=absolute", "--git-path", "config")
    hooks = Path(git(folder, "rev-parse", "--path-format=absolute", "--git-path", "hooks"))
    run = str(program)
    lines = [
        f'[filter "evil"]\nclean = {run}\nsmudge = {run}\nprocess = {run}\nrequired = true',
        f'[diff "evil"]\ncommand = {run}\ntextconv = {run}',
        f'[merge "evil"]\ndriver = {run}',
        f"[diff]\nexternal = {run}\nsubmodule = log",
        f"[core]\nfsmonitor = {run}\nhooksPath = {hooks}\nsshCommand = {run}\neditor = {run}\npager = {run}",
        f"[core]\naskPass = {run}\ngitProxy = {run}\nalternateRefsCommand = {run}",
        f"[credential]\nhelper = {run}\n[log]\nshowSignature = true\n[gpg]\nprogram = {run}",
        "[protocol]\nallow = always\n[submodule]\nrecurse = true\n[status]\nsubmoduleSummary = true",
        *(
            f"[alias]\n{name} = !{run}"
            for name in ("status", "add", "diff", "log", "fetch", "rev-parse", "apply")
        ),
    ]
    with open(config, "a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    hooks.mkdir(exist_ok=True)
    for name in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-commit",
        "pre-push",
        "post-merge",
    ):
        (hooks / name).write_text(f"#!/bin/sh\nexec {run}\n")
        (hooks / name).chmod(0o755)


def _program(folder: Path) -> tuple[Path, Path]:
    """A program that leaves a witness of having been run, and the witness."""
    witness, program = folder / "witness", folder / "evil"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {witness}\ncat\n')
    program.chmod(0o755)
    return program, witness


@pytest.fixture
def attacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Tree, Path, Path]:
    """A tree that a hostile run has been in, its checkout, and the witness: a submodule and a repository lie in it."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text('[protocol "file"]\nallow = always\n')
    checkout = repository(tmp_path)
    library = tmp_path / "library"
    git(tmp_path, "init", "--quiet", "-b", "main", str(library))
    (library / "inner").write_text("inner\n")
    git(library, "add", ".")
    git(library, "commit", "--quiet", "-m", "library")
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    git(checkout, "commit", "--quiet", "-m", "with a library")
    git(checkout, "push", "--quiet")
    tree = entered(token(tmp_path, checkout, submodules=True))
    assert Path(tree.path, "lib", "inner").read_text() == "inner\n"
    program, witness = _program(tmp_path)
    inner = Path(tree.path, "nested")
    git(tree.path, "init", "--quiet", str(inner))
    git(inner, "commit", "--quiet", "--allow-empty", "-m", "nested")
    git(tree.path, "-c", "advice.addEmbeddedRepo=false", "add", "nested")
    git(tree.path, "commit", "--quiet", "-m", "work")
    Path(tree.path, ".gitattributes").write_text(ATTRIBUTES)
    Path(tree.path, "file").write_text("changed\n")
    for repo in (inner, Path(tree.path, "lib")):
        (repo / "more").write_text("more\n")
        (repo / ".gitattributes").write_text(ATTRIBUTES)
    # So the index knows no file any more, and each is read by git once more.
    for name in ("file", "sub/deep"):
        os.utime(Path(tree.path, name), (1, 1))
    for repo in (checkout, inner, Path(tree.path, "lib")):
        _poison(repo, program)
    return tree, checkout, witness


def _discard(tree: Tree, _: Path) -> None:
    with pytest.raises(ClodputerError, match="another git repository"):
        discard(trees.records(pinned.of(tree))[0])


def _again(tree: Tree, checkout: Path) -> None:
    home_of = pinned.of(tree)
    record = f"{home_of}/{tree.task}/20270115T080000.124Z-abcd1234.json"
    planned = {**token(Path(home_of).parent.parent, checkout, submodules=False), "record": record}
    made = entered(planned)
    assert Path(made.path, "file").read_text() == "one\n"
    end.close(record)


CALLS: dict[str, Callable[[Tree, Path], object]] = {
    "look": lambda tree, checkout: look.look(tree),
    "changes": lambda tree, checkout: changes.write(tree, f"{pinned.of(tree)}/.patch"),
    "diff": lambda tree, checkout: review.diff(tree),
    "figures": lambda tree, checkout: review.diff(tree, stat=True),
    "take": lambda tree, checkout: taking.take(pinned.of(tree), tree),
    "restored": lambda tree, checkout: copy.restored(tree),
    "close": lambda tree, checkout: end.close(trees.records(pinned.of(tree))[0]),
    "reclaim": lambda tree, checkout: reclaim(trees.records(pinned.of(tree))[0]),
    "discard": _discard,
    "again": _again,
    "churn": lambda tree, checkout: churn.of_folder(tree.path),
    "find": lambda tree, checkout: base.find(tree.path, pinned.cache(pinned.of(tree))),
}


def test_nothing_that_a_repository_sets_is_run(attacked: tuple[Tree, Path, Path]) -> None:
    """Filters, monitors, hooks, drivers, helpers, aliases: of the repository, of a submodule, of one within the tree."""
    tree, checkout, witness = attacked
    for name, call in CALLS.items():
        call(tree, checkout)
        assert not witness.exists(), (name, witness.read_text())
    assert "changed" in review.diff(tree).text
    assert trees.read(trees.records(pinned.of(tree))[0]) is not None


def test_what_goes_is_removed_without_it(attacked: tuple[Tree, Path, Path]) -> None:
    """A tree with nothing in it that counts: git would look into its submodule, and obey what is set there."""
    tree, _, witness = attacked
    ours.call(["update-ref", "refs/remotes/origin/x", "HEAD"], tree.path)
    for name in (".gitattributes", "lib/.gitattributes", "lib/more"):
        Path(tree.path, name).unlink()
    Path(tree.path, "file").write_text("one\n")
    shutil.rmtree(f"{tree.path}/nested/.git")
    for name in ("more", ".gitattributes"):
        Path(tree.path, "nested", name).unlink()
    end.close(trees.records(pinned.of(tree))[0])
    assert not witness.exists(), witness.read_text()
    assert not os.path.lexists(tree.path), look.look(tree)
    kept = Path(pinned.cache(pinned.of(tree)))
    assert len(list(kept.iterdir())) == 2, "of the repository and of the submodule"
    ours_now = tree._replace(admin=tree.common, path=f"{pinned.of(tree)}/tidy/next")
    with open(f"{tree.common}/config", "a", encoding="utf-8") as file:
        file.write("[core]\nabbrev = 9\n")
    pinned.shared(ours_now, "rev-parse", "HEAD")
    assert len(list(kept.iterdir())) == 1, "the submodule went with its tree"


def test_the_attack_works_without_our_care(attacked: tuple[Tree, Path, Path]) -> None:
    """git as it is runs the program, of the repository as of a submodule: or the test above would prove nothing."""
    tree, _, witness = attacked
    for folder, arguments in (
        (tree.path, ("status",)),
        (f"{tree.path}/lib", ("status",)),
        (f"{tree.path}/nested", ("status",)),
    ):
        witness.unlink(missing_ok=True)
        git(folder, *arguments, check=False)
        assert witness.exists(), folder
