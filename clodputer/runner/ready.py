"""Ready: all that is settled of a run before anything of it is started; nothing is written here."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional

from clodputer import agents
from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.model.run import Facts, Launch
from clodputer.model.settings import with_defaults
from clodputer.model.task import Task
from clodputer.runner import prompt
from clodputer.store import runs, settings
from clodputer.store.context import Context
from clodputer.store.tasks import limited
from clodputer.store.tasks.template_terms import CannotRender
from clodputer.store.tilde import expand


class Ready(NamedTuple):
    """All that was settled before the start; `task` has its templates filled in."""

    task: Task
    facts: Facts
    launch: Launch
    prompt: str


def prepare(context: Context, run_id: str, request: Request, task: Task, temporary: str) -> Ready:
    """How this run would be started; `temporary` need not be there yet. Raises ClodputerError, OSError."""
    last, session = _past(context, task)
    text, written = _filled_in(context, request, task, last)
    final = with_defaults(written, context.settings, settings.ruling(context.environ))
    if not final.working_directory:
        final = final._replace(working_directory=expand("~", context.environ))
    if not os.path.isabs(final.working_directory):
        raise ClodputerError(
            "not_started",
            f"{task.path}: working_directory is not absolute: {final.working_directory}",
            "Write it from / or from ~ on.",
        )
    max_output = final.limits.max_output or context.settings.max_output
    facts = Facts(
        run_id, context.environ, context.secrets, temporary, max_output, context.settings.claude, session
    )
    launch = agents.load(final.agent).launch(final, facts)
    if context.masker.found_in(launch.argv):
        raise ClodputerError(
            "not_started",
            "a secret would stand in the argument list, which every account here can read",
            "Hand it over in the task's env: mapping instead.",
        )
    return Ready(final, facts, launch, text)


def _filled_in(
    context: Context, request: Request, task: Task, last: Optional[dict[str, Any]]
) -> tuple[str, Task]:
    """The prompt and the other texts of the task. What may hold a template is filled in by one child with limits."""
    environ, secrets = context.environ, context.secrets

    def fill() -> tuple[str, Task]:
        return prompt.render(task, request, last, environ, secrets), prompt.render_task(
            task, environ, secrets
        )

    if not prompt.may_hold_templates(task):
        return fill()
    try:
        return limited.call(fill)
    except CannotRender as error:
        raise ClodputerError("not_started", f"{task.path}: {error}", f"Fix {task.path}.") from None


def _past(context: Context, task: Task) -> tuple[Optional[dict[str, Any]], Optional[dict[str, Any]]]:
    """The task's latest record, for the prompt, and the latest with a session, to be continued; looked up if wanted."""
    if not (task.prompt or task.prompt_file):
        return None, None
    past = runs.records(context.home, task.name)
    last = next(past, None)
    if task.claude.session != "continue" or last is None or last.get("session_id"):
        return last, last
    return last, next((record for record in past if record.get("session_id")), None)
