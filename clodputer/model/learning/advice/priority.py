"""Advice about `priority`: one step up or down for a task that stands out among those of its lane in work done per dollar."""

from __future__ import annotations

from clodputer.model.learning.advice.subject import Advice, Subject, named
from clodputer.model.learning.judged import is_judged
from clodputer.model.task import NORMAL


def look(subject: Subject) -> tuple[Advice, ...]:
    """Only for a task whose priority nobody has set, as that has its reason, and that does not adapt by itself."""
    worth, task = subject.worth, subject.task
    if worth is None or not worth.step or task.priority != NORMAL or task.adapt:
        return ()
    wanted = NORMAL + worth.step
    runs = [run for run in subject.runs if is_judged(run) and run.cost_usd is not None]
    return (
        Advice(
            task.name,
            "priority",
            "priority",
            wanted,
            False,
            task.priority,
            worth.words,
            len(runs),
            named(runs),
        ),
    )
