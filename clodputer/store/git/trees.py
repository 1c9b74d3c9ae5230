"""Worktrees of runs as they are recorded: `trees/TASK/RUN.json`, written before `trees/TASK/RUN` is made, gone after it."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records import runs

# What was recorded of a tree last. PLANNED: it was being made, and no agent was in it. MADE: a run had it. KEPT: its run has
# ended. REMOVING: nothing in it counted, and git was about to remove it. REMOVED: it is gone, and so is its record.
PLANNED, MADE, KEPT, REMOVING, REMOVED = "planned", "made", "kept", "removing", "removed"
_END = ".json"
# Work that was discarded, as a bundle and a patch for each run.
DISCARDED = ".discarded"


class Tree(NamedTuple):
    """One worktree. All paths are absolute; times in epoch seconds.

    common: the git folder of the repository; top: a folder of it where git is called; admin: git's folder of this
    tree in `common`. folder: where in the tree the agent works. base: what the tree begins at, by name; commit: as a hash.
    keep, ttl: as the task says. why: in a word why it was kept, `undelivered`, `session`, `always`, `failed` or `unknown`.
    commits: that no remote has. changes: files that are changed, or that git does not know. problems: sentences on what else
    speaks against removing it. notes: what went otherwise than asked for. copied: files that were copied into it, with hashes.
    earlier: the runs that had it before, whose session this one went on with.
    """

    task: str
    run_id: str
    path: str
    common: str
    top: str
    branch: str
    base: str
    commit: str
    admin: str = ""
    folder: str = ""
    keep: str = ""
    ttl: float = 0.0
    state: str = PLANNED
    why: str = ""
    commits: int = 0
    changes: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    copied: Mapping[str, str] = {}
    earlier: tuple[str, ...] = ()
    made_at: float = 0.0
    ended_at: float = 0.0

    @property
    def undelivered(self) -> bool:
        """Whether it holds work that is nowhere else."""
        return self.state == KEPT and self.why == "undelivered"

    def to_json(self) -> dict[str, Any]:
        """As plain values; its keys are a promise to programs."""
        lists = {name: list(getattr(self, name)) for name in ("problems", "notes", "earlier")}
        return {**self._asdict(), **lists, "copied": dict(self.copied)}


def record_path(home: Home, task: str, run_id: str) -> str:
    """Where the worktree of a run is recorded."""
    return f"{home.trees}/{task}/{run_id}{_END}"


def tree_path(record: str) -> str:
    """Where the worktree lies that is recorded there, unless it is one that an earlier run had."""
    return record[: -len(_END)]


def run_of(record: str) -> str:
    """The run whose worktree is recorded there."""
    return os.path.basename(tree_path(record))


def read(record: str) -> Optional[Tree]:
    """What is recorded there; None when nothing is, or nothing that can be read. Raises OSError."""
    fields = runs.read_json(record)
    if fields is None:
        return None
    try:
        values = {name: fields[name] for name in Tree._fields if name in fields}
        for name in ("problems", "notes", "earlier"):
            values[name] = tuple(map(str, values.get(name, ())))
        tree = Tree(**values)
        sound = all(os.path.isabs(path) for path in (tree.path, tree.common, tree.top))
        return tree if sound and tree.run_id == run_of(record) else None
    except (TypeError, ValueError):
        return None


def write(home_of: str, tree: Tree) -> None:
    """Record a tree in the folder `trees` at `home_of`, so that it survives a power cut. Raises OSError."""
    folder = f"{home_of}/{tree.task}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    runs.write_json(f"{folder}/{tree.run_id}{_END}", tree.to_json(), durable=True)


def forget(home_of: str, tree: Tree) -> None:
    """Take away what is recorded of a tree that is gone, also under the names of runs that had it before. Raises OSError."""
    folder = f"{home_of}/{tree.task}"
    for run_id in (*tree.earlier, tree.run_id):
        atomic.remove(f"{folder}/{run_id}{_END}")
    try:
        os.rmdir(folder)
    except OSError:
        return


def records(trees: str) -> list[str]:
    """The paths of all records in the folder `trees`. Raises OSError."""
    return sorted(
        f"{trees}/{task}/{name}"
        for task in entries(trees)
        if not task.startswith(".")
        for name in entries(f"{trees}/{task}")
        if name.endswith(_END) and not name.startswith(".")
    )


def everything(home: Home) -> Iterator[Tree]:
    """All trees, by task and age; of one that several runs had, what the last of them recorded. Raises OSError."""
    found = [tree for tree in map(read, records(home.trees)) if tree is not None]
    replaced = {run_id for tree in found for run_id in tree.earlier}
    return (tree for tree in found if tree.run_id not in replaced)


def unexplained(home: Home) -> list[str]:
    """Folders in `trees/` and records there that belong to nothing we know. Raises OSError."""
    known = {tree.path for tree in everything(home)}
    found = []
    for task in entries(home.trees):
        if task.startswith("."):
            continue
        for name in entries(f"{home.trees}/{task}"):
            path = f"{home.trees}/{task}/{name}"
            if name.startswith("."):
                continue
            if name.endswith(_END):
                if read(path) is None:
                    found.append(path)
            elif path not in known:
                found.append(path)
    return sorted(found)


def of_session(trees: str, task: str, run_id: str) -> Optional[Tree]:
    """The tree that a run had, or that one had which went on with its session; the latest. Raises OSError."""
    folder = f"{trees}/{task}"
    for name in sorted(entries(folder), reverse=True):
        if name.endswith(_END) and not name.startswith("."):
            tree = read(f"{folder}/{name}")
            if tree is not None and run_id in (tree.run_id, *tree.earlier):
                return tree
    return None
