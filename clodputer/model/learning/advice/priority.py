"""Advice about `priority`: one step up or down for a task that stands out among those of its lane in work done per dollar."""

from __future__ import annotations

from clodputer.model.learning.advice.subject import Advice, Subject, named
from clodputer.model.learning.judged import is_judged
from clodputer.model.task import PRIORITIES

# Between `low` and `high`: the least and the greatest are a person's to give.
_LOWEST, _HIGHEST = PRIORITIES["low"], PRIORITIES["high"]


def look(subject: Subject) -> tuple[Advice, ...]:
    """From the priority that the task has now."""
    worth, task = subject.worth, subject.task
    if worth is None or not worth.step:
        return ()
    wanted = task.priority + worth.step
    if not _LOWEST <= wanted <= _HIGHEST:
        return ()
    runs = [run for run in subject.runs if is_judged(run) and run.cost_usd is not None]
    return (
        Advice(
            task.name, "priority", "priority", wanted, False, task.priority, worth.words, len(runs), named(runs)
        ),
    )
