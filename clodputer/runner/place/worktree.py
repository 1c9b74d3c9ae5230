"""The worktree of a run at its end: what becomes of it by what follows the run, told in the record and in the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Optional

from clodputer import isolate
from clodputer.isolate import Planned, worktree
from clodputer.isolate.prepared import Prepared
from clodputer.model.errors import ClodputerError
from clodputer.model.outcome import BLAMELESS
from clodputer.model.run import Report
from clodputer.model.runs.attempts import Attempts
from clodputer.model.task import Task
from clodputer.model.text.plural import counted
from clodputer.runner import fault
from clodputer.runner.processes.leftovers.hunt import hunt
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.folder import entries
from clodputer.store.git import git, trees
from clodputer.store.git.trees import Tree
from clodputer.store.processes import heed

# By this variable what was started for a run is found.
RUN_ID = "CLODPUTER_RUN_ID"
# Variables of git that a run may have: who it is, and how it reaches others. All others could make it use another repository.
_HARMLESS = (
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_SSL_",
    "GIT_SSH",
    "GIT_TERMINAL_PROMPT",
    "GIT_ASKPASS",
    "GIT_LFS_SKIP_SMUDGE",
)


def without_git(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of an agent without the variables by which git would leave the worktree."""
    return {
        name: value
        for name, value in env.items()
        if not name.startswith("GIT_") or name.startswith(_HARMLESS)
    }


class Arrival(NamedTuple):
    """A run that is about to settle in.

    continues: the run whose session is gone on with, and whose tree is taken over if it is still there; empty for none.
    published: the branch of the remote that a new tree begins at, if it is there; empty for the task's base.
    """

    request_id: str
    run_id: str
    planned: tuple[Planned, ...]
    stop: Stop
    continues: str = ""
    published: str = ""


def settle_in(context: Context, run: Arrival, folder: str) -> Prepared:
    """Enter what takes long, for a task whose working directory is `folder`; the one to work in instead, and variables.

    It ends as the run would when that is cancelled, or when we are told to stop: nothing of it goes on then.

    Raises ClodputerError, OSError.
    """
    late = [planned for planned in run.planned if isolate.late(planned)]
    if not late:
        return Prepared()
    try:
        with heed.heeding(lambda: run.stop.reason or run.stop.asked(), {RUN_ID: run.run_id}):
            return _entered(context, run, late, folder)
    except heed.Interrupted:
        # An engine of containers starts processes outside its own group.
        hunt(run.run_id, {}, ())
        raise


def _entered(context: Context, run: Arrival, late: Iterable[Planned], folder: str) -> Prepared:
    chosen = ""
    environ: dict[str, str] = {}
    within: dict[str, Mapping[str, Any]] = {}
    for planned in late:
        fault.reach(context, "isolate", run.request_id)
        token = {
            **planned.token,
            "folder": folder,
            "continues": run.continues,
            "published": run.published,
        }
        prepared = isolate.enter(planned._replace(token=token))
        chosen = prepared.working_directory or chosen
        environ.update(prepared.environ)
        within.update(prepared.within)
    return Prepared(working_directory=chosen, environ=environ, within=within)


def close(
    context: Context,
    task: Task,
    run_id: str,
    attempts: Attempts,
    report: Report,
    effects: Sequence[Mapping[str, Any]],
    now: float,
) -> Optional[dict[str, Any]]:
    """Remove a run's tree or keep it, by what follows the run; what the record says of it, None when it had none."""
    if not task.in_worktree:
        return None
    record = trees.record_path(context.home, task.name, run_id)
    failed = report.outcome.outcome not in BLAMELESS
    try:
        tree = worktree.close(record, session=goes_on(effects, attempts), failed=failed)
    except (OSError, git.Missing, ClodputerError) as error:
        context.log(now, "worktree_left", task=task.name, run_id=run_id, message=f"{error}")
        tree = trees.read(record)
    # Of commits that are about to be pushed it is told only when they are not (runner/publish/broker.py).
    return _told(context, tree, now, quietly=task.publish.pushes)


def sweep(context: Context, now: float) -> None:
    """Remove the kept trees that are due to go. Raises OSError."""
    if entries(context.home.trees):
        # What it does with git is loaded where there are trees alone.
        import_module("clodputer.runner.place.reclaim").sweep(context, now)


def left(context: Context, task: str, run_id: str, now: float) -> Optional[dict[str, Any]]:
    """What the record of a run that was cut off says of its tree, after that was undone; None when none is left."""
    return _told(context, trees.read(trees.record_path(context.home, task, run_id)), now)


def goes_on(effects: Sequence[Mapping[str, Any]], attempts: Attempts) -> bool:
    """Whether the request comes back with the session of this run, by the effects that follow it."""
    for effect in effects:
        if effect["effect"] == "put_back":
            return bool(attempts.session)
        if effect["effect"] in ("retry", "park"):
            return bool((effect.get("attempts") or {}).get("session"))
    return False


def words(tree: Tree) -> str:
    """What a tree holds that is nowhere else, as a clause."""
    parts = [counted(tree.commits, "commit")] if tree.commits else []
    parts += [counted(tree.changes, "changed file")] if tree.changes else []
    return " and ".join(parts) or " ".join(tree.problems) or "nothing that is not elsewhere"


def _told(
    context: Context, tree: Optional[Tree], now: float, *, quietly: bool = False
) -> Optional[dict[str, Any]]:
    if tree is None:
        return None
    if not quietly:
        tell(context, tree, now)
    return summary(tree)


def tell(context: Context, tree: Tree, now: float) -> None:
    """Log that a tree holds work that is nowhere else, if it does. Raises OSError."""
    if tree.undelivered:
        message = f"No remote has the work in {tree.path} (branch {tree.branch}): {words(tree)}."
        context.log(now, "work_kept", task=tree.task, run_id=tree.run_id, path=tree.path, message=message)


def summary(tree: Tree) -> dict[str, Any]:
    """What a record says of a tree; its keys are a promise to programs."""
    keys = ("path", "branch", "base", "commit", "state", "why", "commits", "changes")
    return {
        **{key: getattr(tree, key) for key in keys},
        "undelivered": tree.undelivered,
        "problems": list(tree.problems),
        "notes": list(tree.notes),
    }
