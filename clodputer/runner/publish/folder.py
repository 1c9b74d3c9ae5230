"""The folder for the intents of a run: laid out before the agent is started, and taken back when its processes are gone."""

from __future__ import annotations

from typing import Any

from clodputer.model.publish import marker
from clodputer.model.publish.check import MOST_COMMITS
from clodputer.model.publish.plan import bounds
from clodputer.model.publish.rule import repository_of
from clodputer.model.request import Request, item_of
from clodputer.model.task import Task
from clodputer.store.git import git
from clodputer.store.git.gitapart import without_login
from clodputer.store.outgoing import intents
from clodputer.store.records import runs


def begin(task: Task, request: Request, folder: str, temporary: str) -> None:
    """As `around.begin`, for a task that publishes. Raises OSError."""
    number = marker.number_of(item_of(request), repository_of(task.publish, task.triggers))
    intents.lay_out(temporary, bounds(task.publish, number))
    if task.publish.pushes:
        # Before the agent: afterwards the repository may say something else.
        runs.write_json(
            f"{folder}/{intents.REMOTE}", _remote(task.publish.remote, task.working_directory), durable=True
        )


def take_back(folder: str, temporary: str) -> None:
    """Keep what the run has left in its own folder. Raises OSError."""
    intents.keep(folder, intents.take_back(temporary))


def _remote(wanted: str, folder: str) -> dict[str, Any]:
    """The remote to push to: its name, its address without a login, and what it has; or what is wrong."""
    try:
        names = git.call(["remote"], folder).out.split()
        name = wanted or ("origin" if "origin" in names else names[0] if len(names) == 1 else "")
        if name not in names:
            why = f"has no remote {wanted}" if wanted else "has several remotes, none of them named origin"
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
