"""What the doctor looks at of containers: the engines and images that tasks name, and containers that belong to no run."""

from __future__ import annotations

import os

from clodputer.isolate.container import engine
from clodputer.model.isolate import container
from clodputer.model.text.plural import counted
from clodputer.store.spool import slot as slots
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok, problem


def containers(facts: Facts) -> list[Finding]:
    """Nothing is asked of an engine that no task names. Raises OSError."""
    found: list[Finding] = []
    tasks = [task for task in facts.tasks if task.container.used]
    client = {name: value for name, value in facts.environ.items() if not name.startswith("CLODPUTER_")}
    client.setdefault("PATH", os.defpath)
    for name in sorted({task.container.engine for task in tasks}):
        path = engine.program(name, client)
        trouble = engine.trouble(name, path, client)
        of_it = [task for task in tasks if task.container.engine == name]
        if trouble is not None:
            who = named([task.name for task in of_it])
            found += problem(
                "containers", f"{trouble.message}; these tasks do not start: {who}", trouble.remedy
            )
            continue
        for image in sorted({task.container.image for task in of_it if task.container.image}):
            if not engine.has_image(path, image, client):
                who = named([task.name for task in of_it if task.container.image == image])
                found += problem(
                    "containers",
                    f"{name} has no image {image}, which is needed by: {who}",
                    f"{name} pull {image}",
                )
        found += _left(facts, name, path, client)
    return found or (ok("containers", counted(len(tasks), "task")) if tasks else [])


def _left(facts: Facts, name: str, path: str, client: dict[str, str]) -> list[Finding]:
    """Containers of runs of this account that nobody is at, such as those of a home that was removed meanwhile."""
    there = engine.running(path, client)
    at_work = {container.name(inside.run_id) for _, inside in slots.at_work(facts.home)}
    left = [one for one in there if not any(one == run or one.startswith(f"{run}-") for run in at_work)]
    if not left:
        return []
    return note(
        "containers",
        f"{counted(len(left), 'container')} of runs that are not going on in this home: {named(left)}",
        f"If no other home has them: {name} rm --force NAME",
    )
