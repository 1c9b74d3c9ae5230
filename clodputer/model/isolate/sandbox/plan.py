"""What a sandboxed run sees: the mounts of its file system as data, from the task's rule and from how the paths really are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

# Raised when the plan becomes another one: what the preflight found out of an earlier plan no longer counts then.
VERSION = 1

# How a path is there: to be read, to be changed, to be read although what is around it may be changed, or hidden.
READ, WRITE, LOCK, HIDE = "read", "write", "lock", "hide"
_RANK = {READ: 0, WRITE: 1, LOCK: 2, HIDE: 3}

# Whatever is below these belongs to the system, and no task makes it writable.
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/boot",
    "/dev",
    "/proc",
    "/sys",
    "/run",
)


class Place(NamedTuple):
    """A path as it is: absolute, and where it leads when all links are followed; `folder`: a folder is there."""

    path: str
    real: str
    folder: bool = True


class Mount(NamedTuple):
    """One thing that is put at `path`: the `source`, in the way of `kind`. folder: it is one, and no file."""

    kind: str
    path: str
    source: str
    folder: bool = True


class Surroundings(NamedTuple):
    """All that a plan is made from. Every place exists.

    system: of the system, to be read. links: paths of the system that are links, with their targets. home: the home folder
    of the run; private: (path, folder outside) of all that is the run's alone. write, read, hide: of the task, of its agent and
    of the run. lock: what is not to be changed inside those, unless the task names it itself (`given`). hidden: what nobody
    is ever shown: the home of Clodputer, and the folders of logins.
    """

    home: Place
    system: tuple[Place, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    private: tuple[tuple[str, str], ...] = ()
    write: tuple[Place, ...] = ()
    given: tuple[Place, ...] = ()
    read: tuple[Place, ...] = ()
    hide: tuple[Place, ...] = ()
    lock: tuple[Place, ...] = ()
    hidden: tuple[Place, ...] = ()


def below(path: str, folder: str) -> bool:
    """Whether a path is in a folder, or is that folder."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def fault(around: Surroundings, trees: Sequence[str]) -> str:
    """Why no sandbox can be made of this, as a clause; empty when it can. trees: folders of runs, inside what is hidden."""
    for place in (*around.write, *around.given):
        for path in (place.path, place.real):
            for home in (around.home.path, around.home.real):
                if below(home, path):
                    return f"{path} is the home folder or above it; a run that may change it is not enclosed"
            if path == "/" or any(below(path, folder) for folder in SYSTEM):
                return f"{path} belongs to the system"
            for hidden in around.hidden:
                inside = below(path, hidden.real) and not any(below(path, tree) for tree in trees)
                if inside or below(hidden.real, path):
                    return f"{path} and {hidden.real}, which no run may see, are one inside the other"
    for place in around.read:
        if place.path == "/" or place.real == "/":
            return "/ holds everything, and a run that may read it is not enclosed"
        for hidden in around.hidden:
            if below(place.real, hidden.real) and not any(below(place.real, tree) for tree in trees):
                return f"{place.path} is in {hidden.real}, which no run may see"
    return ""


def mounts(around: Surroundings) -> tuple[Mount, ...]:
    """In the order in which they are made: the outer ones first, so that of two the inner one counts.

    Of two at one path what hides comes before what locks, that before what may be changed, and that before what may be read.
    A path by which something is reached through links is there as well as the one it leads to.
    """
    given = {path for place in around.given for path in (place.path, place.real)}
    lock = [place for place in around.lock if place.real not in given]
    found: dict[str, Mount] = {}
    for kind, places in (
        (READ, (*around.system, *around.read)),
        (WRITE, (*around.write, *around.given)),
        (LOCK, lock),
    ):
        _add(found, kind, places)
    for path, source in around.private:
        found[path] = Mount(WRITE, path, source)
    seen = [mount.path for mount in found.values()]
    shown = [
        place for place in (*around.hidden, *around.hide) if any(below(place.real, path) for path in seen)
    ]
    _add(found, HIDE, shown)
    return tuple(sorted(found.values(), key=lambda mount: (mount.path.rstrip("/").count("/"), mount.path)))


def _add(found: dict[str, Mount], kind: str, places: Iterable[Place]) -> None:
    for place in places:
        for path in dict.fromkeys((place.real, place.path)):
            there = found.get(path)
            if there is None or _RANK[kind] >= _RANK[there.kind]:
                found[path] = Mount(kind, path, place.real, place.folder)
