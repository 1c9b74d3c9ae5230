"""Confirmation: whether what a request asks for still holds, asked when all else is ready and the agent is to be started."""

from __future__ import annotations

from time import time
from typing import Optional

from clodputer.gates import github
from clodputer.model.gates.verdict import Refuse, Wait
from clodputer.model.outcome import Outcome, of
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History


def ask(context: Context, task: Task, request: Request, history: History) -> Optional[Outcome]:
    """How the run ends without its agent; None when that is to be started.

    A worktree that is fetched and a precheck can take minutes, in which an issue is edited or a label is taken away.
    """
    verdict = github.check(task, request, history, context, time())
    if isinstance(verdict, Refuse):
        return of("withdrawn", verdict.message)
    if isinstance(verdict, Wait):
        return of("not_confirmed", verdict.message)
    return None
