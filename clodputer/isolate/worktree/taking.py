"""The work of a run's worktree brought into a person's checkout: all of it or nothing, and finished when it was cut off."""

# git itself takes each file away before it writes the new one. Killed in between, or on a full disk, it would leave the
# person without the file. So git changes copies, and each finished one is moved to its place.
from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from shlex import quote
from shutil import copyfile, rmtree
from typing import NamedTuple

from clodputer.isolate.worktree import changes, look, pinned
from clodputer.isolate.worktree.checkout import Checkout, find
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.git import git, gitplain, trees
from clodputer.store.git.trees import Tree
from clodputer.store.records import runs

# In the folder `trees` of a home: what is being taken, by run. `plan` is written once all copies are there.
TAKING, _PLAN, _COPIES = ".taking", "plan.json", "files"
# So many lines of what git says of a conflict are shown.
_SHOWN = 10
# What a path is: nothing, a folder or something that git does not keep; else a link or a file, by its content.
_NOTHING, _OTHER = "", "other"


class Taken(NamedTuple):
    """checkout: where. files: that were changed there, by path. notes: sentences on what a person should know of it."""

    checkout: str
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()


def take(home_of: str, tree: Tree) -> Taken:
    """Bring what a tree has, and its base has not, into the checkout of its repository, uncommitted.

    When it does not fit what is there, nothing is changed. When an earlier call was cut off, that one is finished.
    Raises ClodputerError ("no_tree", "no_checkout", "under_way", "conflict", "unreadable_tree"), OSError.
    """
    look.there(tree)
    with git.writer(tree.common):
        now = trees.of_session(home_of, tree.task, tree.run_id)
        if now is None or now.run_id != tree.run_id:
            raise ClodputerError("in_use", f"another run has {tree.path} now", "See: clodputer trees")
        checkout = find(tree)
        folder = place(home_of, tree)
        plan = runs.read_json(f"{folder}/{_PLAN}")
        if plan is not None:
            taken = _move(checkout, folder, tree, plan["paths"])
            return taken._replace(notes=(*taken.notes, "An earlier take was cut off; this finished it."))
        if os.path.lexists(folder):
            _forget(folder)  # it was cut off before anything was changed
        try:
            return _taken(checkout, folder, tree)
        finally:
            if not os.path.lexists(f"{folder}/{_PLAN}"):
                _forget(folder)


def place(home_of: str, tree: Tree) -> str:
    """Where copies of files lie while the work of a tree is being taken."""
    return f"{home_of}/{TAKING}/{tree.task}-{tree.run_id}"


def cut_off(home_of: str, tree: Tree) -> str:
    """That a take of this tree was cut off, as a sentence; empty when none was."""
    folder = place(home_of, tree)
    if not os.path.lexists(f"{folder}/{_PLAN}"):
        return ""
    return f"Taking it was cut off: finish that (clodputer take {tree.run_id}), or remove {folder}."


def _taken(checkout: Checkout, folder: str, tree: Tree) -> Taken:
    going_on = look.under_way(checkout.own)
    if going_on:
        raise ClodputerError(
            "under_way",
            f"nothing was changed, as {going_on[0]} is under way in {checkout.top}",
            f"Finish or abort it there; see: git -C {quote(checkout.top)} status",
        )
    copies = f"{folder}/{_COPIES}"
    os.makedirs(copies, mode=0o700, exist_ok=True)
    patch = f"{folder}/patch"
    found = changes.write(tree, patch, tree.commit, links=False)
    notes = _notes(tree, found)
    if not os.path.getsize(patch):
        return Taken(checkout.top, (), notes)
    where = gitplain.variables(tree.common, checkout.own, pinned.cache(pinned.of(tree)))
    before = {path: state(f"{checkout.top}/{path}") for path in found.paths}
    said = _apply(where, checkout.top, patch, "--check")
    if said.status or _in_the_way(checkout.top, before):
        if _apply(where, checkout.top, patch, "--check", "--reverse").status == 0:
            return Taken(checkout.top, (), (*notes, "Its work is there already."))
        raise _conflict(tree, checkout.top, said)
    _copy(checkout.top, copies, before)
    said = _apply(where, copies, patch)
    if said.status:
        raise _conflict(tree, checkout.top, said)
    after = {path: state(f"{copies}/{path}") for path in before}
    # A folder in the place of a file: the file goes.
    paths = [
        [path, old, new]
        for path, old in before.items()
        for new in [_NOTHING if after[path] == _OTHER else after[path]]
        if old != new
    ]
    if not paths:
        return Taken(checkout.top, (), (*notes, "Its work is there already."))
    for path, _, new in paths:
        if new.startswith("file "):
            atomic.sync_folder(f"{copies}/{path}")
    runs.write_json(f"{folder}/{_PLAN}", {"paths": paths}, durable=True)
    return _move(checkout, folder, tree, paths, notes)


def _move(
    checkout: Checkout, folder: str, tree: Tree, paths: Iterable[list[str]], notes: tuple[str, ...] = ()
) -> Taken:
    """Put each finished copy in its place; may be killed at any point and repeated. Raises OSError."""
    done, left = [], []
    # What goes away first: a file may have become a folder, and its content is among the copies.
    for path, old, new in sorted(paths, key=lambda one: one[2] != _NOTHING):
        target = f"{checkout.top}/{path}"
        now = state(target)
        inside = f"{os.path.realpath(os.path.dirname(target))}/".startswith(f"{checkout.top}/")
        # A folder whose files have gone by now.
        emptied = old == _OTHER and now == _NOTHING
        ready = new in (_NOTHING, now) or state(f"{folder}/{_COPIES}/{path}") == new
        gone = new == _NOTHING and now == _OTHER
        if not (inside and ready) or not (now in (old, new) or emptied or gone):
            left.append(path)
            continue
        done.append(path)
        if now == new or gone:
            continue
        if new == _NOTHING:
            os.unlink(target)
            _forget_empty(checkout.top, path)
        else:
            _put(f"{folder}/{_COPIES}/{path}", target, tree)
    atomic.remove(f"{folder}/{_PLAN}")
    _forget(folder)
    if left:
        named = ", ".join(left[:_SHOWN])
        notes = (*notes, f"Left as they are, since they were changed meanwhile: {named}.")
    return Taken(checkout.top, tuple(sorted(done)), notes)


def _forget(folder: str) -> None:
    rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        os.rmdir(os.path.dirname(folder))  # unless another one is being taken


def _put(copy: str, target: str, tree: Tree) -> None:
    folder, name = os.path.split(target)
    os.makedirs(folder, exist_ok=True)
    beside = f"{folder}/.{name[:100]}.{tree.run_id}"
    atomic.remove(beside)
    _copy_one(copy, beside)
    if not os.path.islink(beside):
        atomic.sync_folder(beside)
    if os.path.isdir(target) and not os.path.islink(target):
        os.rmdir(target)
    os.rename(beside, target)


def _forget_empty(top: str, path: str) -> None:
    """Remove the folders that git does not know any more once the last file has gone from them."""
    with suppress(OSError):
        while path := os.path.dirname(path):
            os.rmdir(f"{top}/{path}")


def _copy(top: str, copies: str, before: Mapping[str, str]) -> None:
    """Copy what is to be changed, and what says how git reads and writes it. Raises OSError."""
    folders = {path.rpartition("/")[0] for path in before}
    folders |= {above for folder in folders for above in _above(folder)}
    rules = [f"{folder}/.gitattributes".lstrip("/") for folder in sorted(folders)]
    for path in (*before, *rules):
        source, target = f"{top}/{path}", f"{copies}/{path}"
        if state(source) in (_NOTHING, _OTHER) or os.path.lexists(target):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _copy_one(source, target)


def _copy_one(source: str, target: str) -> None:
    """Copy a file with its permissions, or a link as one. Raises OSError."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    else:
        copyfile(source, target)
        os.chmod(target, os.stat(source).st_mode & 0o777)


def _above(folder: str) -> Iterable[str]:
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def state(path: str) -> str:
    """What is at a path, in a form that can be compared. Raises OSError."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return f"link {os.readlink(path)}"
        if not stat.S_ISREG(found.st_mode):
            return _OTHER
        digest = sha256()
        with open(path, "rb") as file:
            while some := file.read(1 << 20):
                digest.update(some)
    except (FileNotFoundError, NotADirectoryError):
        return _NOTHING
    return f"file {'x' if found.st_mode & 0o100 else '-'} {digest.hexdigest()}"


def _in_the_way(top: str, before: Mapping[str, str]) -> bool:
    """Whether a folder stands where a file is to come, with something in it that would not go."""
    going = {f"{top}/{path}" for path in before}
    return any(
        f"{folder}/{name}" not in going
        for path, old in before.items()
        if old == _OTHER
        for folder, _, names in os.walk(f"{top}/{path}")
        for name in names
    )


def _apply(where: Mapping[str, str], folder: str, patch: str, *options: str) -> git.Said:
    asked = ("apply", "--whitespace=nowarn", "--no-ignore-whitespace", *options, patch)
    return git.call(asked, folder, git.WRITE, {**where, "GIT_WORK_TREE": folder})


def _conflict(tree: Tree, top: str, said: git.Said) -> ClodputerError:
    lines = [line.removeprefix("error: ") for line in said.err.splitlines() if line.startswith("error: ")]
    told = "\n".join(f"  {line}" for line in lines[:_SHOWN]) or "  a folder stands where a file is to come"
    more = f"\n  and {len(lines) - _SHOWN} lines more" if len(lines) > _SHOWN else ""
    if any(" filter " in line for line in lines):
        return ClodputerError(
            "conflict",
            f"nothing was changed, as git could not write the files of run {tree.run_id} in {top}:\n{told}{more}",
            f"If git-lfs keeps them, fetch what is missing: git -C {quote(tree.path)} lfs fetch; then take it again.",
        )
    found = look.look(tree)
    first = (
        f"git -C {quote(tree.path)} add --all && git -C {quote(tree.path)} commit; " if found.changes else ""
    )
    branch = tree.branch if look.tip(tree) == found.head else found.head[:12]
    return ClodputerError(
        "conflict",
        f"nothing was changed, as the work of run {tree.run_id} does not fit {top}:\n{told}{more}",
        "Commit or stash what you have changed there, and take it again; or merge it, and resolve what git shows: "
        f"{first}git -C {quote(top)} merge {branch}",
    )


def _notes(tree: Tree, found: changes.Changes) -> tuple[str, ...]:
    return (
        *(f"{path} is a submodule at another commit, and was not taken." for path in found.links),
        *(f"{path} is another git repository in the tree, and was not taken." for path in found.inside),
        *look.remarks(tree),
        *look.read_first(tree, found.paths),
    )
