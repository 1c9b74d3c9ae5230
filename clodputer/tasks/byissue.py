"""The prompt of a request from GitHub: by the labels of its issue, or by what has happened to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.model.github.rule import LABEL, RULES
from clodputer.model.request import Request, came_from
from clodputer.model.task import Task
from clodputer.store.program import templates

KIND = "github"
_SHIPPED = "github"


def fitted(task: Task, request: Request) -> Task:
    """The task with the prompt that this request gets; as it is for any other task and request.

    A label's request gets that of the first of the issue's labels that `prompts` names, else the task's own. One that a
    comment, a review or a failed check has made gets that of its rule, as it goes on with what was begun.
    Raises ClodputerError when the shipped prompts are missing.
    """
    if came_from(request) != KIND or not task.prompted:
        return task
    issue = request.context.get("issue")
    name = _chosen(_prompts(task), issue) if isinstance(issue, Mapping) else ""
    return task._replace(prompt="", prompt_file=path_of(task.path, name)) if name else task


def path_of(task_file: str, name: str) -> str:
    """Where a prompt lies: beside the task's file, or among those that are shipped. Raises ClodputerError."""
    own = os.path.join(os.path.dirname(task_file), name)
    if os.path.sep in name or os.path.lexists(own):
        return own
    shipped = f"{templates.folder()}/{_SHIPPED}/{name}"
    return shipped if os.path.isfile(shipped) else own


def _prompts(task: Task) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for trigger in task.triggers:
        if trigger.type == KIND:
            found.update(trigger.options.get("prompts") or {})
    return found


def _chosen(prompts: Mapping[str, str], issue: Mapping[str, Any]) -> str:
    asked = issue.get("asked")
    rule = asked.get("rule") if isinstance(asked, Mapping) else LABEL
    if rule != LABEL and rule in RULES:
        return prompts.get(str(rule), f"{rule}.md")
    labels = issue.get("labels")
    on_it = {str(label).lower() for label in labels} if isinstance(labels, list) else set()
    return next(
        (file for label, file in prompts.items() if label.lower() in on_it and label not in RULES), ""
    )
