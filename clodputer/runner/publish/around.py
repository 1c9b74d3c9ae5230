"""Around a run: its folder for intents is laid out before the agent is started, and taken back when its processes are gone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from clodputer.model.publish import marker
from clodputer.model.publish.check import MOST_COMMITS
from clodputer.model.publish.plan import bounds
from clodputer.model.publish.rule import repository_of
from clodputer.model.request import Request, item_of
from clodputer.model.task import Task
from clodputer.store import git, intents, runs
from clodputer.store.context import Context
from clodputer.store.gitapart import without_login


def begin(task: Task, request: Request, folder: str, temporary: str) -> None:
    """Make what a run of the task needs to leave intents, and note where its commits would go. Raises OSError.

    task: with its working directory as the agent has it.
    """
    if not task.publish.kinds:
        return
    number = marker.number_of(item_of(request), repository_of(task.publish, task.triggers))
    intents.lay_out(temporary, bounds(task.publish, number))
    if task.publish.pushes:
        # Before the agent: afterwards the repository may say something else.
        runs.write_json(
            f"{folder}/{intents.REMOTE}", _remote(task.publish.remote, task.working_directory), durable=True
        )


def take_back(task: Task, folder: str, temporary: str) -> None:
    """Keep what the run has left in its own folder. Raises OSError."""
    if task.publish.kinds:
        intents.keep(folder, intents.take_back(temporary))


def salvage(folder: str, temporary: str) -> None:
    """The same for a run whose exec was killed: nothing of it is sent, and it can be read. Never raises."""
    if (
        temporary
        and os.path.isdir(intents.path(temporary))
        and not os.path.lexists(f"{folder}/{intents.KEPT}")
    ):
        try:
            intents.keep(folder, intents.take_back(temporary))
        except OSError:
            return


def conclude(
    context: Context, task: Task, request: Request, record: Mapping[str, Any], result: Any
) -> dict[str, Any]:
    """The record, with what its run wants published held against the rules of its task. Raises OSError."""
    if not task.publish.kinds:
        return dict(record)
    # What it does with git is loaded for tasks that publish alone.
    done: dict[str, Any] = import_module("clodputer.runner.publish.broker").with_publication(
        context, task, request, record, result
    )
    return done


def _remote(wanted: str, folder: str) -> dict[str, Any]:
    """The remote to push to: its name, its address without a login, and what it has; or what is wrong."""
    try:
        names = git.call(["remote"], folder).out.split()
        name = wanted or ("origin" if "origin" in names else names[0] if len(names) == 1 else "")
        if name not in names:
            why = f"has no remote {wanted}" if wanted else "has no remote origin, and not just one"
            return {"problem": f"The repository of {folder} {why}."}
        return {"name": name, "url": without_login(address(folder, name)), **_unsent(folder)}
    except git.Missing:
        return {"problem": "There is no git in PATH."}


def _unsent(folder: str) -> dict[str, Any]:
    """How many commits that are there already no remote has, as far as the repository knows, and where they begin.

    They would be sent along with those of the run. Raises OSError, git.Missing.
    """
    said = git.call(["rev-list", "--count", "HEAD", "--not", "--remotes"], folder)
    number = int(said.out.strip() or 0) if said.status == 0 else 0
    if not 0 < number <= MOST_COMMITS:
        return {"unsent": number, "since": []}
    lines = git.call(["rev-list", "--boundary", "HEAD", "--not", "--remotes"], folder).out.split()
    return {"unsent": number, "since": [line[1:] for line in lines if line.startswith("-")]}


def address(folder: str, name: str) -> str:
    """Where the remote is pushed to by the settings of a repository, as they are now. Raises OSError, git.Missing."""
    for key in ("pushurl", "url"):
        said = git.call(["config", "--get", f"remote.{name}.{key}"], folder)
        if said.status == 0:
            return said.out.strip("\n")
    return ""
