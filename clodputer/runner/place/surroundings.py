"""The surroundings of a task's programs beside its agent: its environment and its folder, with templates filled in."""

from __future__ import annotations

from typing import Any

from clodputer.model.task import Task, from_json, to_json
from clodputer.runner.prompt import texts
from clodputer.store.context import Context
from clodputer.store.taskfiles import limited


def of_task(context: Context, task: Task) -> Task:
    """A task with nothing but these. Raises ClodputerError, CannotRender."""
    small = Task(task.name, task.path, env=task.env, working_directory=task.working_directory)

    def fill() -> dict[str, Any]:
        return to_json(texts.render_task(small, context.environ, context.secrets))

    if texts.may_hold_templates(small):
        return from_json(limited.call(fill))
    return texts.render_task(small, context.environ, context.secrets)
