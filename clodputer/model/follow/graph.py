"""Which task sets which going, and the circles among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clodputer.model.follow.keys import LISTS, RUN
from clodputer.model.task import Task

Edges = Mapping[str, tuple[str, ...]]


def edges(tasks: Iterable[Task]) -> dict[str, tuple[str, ...]]:
    """For each task the tasks that its runs set going: those under its `run`, and those that name it under `after`."""
    found: dict[str, dict[str, None]] = {}
    for task in tasks:
        after = found.setdefault(task.name, {})
        for name in LISTS:
            after.update((str(item[RUN]), None) for item in task.follow.listed(name) if RUN in item)
        for item in task.follow.after:
            found.setdefault(str(item["task"]), {})[task.name] = None
    return {name: tuple(after) for name, after in found.items()}


def circle(start: str, edges: Edges) -> tuple[str, ...]:
    """The shortest way from a task back to itself, with it at both ends; empty when there is none."""
    came_from: dict[str, str] = {}
    reached = [start]
    while reached:
        following: list[str] = []
        for name in reached:
            for target in edges.get(name, ()):
                if target == start:
                    return _way(start, name, came_from)
                if target not in came_from:
                    came_from[target] = name
                    following.append(target)
        reached = following
    return ()


def _way(start: str, last: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    way = [start, last]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    # A task that sets itself going is there twice, not three times.
    return (start, start) if last == start else tuple(reversed(way))
