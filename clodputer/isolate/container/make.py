"""What a run's containers need is made ready and undone: the engine is asked, the image built, the folders are named."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from shutil import rmtree
from time import monotonic
from typing import Any, NamedTuple, Optional

from clodputer.isolate.container import CANNOT, NOT_BUILT, engine
from clodputer.isolate.container.arguments import unfit
from clodputer.isolate.prepared import Prepared
from clodputer.isolate.sandbox import aside, guarded, leftovers
from clodputer.isolate.worktree import pinned
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate import container
from clodputer.model.isolate.sandbox.plan import below
from clodputer.store.git import git, gitplain, trees
from clodputer.store.git.trees import Tree
from clodputer.store.lock import Lock
from clodputer.store.processes import heed

# Of the folder that claude has for itself, what stays from run to run: its sessions.
_KEPT = ("projects",)
_GLANCE = 0.1


def enter(token: Mapping[str, Any]) -> Prepared:
    """As the resource says. Raises ClodputerError (CANNOT, NOT_BUILT), OSError."""
    client = token["client"]
    path = engine.program(token["engine"], client)
    found = engine.trouble(token["engine"], path, client)
    if found is not None:
        raise ClodputerError(CANNOT, found.message, found.remedy)
    tree = trees.read(token["record"]) if token["record"] else None
    image = _built(token, path, tree) if token["dockerfile"] else token["image"]
    if not token["dockerfile"] and not engine.has_image(path, image, client):
        raise ClodputerError(
            CANNOT, f"{token['engine']} has no image {image}", f"Fetch it: {token['engine']} pull {image}"
        )
    if token["config"]:
        _empty(token["config"])
    folders = _folders(token["folder"], tree)
    for folder in (*folders.writable, *folders.readable, token["config"]):
        if folder and unfit(folder):
            raise ClodputerError(
                CANNOT,
                f"{folder} cannot be given to a container",
                "Rename it: no comma and no quotation mark.",
            )
    # Noted before any of it can be needed.
    os.makedirs(token["builds"], mode=0o700, exist_ok=True)
    with open(_notes(token), "w", encoding="utf-8") as file:
        json.dump({"made": folders.made, "absent": folders.absent, "before": folders.before}, file)
    for made in folders.made:
        os.makedirs(made, exist_ok=True)
    facts = {
        **{name: token[name] for name in ("name", "run_id", "engine", "network", "own", "client", "config")},
        "program": path,
        "image": image,
        "user": f"{os.getuid()}:{os.getgid()}",
        "writable": list(folders.writable),
        "readable": list(folders.readable),
    }
    return Prepared(within={"container": facts})


def undo(token: Mapping[str, Any]) -> None:
    """As the resource says. The token comes from a file that somebody may have edited: only what has one of our names goes."""
    client = {str(name): str(value) for name, value in dict(token.get("client") or {}).items()}
    names = container.names(str(token.get("name", "")))
    which = str(token.get("engine", ""))
    if names and which in (container.PODMAN, container.DOCKER):
        path = engine.program(which, client)
        with suppress(OSError):
            if path:
                engine.remove(path, which, names, client)
    if names:
        rmtree(_context(token), ignore_errors=True)
        _tidy(_notes(token))


class _Folders(NamedTuple):
    """Of this machine: what the container may write to, and what of that it may only read.

    made: folders that are made for that. absent: what must not come, and is put aside at the end.
    before: what was there of git's own files.
    """

    writable: tuple[str, ...]
    readable: tuple[str, ...]
    made: tuple[str, ...]
    absent: tuple[str, ...]
    before: Mapping[str, Any]


def _folders(folder: str, tree: Optional[Tree]) -> _Folders:
    """Raises ClodputerError (CANNOT), OSError."""
    work = tree.path if tree is not None else os.path.realpath(folder)
    if tree is None:
        own = os.path.realpath(os.path.expanduser("~"))
        if work == "/" or below(own, work):
            raise ClodputerError(
                CANNOT,
                f"{folder} is not given to a container, as it is the home folder or holds it",
                "Set working_directory to a folder for this task alone, or isolation: worktree.",
            )
    lock, made, absent = guarded.settings_of_agents(work, [])
    write, more_locked, more_absent, _ = guarded.git(work)
    inner = guarded.within(work)
    # Each in a place of its own, so that it cannot be moved away with what is locked in it.
    shared = [place.real for place in write if tree is not None or below(place.real, work)]
    shared += [folder for folder in inner.folders if tree is not None or below(folder, work)]
    inside = (work, *shared)
    locked = [
        place for place in (*lock, *more_locked, *inner.lock) if any(below(place.path, one) for one in inside)
    ]
    for place in locked:
        if os.path.islink(place.path):
            raise ClodputerError(
                CANNOT,
                f"{place.path} is a link, which a run in a container could replace",
                "Put what it leads to in its place.",
            )

    def seen(path: str) -> str:
        return folder + path[len(work) :] if tree is None and below(path, work) else path

    return _Folders(
        tuple(dict.fromkeys(map(seen, (work, *shared)))),
        tuple(dict.fromkeys(seen(place.path) for place in locked)),
        tuple(made),
        (
            *absent,
            *(path for path in (*more_absent, *inner.absent) if any(below(path, one) for one in inside)),
        ),
        leftovers.before(work, shared, inner.heads),
    )


def _empty(config: str) -> None:
    """Take away what an earlier run may have put there for the next one to obey: settings, hooks, plugins. Raises OSError."""
    os.makedirs(f"{config}/projects", mode=0o700, exist_ok=True)
    for name in os.listdir(config):
        path = f"{config}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            if name not in _KEPT:
                rmtree(path)
        else:
            os.unlink(path)
    # A link would lead somewhere else.
    os.makedirs(f"{config}/projects", mode=0o700, exist_ok=True)


def _tidy(path: str) -> None:
    """Put aside what a run must not have made, remove what was made for it alone, and forget both."""
    try:
        with open(path, encoding="utf-8") as file:
            notes = json.load(file)
    except (OSError, ValueError):
        return
    if isinstance(notes, dict):
        aside.put_aside(map(str, notes.get("absent") or ()))
        leftovers.after(notes.get("before") or {})
        for made in map(str, notes.get("made") or ()):
            with suppress(OSError):
                os.rmdir(made)  # one that something was put into stays
    with suppress(OSError):
        os.unlink(path)


def _notes(token: Mapping[str, Any]) -> str:
    return f"{token['builds']}/.{token['name']}.json"


def _context(token: Mapping[str, Any]) -> str:
    return f"{token['builds']}/.{token['name']}"


def _built(token: Mapping[str, Any], path: str, tree: Optional[Tree]) -> str:
    """The image that the Dockerfile of the tree's base makes, built if there is none of these files yet.

    Raises ClodputerError (CANNOT, NOT_BUILT), OSError.
    """
    if tree is None:
        raise ClodputerError(CANNOT, "the record of the worktree is gone", "See: clodputer doctor")
    folder, _, name = str(token["dockerfile"]).rpartition("/")
    files = _id(tree, f"{tree.commit}:{folder}")
    if not files or not _id(tree, f"{tree.commit}:{token['dockerfile']}"):
        raise ClodputerError(
            CANNOT, f"{tree.base} has no {token['dockerfile']}", "Commit it, or correct `dockerfile`."
        )
    image = container.tag(token["task"], sha256(f"{files} {name}".encode()).hexdigest()[:24])
    os.makedirs(token["builds"], mode=0o700, exist_ok=True)
    give_up = monotonic() + token["build_timeout"]
    # Held by the build as well: if we are killed, the next one waits for its end, and finds the image.
    lock, context = Lock(f"{token['builds']}/.build.lock"), _context(token)
    if not lock.wait(token["build_timeout"], _GLANCE, heed.check):
        raise ClodputerError(
            NOT_BUILT, "another image has been building here all the time", "See: clodputer status"
        )
    try:
        if engine.has_image(path, image, token["client"]):
            return image
        _lay_out(tree, files, context)
        left = max(1.0, give_up - monotonic())
        argv = (path, "build", "--tag", image, "--file", f"{context}/{name}", context)
        said = engine.call(argv, token["client"], left, lock.descriptor)
    finally:
        lock.release()
        rmtree(context, ignore_errors=True)
    if said.status:
        raise ClodputerError(
            NOT_BUILT,
            f"the image of {token['dockerfile']} could not be built: {said.why}",
            f"Try it by hand: {token['engine']} build --file {token['dockerfile']} {folder or '.'}",
        )
    return image


def _id(tree: Tree, name: str) -> str:
    said = pinned.shared(tree, "rev-parse", "--verify", "--quiet", name)
    return said.out.strip() if said.status == 0 else ""


def _lay_out(tree: Tree, files: str, context: str) -> None:
    """Write the files that a build may see, as the base has them: whatever a run has changed since is not there."""
    rmtree(context, ignore_errors=True)
    os.mkdir(context, 0o700)
    where = gitplain.variables(tree.common, tree.common, pinned.cache(pinned.of(tree)), context)
    index = {**where, "GIT_INDEX_FILE": f"{context}.index"}
    try:
        for arguments in (["read-tree", files], ["checkout-index", "--all", f"--prefix={context}/"]):
            said = git.call(arguments, context, git.WRITE, index)
            if said.status:
                raise ClodputerError(NOT_BUILT, f"the files for the image could not be written: {said.why}")
    finally:
        with suppress(OSError):
            os.unlink(f"{context}.index")
