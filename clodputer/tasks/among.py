"""What is wrong among the task files of a home: follow-ups that name no task, and tasks that run in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from clodputer.model.follow import graph
from clodputer.model.follow.keys import LISTS, RUN
from clodputer.model.suggest import did_you_mean
from clodputer.model.task import Task
from clodputer.store.tasks.problems import Path


class Fault(NamedTuple):
    """What is wrong, and where: the path of keys in the file."""

    path: Path
    message: str


def faults(tasks: Iterable[Task], names: Iterable[str]) -> Iterator[tuple[str, Fault]]:
    """What is wrong among the tasks, each with the name of the task whose file says so. names: those of broken files, too."""
    tasks, known = tuple(tasks), sorted(set(names))
    edges = graph.edges(tasks)
    for task in tasks:
        circle = graph.circle(task.name, edges)
        for name in LISTS:
            for place, item in enumerate(task.follow.listed(name)):
                target = str(item.get(RUN, ""))
                if target and target not in known:
                    yield (
                        task.name,
                        Fault(
                            (name, place, RUN), f"there is no task {target!r}{did_you_mean(target, known)}"
                        ),
                    )
                elif len(circle) > 1 and target == circle[1]:
                    way = " -> ".join(circle)
                    yield (
                        task.name,
                        Fault(
                            (name, place, RUN), f"the tasks would run in a circle: {way}; cut it somewhere"
                        ),
                    )
