"""Mail: at which moments of a drain it is looked whether somebody is to be told, and sent what is due; no run waits for it."""

from __future__ import annotations

from time import time

from clodputer.model.task import Task
from clodputer.outbox import post, postman
from clodputer.runner import fault
from clodputer.store.context import Context
from clodputer.store.spool import idle

STEP = "mail"


def wanted(context: Context) -> bool:
    """Whether anybody is to be told of anything."""
    return post.wanted(context)


def begin(context: Context, task: Task) -> None:
    """Before a run of `task`: if nobody was told of anything yet, know from now on what happens. Raises OSError."""
    if not post.known(context) and (task.ping or post.wanted(context)):
        fault.contained(context, STEP, lambda: post.post(context, time(), task))


def look(context: Context) -> None:
    """Put down what is to be told. What goes wrong is logged. Raises OSError."""
    if post.wanted(context):
        fault.contained(context, STEP, lambda: post.post(context, time()))


def send(context: Context) -> None:
    """Have what is due be sent, beside us; to be called by the process that drains, not by those of its slots."""
    if idle.has_due_letters(context.home, time()):
        fault.contained(context, STEP, lambda: postman.start(context))


def go_round(context: Context) -> None:
    """Both, as far as there is something to do. Raises OSError."""
    if post.wanted(context) and (not post.known(context) or idle.has_letters(context.home, time())):
        look(context)
    send(context)
