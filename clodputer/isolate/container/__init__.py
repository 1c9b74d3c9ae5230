"""The resource `container`: everything of a run is started in containers without rights of their own, by podman or docker."""

# What it does with the engine is imported by the runs that have a container alone.
from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Optional

from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import Key
from clodputer.model.isolate import container
from clodputer.model.run import Launch
from clodputer.model.task import Task
from clodputer.store.git import trees
from clodputer.store.home import locate

KEYS: tuple[Key, ...] = container.KEYS
# An image may have to be built.
LATE, STAYS = True, False

# The codes of errors that keep a run from starting; reasons of the same names say whether it is tried again.
CANNOT, NOT_BUILT = "no_container", "image_build"

# What the engine's own program needs of our environment.
_CLIENTS = ("HOME", "PATH", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS")
_OF_DOCKER = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")


def plan(task: Optional[Task], environ: Mapping[str, str], run_id: str) -> Optional[dict[str, Any]]:
    """Which engine, which image and which name; None for a task without a container."""
    if task is None or not task.container.used:
        return None
    home, rule = locate(environ), task.container
    wanted = (*_CLIENTS, *(_OF_DOCKER if rule.engine == container.DOCKER else ()))
    return {
        **rule._asdict(),
        "name": container.name(run_id),
        "run_id": run_id,
        "task": task.name,
        "own": sorted(task.env),
        "client": {name: environ[name] for name in wanted if environ.get(name)},
        "record": trees.record_path(home, task.name, run_id) if task.in_worktree else "",
        # A claude finds its earlier sessions there, and nothing else of an earlier run.
        "config": config(home.containers, task.name) if task.agent == "claude" else "",
        "builds": home.containers,
    }


def config(folder: str, task: str) -> str:
    """The folder that claude has as its own in the containers of a task."""
    return f"{folder}/{task}"


def enter(token: Mapping[str, Any]) -> Prepared:
    """See to it that the engine works without root and that the image is there, building it where a Dockerfile is named.

    Raises ClodputerError (CANNOT, NOT_BUILT), OSError.
    """
    prepared: Prepared = import_module("clodputer.isolate.container.make").enter(token)
    return prepared


def around(facts: Mapping[str, Any], launch: Launch, use: str) -> Launch:
    """How a program is started in a container. facts: as `enter` has prepared them. use: one of USES, empty for the agent."""
    wrapped: Launch = import_module("clodputer.isolate.container.arguments").around(facts, launch, use)
    return wrapped


def undo(token: Mapping[str, Any]) -> None:
    """Remove the containers of the run with all that runs in them, and what a build has left. Never raises."""
    if os.path.isabs(str(token.get("builds", ""))):
        import_module("clodputer.isolate.container.make").undo(token)
