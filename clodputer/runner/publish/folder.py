"""The folder for the intents of a run: laid out before the agent is started, and taken back when its processes are gone."""

from __future__ import annotations

from clodputer.model.publish import marker
from clodputer.model.publish.plan import bounds
from clodputer.model.publish.rule import repository_of
from clodputer.model.request import Request, item_of
from clodputer.model.task import Task
from clodputer.store import git, intents, runs
from clodputer.store.gitapart import without_login


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


def _remote(wanted: str, folder: str) -> dict[str, str]:
    """The remote to push to: its name, and its address without a login; or what is wrong."""
    try:
        names = git.call(["remote"], folder).out.split()
        name = wanted or ("origin" if "origin" in names else names[0] if len(names) == 1 else "")
        if name not in names:
            why = f"has no remote {wanted}" if wanted else "has no remote origin, and not just one"
            return {"problem": f"The repository of {folder} {why}."}
        return {"name": name, "url": without_login(address(folder, name))}
    except git.Missing:
        return {"problem": "There is no git in PATH."}


def address(folder: str, name: str) -> str:
    """Where the remote is pushed to by the settings of a repository, as they are now. Raises OSError, git.Missing."""
    for key in ("pushurl", "url"):
        said = git.call(["config", "--get", f"remote.{name}.{key}"], folder)
        if said.status == 0:
            return said.out.strip("\n")
    return ""
