"""What is wrong among the task files of a home: follow-ups that name no task, and tasks that run in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from clodputer.model.follow import graph
from clodputer.model.follow.keys import LISTS, RUN
from clodputer.model.task import Task
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.taskfiles.problems import Path


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
        way = f"the tasks would run in a circle: {' -> '.join(circle)}; remove one of these links"
        for path, name, before in _named(task):
            if name not in known:
                yield task.name, Fault(path, f"there is no task {name!r}{did_you_mean(name, known)}")
            elif circle and name == circle[-2 if before else 1]:
                yield task.name, Fault(path, way)


def _named(task: Task) -> Iterator[tuple[Path, str, bool]]:
    """The other tasks that a task names: where, the name, and whether that one runs before it."""
    for name in LISTS:
        for place, item in enumerate(task.follow.listed(name)):
            if RUN in item:
                yield (name, place, RUN), str(item[RUN]), False
    for place, item in enumerate(task.follow.after):
        yield ("after", place, "task"), str(item["task"]), True
