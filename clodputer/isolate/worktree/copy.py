"""What is put into a worktree beside its commit: copies of files that git does not track, and an agent's settings restored."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from glob import glob
from hashlib import sha256

from clodputer.isolate.worktree import CANNOT, pinned
from clodputer.isolate.worktree.base import Repository
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox.plan import below
from clodputer.store.git import git
from clodputer.store.git.trees import Tree
from clodputer.store.processes import heed

# More than that is no configuration: files, and bytes of one.
MOST, LARGEST = 2000, 100 * 1024 * 1024
# The same of codex, gemini and opencode.
OTHERS = (".codex", ".gemini", "GEMINI.md", ".opencode", "opencode.json", "opencode.jsonc")
# What an agent obeys without being asked. A run that goes on in a tree must not find there what the one before has written.
OBEYED = (".claude", ".mcp.json", "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", *OTHERS)


def into(tree: Tree, repository: Repository, patterns: Sequence[str]) -> dict[str, str]:
    """Copy what the patterns name, never through links; the copied paths with the hashes of what they hold.

    Raises ClodputerError, OSError.
    """
    copied: dict[str, str] = {}
    said = git.call(["rev-parse", "--show-toplevel"], repository.top) if patterns else git.Said(1)
    if said.status:
        return copied
    top = said.out.rstrip("\n")
    for source in _matching(top, patterns):
        heed.check()
        name = os.path.relpath(source, top)
        target = os.path.join(tree.path, name)
        if os.path.lexists(target):
            continue  # git tracks it
        if len(copied) == MOST:
            raise ClodputerError(
                CANNOT, f"`copy` names more than {MOST} files", "Copy less; a `setup` can install the rest."
            )
        # An earlier run may have left such a link in the checkout, or committed it to what the tree begins at.
        for path, whole in ((source, top), (target, tree.path)):
            folder = os.path.realpath(os.path.dirname(path))
            if not below(folder, os.path.realpath(whole)):
                raise ClodputerError(
                    CANNOT,
                    f"`copy` names {path}, and a link on the way to it leads out, to {folder}",
                    "Name in `copy` what is really in the repository; a `setup` can bring the rest.",
                )
        os.makedirs(os.path.dirname(target), exist_ok=True)
        copied[name] = _copy(source, target)
    return copied


def is_as_copied(tree: Tree, name: str) -> bool:
    """Whether a file in the tree is still what was copied there."""
    wanted = tree.copied.get(name)
    if wanted is None:
        return False
    try:
        with open(os.path.join(tree.path, name), "rb") as file:
            return sha256(file.read(LARGEST + 1)).hexdigest() == wanted
    except OSError:
        return False


def restored(tree: Tree) -> tuple[str, ...]:
    """Put back what the tree's base has of the files that an agent obeys; what was there instead is kept beside the tree.

    Returns notes on what was put back. Raises OSError.
    """
    aside = f"{os.path.dirname(tree.path)}/.{os.path.basename(tree.path)}.aside"
    notes = []
    for name in OBEYED:
        said = pinned.call(tree, ("diff", "--quiet", "--ignore-submodules=all", tree.commit, "--", name))
        new = pinned.call(tree, ("ls-files", "--others", "--", name)).out.split("\n")
        if said.status == 0 and not any(one and one not in tree.copied for one in new):
            continue
        path = f"{tree.path}/{name}"
        if os.path.lexists(path):
            os.makedirs(aside, mode=0o700, exist_ok=True)
            os.rename(path, f"{aside}/{name}.{os.getpid()}")
            notes.append(f"{name} was restored from {tree.base}; the previous run's version is in {aside}.")
        pinned.call(tree, ("checkout", "--quiet", "--no-recurse-submodules", tree.commit, "--", name))
    return tuple(notes)


def _matching(top: str, patterns: Sequence[str]) -> Iterator[str]:
    from glob import escape

    for pattern in patterns:
        for found in sorted(glob(f"{escape(top)}/{pattern}", recursive=True)):
            if os.path.isdir(found) and not os.path.islink(found):
                for folder, folders, names in os.walk(found):
                    folders[:] = [name for name in folders if name != ".git"]
                    yield from (f"{folder}/{name}" for name in sorted(names))
            else:
                yield found


def _copy(source: str, target: str) -> str:
    """Copy a plain file with its mode, and return the hash of its content. Raises ClodputerError, OSError."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise ClodputerError(
                CANNOT, f"{source} is not a file that can be copied", "Remove it from `copy`."
            )
        content = file.read(LARGEST + 1)
    made = os.open(
        target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, stat.S_IMODE(status.st_mode) | 0o600
    )
    with open(made, "wb") as file:
        file.write(content)
    return sha256(content).hexdigest()
