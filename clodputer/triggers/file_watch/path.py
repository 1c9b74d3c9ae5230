"""The path that a watching trigger names, with templates and `~` in it filled in."""

from __future__ import annotations

import os
from collections.abc import Mapping

from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task
from clodputer.model.text.mask import masker
from clodputer.store.files.tilde import expand
from clodputer.store.taskfiles import template_text

# No path is longer, on any system.
LONGEST = 4096


def filled_in(
    task: Task, text: str, environ: Mapping[str, str], secrets: Mapping[str, str], key: str = "path"
) -> str:
    """The absolute path that a key of a trigger amounts to; a variable is taken from `secrets` first.

    Raises ClodputerError: "not_started" when a variable is missing, "task_invalid" when the path is not absolute.
    """
    try:
        rendered = template_text.render(text, {"env": {**environ, **secrets}}, LONGEST)
    except template_text.CannotRender as error:
        message = masker(secrets.values()).text(f"{task.path}: trigger.{key}: {error}")
        name = error.missing.partition(".")[2] if error.missing.startswith("env.") else ""
        home = os.path.dirname(os.path.dirname(task.path))
        hint = (
            f"Put {name}=... into {home}/secrets.env or the environment of the scheduler."
            if name
            else f"Correct {key} in {task.path}."
        )
        raise ClodputerError("not_started", message, hint) from None
    path = os.path.normpath(expand(rendered, environ))
    if not os.path.isabs(path):
        raise ClodputerError(
            "task_invalid",
            f"{task.path}: trigger.{key} is not absolute: {rendered}",
            "Write it from / or from ~ on.",
        )
    return path
