"""Sharing: runs of claude that use one configuration folder go on side by side where version and login allow it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NamedTuple, Optional

from clodputer.agents.claude import locate_binary
from clodputer.agents.claude.sharing import SHARES_SINCE, folder, login_rotates
from clodputer.agents.environment import USUAL_PATH
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import LOGIN
from clodputer.model.numbers.digest import digest
from clodputer.model.task import Task
from clodputer.runner.versions import ask
from clodputer.store.context import Context
from clodputer.store.lock import Lock
from clodputer.store.spool import find, layout, queue
from clodputer.store.spool.find import Found
from clodputer.store.spool.requests import waits

# How long a request waits that nobody wakes, in seconds.
LATER = 60.0


class Held(NamedTuple):
    """The right to use a folder. alone: nobody else uses it now."""

    lock: Lock
    alone: bool


def take(context: Context, task: Task) -> Held:
    """Use the folder of a task's runs, alone or with others, until the lock is released; for whoever has the turn.

    Raises OSError.
    """
    os.makedirs(_folder(context), mode=0o700, exist_ok=True)
    name = folder(task, {**context.environ, **context.secrets})
    lock = Lock(f"{_folder(context)}/{digest(name.encode('utf-8', 'replace'), 8)}.lock")
    alone = lock.acquire()
    if alone:
        lock.share()
    else:
        lock.acquire(shared=True)
    return Held(lock, alone)


def hindrance(context: Context, task: Task) -> Optional[Wait]:
    """Why a task's run cannot use its folder beside others; None when it can. May start `claude --version`. Raises OSError."""
    known = {**context.environ, **context.secrets}
    until_then = "Another run uses the same configuration folder of claude"
    if login_rotates(task, known, sys.platform):
        return Wait(
            None,
            LOGIN,
            f"{until_then}, whose login each run renews: of two at once, one would lose it.",
        )
    try:
        version = ask.of(
            context, locate_binary(context.settings.claude, known.get("PATH", USUAL_PATH), known["HOME"])
        )
    except (ClodputerError, KeyError, OSError):
        version = ""
    if version and ask.numbers(version) >= SHARES_SINCE:
        return None
    needed = ".".join(map(str, SHARES_SINCE))
    return Wait(
        None,
        LOGIN,
        f"{until_then}, and claude {version or 'of an unknown version'} is older than {needed}, the first "
        f"version that can share it.",
    )


def give_back(context: Context, held: Held) -> None:
    """Leave the folder, and wake who waits for it. Never raises: they are asked about again in any case."""
    held.lock.release()
    with suppress(OSError):
        wake(context)


def expect(context: Context, wait: Wait, now: float) -> Wait:
    """Note that somebody waits to be woken by `wake`; the same wait with an end. Raises OSError."""
    os.close(os.open(_waited_for(context), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return wait._replace(until=now + LATER)


def wake(context: Context) -> None:
    """Let the first of the requests that wait for a folder be asked about again, as a run has left one. Raises OSError."""
    if not os.path.lexists(_waited_for(context)):
        return
    waiting = [
        (one.place._replace(microseconds=kept.order).turn, one.id, one)
        for lane in layout.lanes(context.home)
        for one in find.delayed(context.home, lane)
        for kept in [waits.read(context.home, lane, one.id)]
        if one.place is not None and kept is not None and kept.reason == LOGIN
    ]
    if waiting:
        first: Found = min(waiting)[-1]
        queue.wake(context.home, first.lane, lambda kept: kept.reason == LOGIN, first.id)


def _folder(context: Context) -> str:
    return f"{context.home.ledger}/logins"


def _waited_for(context: Context) -> str:
    return f"{_folder(context)}/waited-for"
