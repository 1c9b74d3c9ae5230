"""Guarded: what a run must not change of the folder that it works in, as programs outside would obey it another time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from clodputer.isolate.sandbox import leftovers
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox.plan import Place, below
from clodputer.store.folder import entries
from clodputer.store.git import gitplain

# How many repositories may lie in the folder of a run, each with mounts of its own.
MOST_REPOSITORIES = 100
# Of a git folder: what starts programs outside, or leads to settings that do; and which of it nobody else makes.
_LOCKED = ("config", "config.worktree", "hooks", "info", "modules")
_ABSENT = ("commondir", "config.worktree", "modules")
# The same of the folder that a repository keeps of each of its worktrees.
_LOCKED_OF_WORKTREE = ("commondir", "gitdir", "config.worktree", "modules")
# How many files of settings may include one another.
_MOST_INCLUDED = 20
# The settings of other agents than Claude Code in a folder.
OF_OTHERS = (".codex", ".gemini", ".opencode", "opencode.json", "opencode.jsonc")


def place(path: str) -> Optional[Place]:
    """A path as it is; None when nothing is there."""
    path = os.path.normpath(path)
    return Place(path, os.path.realpath(path), os.path.isdir(path)) if os.path.exists(path) else None


def there(paths: Iterable[str]) -> Iterator[Place]:
    """Those of the paths at which something is."""
    return (found for path in paths if (found := place(path)))


def settings_of_agents(work: str, given: list[Place]) -> tuple[list[Place], list[str], list[str]]:
    """The settings of agents in a folder, with hooks and servers that they start without a sandbox another time."""
    free = {one.path for one in given}
    lock: list[Place] = []
    made: list[str] = []
    absent: list[str] = []
    folder, servers = f"{work}/.claude", f"{work}/.mcp.json"
    if folder not in free and os.path.isdir(work):
        if not os.path.lexists(folder):
            made.append(folder)
        lock.append(Place(folder, os.path.realpath(folder)))
    if servers not in free:
        lock += there((servers,))
        absent += [] if os.path.lexists(servers) else [servers]
    for other in (f"{work}/{name}" for name in OF_OTHERS):
        if other not in free:
            lock += there((other,))
            absent += [] if os.path.lexists(other) else [other]
    return lock, made, absent


def git(work: str) -> tuple[list[Place], list[Place], list[str], list[Place]]:
    """Of the repository that a folder lies in: what a commit writes, what starts programs outside, and what must not come.

    And the files of the repository, when the folder is not the whole of it.
    """
    top = os.path.realpath(work)
    while not os.path.lexists(f"{top}/.git"):
        if top == "/":
            return [], [], [], []
        top = os.path.dirname(top)
    entry = f"{top}/.git"
    own = _pointed(entry) if os.path.isfile(entry) else entry
    common = os.path.normpath(os.path.join(own, _line(f"{own}/commondir"))) if own != entry else own
    if not os.path.isdir(common):
        return [], [], [], []
    write, lock, absent = _git_folder(common, work)
    trees = f"{common}/worktrees"
    if os.path.isdir(trees):
        # Each is put in its own place, so that it cannot be moved away.
        write += [trees] if below(own, trees) else []
        lock += [trees] if not below(own, trees) else []
        lock += [f"{trees}/{name}" for name in os.listdir(trees) if f"{trees}/{name}" != own]
    if own != common:
        write.append(own)
        lock += [entry, *(f"{own}/{name}" for name in ("commondir", "gitdir", "config.worktree"))]
        absent.append(f"{own}/config.worktree")
    missing = [path for path in absent if not os.path.lexists(path)]
    read = [] if top == os.path.realpath(work) else [top]
    return list(there(write)), list(there(lock)), missing, list(there(read))


class Within(NamedTuple):
    """The repositories below the folder of a run: their heads, their git folders, what is locked of them, and absent."""

    heads: list[str]
    folders: list[str]
    lock: list[Place]
    absent: list[str]


def within(work: str, skip: Iterable[str] = ()) -> Within:
    """The repositories in a folder, and those of the submodules of its worktree. Raises ClodputerError, OSError."""
    top = f"{os.path.realpath(work)}/.git"
    heads = list(leftovers.repositories(os.path.realpath(work), skip))
    modules = f"{_pointed(top)}/modules" if os.path.isfile(top) else ""
    inner = [*(head for head in heads if head != top), *(leftovers.repositories(modules) if modules else ())]
    if len(inner) > MOST_REPOSITORIES:
        raise ClodputerError(
            "not_started",
            f"more than {MOST_REPOSITORIES} git repositories lie in {work}, and each would have to be guarded",
            "Name the folder that they are in under `write`, where they are the run's own.",
        )
    found = Within(heads, [], [], [])
    for head in inner:
        folder = leftovers.folder_of(head)
        if os.path.islink(folder) or not os.path.isdir(folder):
            found.lock.extend(there((head,)))
            continue
        for own, lock, absent in (_git_folder(folder, work), *map(_of_worktree, _worktrees(folder))):
            found.folders.extend(own)
            found.lock.extend(there(lock))
            found.absent.extend(path for path in absent if not os.path.lexists(path))
    return found


def _git_folder(folder: str, work: str) -> tuple[list[str], list[str], list[str]]:
    """Of one: what is written, what is not to be changed, and what must not come. Raises OSError."""
    if os.path.lexists(f"{folder}/commondir"):
        return _of_worktree(folder)
    for name in ("hooks", "info"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    included = [
        path for path in _included(folder) if below(path, folder) or below(path, os.path.realpath(work))
    ]
    lock = [*(f"{folder}/{name}" for name in _LOCKED), *included]
    return [folder], lock, [*(f"{folder}/{name}" for name in _ABSENT), *included]


def _of_worktree(folder: str) -> tuple[list[str], list[str], list[str]]:
    """The same of what a repository keeps of a worktree."""
    lock = [f"{folder}/{name}" for name in _LOCKED_OF_WORKTREE]
    return [folder], lock, [f"{folder}/config.worktree"]


def _worktrees(folder: str) -> list[str]:
    """What a git folder keeps of worktrees."""
    return [
        path for name in entries(f"{folder}/worktrees") if os.path.isdir(path := f"{folder}/worktrees/{name}")
    ]


def _included(folder: str) -> list[str]:
    """The files that the configuration in a git folder includes, whether they are there or not. Raises OSError."""
    found: list[str] = []
    waiting = [f"{folder}/config", f"{folder}/config.worktree"]
    while waiting and len(found) < _MOST_INCLUDED:
        config = waiting.pop()
        for value in gitplain.includes(config):
            path = os.path.realpath(os.path.join(os.path.dirname(config), os.path.expanduser(value)))
            if path not in found:
                found.append(path)
                waiting.append(path)
    return found


def _pointed(entry: str) -> str:
    """The folder that the file `.git` of a worktree or a submodule names."""
    line = _line(entry)
    path = line[len("gitdir: ") :] if line.startswith("gitdir: ") else ""
    return os.path.normpath(os.path.join(os.path.dirname(entry), path))


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read(4096).strip()
    except OSError:
        return "."
