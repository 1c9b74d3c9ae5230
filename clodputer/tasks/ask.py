"""The task `ask`: built in and not a file, for a question that is asked once; it may read, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.model.task import ASK, Task, Trigger, assemble
from clodputer.model.text.suggest import did_you_mean
from clodputer.store.taskfiles import template_text

# A lane of its own: whoever asks does not wait for a nightly run. What is denied is no failure: the answer is what counts.
KEYS: Mapping[str, Any] = {
    "description": "A question asked with: clodputer ask",
    "lane": ASK,
    "prompt": "{{ body }}",
    "allowed_tools": ["Read", "Glob", "Grep"],
    "disallowed_tools": ["Bash", "Edit", "Write", "NotebookEdit"],
    "on_denied": "ignore",
}
# What a request for it may choose, in its context: keys of a task file, with the same values.
CHOSEN = ("model", "max_cost_usd", "timeout", "working_directory")


def task() -> Task:
    """The task as it is where nothing is chosen."""
    return assemble(
        {**KEYS, "name": ASK, "path": f"the built-in task {ASK}", "triggers": (Trigger(task=ASK),)}
    )


def fitted(task: Task, request: Request) -> Task:
    """The task with what its request chooses, checked as a task file is; any other task as it is.

    Raises ClodputerError ("invalid_request") that names everything that is wrong.
    """
    if task.name != ASK or not request.context:
        return task
    from clodputer.store.taskfiles.document import Document
    from clodputer.tasks.check import check

    wrong = [
        f"context.{key[:60]}: {ASK} takes {', '.join(CHOSEN)} only{did_you_mean(key, CHOSEN)}"
        for key in request.context
        if key not in CHOSEN
    ]
    wrong += [
        f"context.{key}: templates are not allowed here"
        for key, value in request.context.items()
        if isinstance(value, str) and template_text.marked(value)
    ]
    checked: Optional[Task] = None
    if not wrong:
        found = check(
            Document({**KEYS, **request.context}, {}, {}, ()), f"{ASK}.yaml", ASK, {}, dict, built_in=True
        )
        wrong = [f"context.{problem.key}: {problem.message}" for problem in found.problems]
        checked = found.task
    if checked is None:
        raise ClodputerError("invalid_request", "; ".join(wrong))
    return checked._replace(path=task.path)
