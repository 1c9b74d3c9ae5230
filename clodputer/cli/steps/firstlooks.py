"""The first look of triggers that look for themselves, taken as soon as there is a task: what comes afterwards is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import time

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task
from clodputer.runner.intake import sources
from clodputer.store.context import look


def first_looks(environ: Mapping[str, str], tasks: Iterable[Task]) -> list[str]:
    """Take them, of tasks that have none behind them; for people, what was there. Raises nothing: the next exec looks too."""
    try:
        context = look(environ)
        return [
            context.masker.text(f"{task}: {words}")
            for task, words in sources.first_looks(context, tasks, time())
        ]
    except (ClodputerError, OSError):
        return []  # a broken config.yaml or secrets.env, which is not what was asked about
