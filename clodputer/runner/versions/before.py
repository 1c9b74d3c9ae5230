"""Before a run of claude: which claude it is started with, and whether that one still gives the task what it was tried with."""

from __future__ import annotations

from time import time
from typing import Union

from clodputer.model.gates.verdict import Wait
from clodputer.model.task import Task
from clodputer.runner.processes.stop import Stop
from clodputer.runner.versions.choose import choose
from clodputer.runner.versions.compare import compare
from clodputer.store.context import Context


def look(context: Context, task: Task, stop: Stop) -> Union[Context, Wait]:
    """The context with which a run of the task is started, or what its request is to wait for. Raises OSError."""
    chosen = choose(context, time())
    if isinstance(chosen, Wait):
        return chosen
    return compare(chosen, task, stop) or chosen
