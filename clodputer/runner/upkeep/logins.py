"""Logins: an account that is on hold because its login was refused goes on by itself once the login has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable

from clodputer.model.agent import kind_of
from clodputer.model.gates.waiting import HOLD
from clodputer.model.run import Launch
from clodputer.model.task import Task
from clodputer.store import holds
from clodputer.store.context import Context


def watched(context: Context, task: Task, launch: Launch | None) -> dict[str, str]:
    """The files from which the login of a run came, each with how it looks now."""
    paths = [context.home.secrets, task.path]
    if launch is not None:
        kind = kind_of(task.agent)
        folder = launch.env.get(kind.config_folder) or f"{launch.env.get('HOME', '')}/{kind.folder}"
        paths += [os.path.join(folder, kind.login)] if kind.login else []
    return _stamps(paths)


def let_go(context: Context, now: float) -> None:
    """End the holds on accounts whose login has changed since, and wake what waited for that. Raises OSError."""
    for placed in holds.in_effect(context.home, now):
        before = placed.hold.watched
        if placed.target.scope == holds.ACCOUNT and before and _stamps(before) != dict(before):
            holds.lift(context.home, placed.target, placed.hold)
            # Imported here: that happens once in months, and it loads what a person can do to requests.
            from clodputer.runner.requests.holding import wake

            wake(context, HOLD)
            context.log(
                now,
                "resumed",
                scope=placed.target.scope,
                name=placed.target.name,
                reason=placed.hold.reason,
                message="The login has changed.",
            )


def _stamps(paths: Iterable[str]) -> dict[str, str]:
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_mtime_ns}.{found.st_size}.{found.st_ino}"
