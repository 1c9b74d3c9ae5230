"""Mail: when a drain checks whether somebody must be notified, and sends what is due; no run waits for it."""

# What looks and sends is imported when somebody is to be notified of something: most homes tell nobody.
from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from time import time

from clodputer.model.task import Task
from clodputer.runner import fault
from clodputer.store.context import Context
from clodputer.store.files.doing import doing
from clodputer.store.outgoing import outbox
from clodputer.store.spool import idle

STEP = "mail"
# So long an exec waits at its end for what is being sent, in seconds: for as long as a postman may be there.
LONGEST = 35.0

_has_sent = False
# The names of what this process has had published, or tried to.
_published: set[str] = set()
# The process that drains, not one of those that it forks for its slots: what these leave behind would become ours, and would
# seem to belong to a run.
_drains = 0


def begin_drain() -> None:
    """From now on it is this process that sends."""
    global _drains
    _drains = os.getpid()


def wanted(context: Context) -> bool:
    """Whether anybody is to be notified of anything: by config.yaml, or as there was something before."""
    return bool(context.settings.notify or context.settings.ping or outbox.looks(context.home))


def begin(context: Context, task: Task) -> None:
    """Before a run of `task`: if nobody was notified of anything yet, know from now on what happens."""
    if (task.ping or wanted(context)) and not outbox.looks(context.home):
        _post(context)


def look(context: Context) -> None:
    """Put down what is to be reported. What goes wrong is logged."""
    if wanted(context):
        _post(context)


def send(context: Context) -> None:
    """Have what is due be sent, beside us. In a process of one slot it does nothing: the one that drains looks as well."""
    global _has_sent
    if os.getpid() == _drains and idle.has_due_letters(context.home, time()):
        _has_sent = True
        from clodputer.outbox import postman

        _contained(context, lambda: postman.start(context))


def is_publishing(context: Context) -> bool:
    """Have what is due be published, beside us; whether that goes on. In a process of one slot it does nothing."""
    if os.getpid() != _drains:
        return False
    due = set(idle.due_parcels(context.home, time()))
    if not due and not _published:
        return False
    from clodputer.outbox.publish import round as rounds

    if rounds.running():
        return True
    # Each is tried once by one exec: what could not be sent waits for another one.
    if due - _published:
        _published.update(due)
        _contained(context, lambda: rounds.start(context))
    return rounds.running()


def is_sending() -> bool:
    """Whether what this process has sent away is still on its way."""
    if not _has_sent:
        return False
    from clodputer.outbox import postman

    return postman.running()


def is_at_work() -> bool:
    """Whether anything is being sent or published beside us."""
    if os.getpid() != _drains:
        return False
    from clodputer.outbox.publish import round as rounds

    return is_sending() or (bool(_published) and rounds.running())


def end() -> None:
    """End what is still being sent or published. What is not known to have arrived is sent once more by another exec."""
    if not is_at_work():
        return
    from clodputer.outbox import postman
    from clodputer.outbox.publish import round as rounds

    postman.end()
    rounds.end()


def go_round(context: Context) -> bool:
    """Both, as far as there is something to do; whether something is on its way, and another round is to follow."""
    sending = is_sending()
    if wanted(context) and (not outbox.looks(context.home) or idle.has_letters(context.home, time())):
        _post(context)
    send(context)
    return sending or is_sending()


def _post(context: Context) -> None:
    from clodputer.outbox import post

    _contained(context, lambda: post.post(context, time()))


def _contained(context: Context, work: Callable[[], object]) -> None:
    """Do what must never keep a run from being done, whatever goes wrong in it, a full disk too: that is logged."""
    try:
        fault.reach(context, STEP)
        with doing("checking whether anybody must be notified", context.home.outbox):
            work()
    except Exception as error:  # noqa: BLE001
        with suppress(OSError):
            fault.report(context, error, STEP)
