"""What a run's containers need is made ready and undone: the engine is asked, the image built, the folders are named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from shutil import rmtree
from time import monotonic
from typing import Any, Optional

from clodputer.isolate.container import CANNOT, NOT_BUILT, engine
from clodputer.isolate.container.arguments import unfit
from clodputer.isolate.prepared import Prepared
from clodputer.isolate.worktree import pinned
from clodputer.model import container
from clodputer.model.errors import ClodputerError
from clodputer.store import git, gitplain, heed, trees
from clodputer.store.lock import Lock
from clodputer.store.trees import Tree

# What of a repository's git folder would make git outside do something: no container may write it.
_SHIELDED = ("config", "hooks", "info")
_OF_THE_TREE = ("commondir", "gitdir", "config.worktree")
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
    writable, readable = _folders(token["folder"], tree)
    for folder in (*writable, *readable, token["config"]):
        if folder and unfit(folder):
            raise ClodputerError(
                CANNOT,
                f"{folder} cannot be given to a container",
                "Rename it: no comma and no quotation mark.",
            )
    facts = {
        **{name: token[name] for name in ("name", "run_id", "engine", "network", "own", "client", "config")},
        "program": path,
        "image": image,
        "user": f"{os.getuid()}:{os.getgid()}",
        "writable": writable,
        "readable": readable,
    }
    return Prepared(within={"container": facts})


def undo(token: Mapping[str, Any]) -> None:
    """As the resource says. The token comes from a file that somebody may have edited: only what bears a name of ours goes."""
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


def _folders(folder: str, tree: Optional[Tree]) -> tuple[list[str], list[str]]:
    """What the container may write to, and what of that it may only read. Raises ClodputerError (CANNOT)."""
    if tree is None:
        real, own = os.path.realpath(folder), os.path.realpath(os.path.expanduser("~"))
        if real == "/" or own == real or own.startswith(f"{real}/"):
            raise ClodputerError(
                CANNOT,
                f"{folder} is not given to a container, as it is the home folder or holds it",
                "Set working_directory to a folder for this task alone, or isolation: worktree.",
            )
        return [folder], []
    shielded = [f"{tree.common}/{name}" for name in _SHIELDED]
    shielded += [f"{tree.admin}/{name}" for name in _OF_THE_TREE]
    return [tree.path, tree.common], [
        path for path in (*shielded, f"{tree.path}/.git") if os.path.lexists(path)
    ]


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
            NOT_BUILT, "another image has been built here all the time", "See: clodputer status"
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
