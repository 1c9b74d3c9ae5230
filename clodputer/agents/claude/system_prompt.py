"""What is added to claude's system prompt: the task's own text, and how a run says that there was nothing to do."""

from __future__ import annotations

from clodputer.model.task import Task

# docs/tasks.md has it, word for word.
NOTHING_TO_DO = (
    "You run unattended: nobody reads along and nobody can answer a question. If you find that there is nothing to do for this "
    "task, change nothing, say so, and make this the last line of your answer, on a line of its own and with the reason in it: "
    '{"nothing_to_do": "why"} '
    "Never write that line when you did what was asked, when you did a part of it, or when something kept you from doing it."
)


def appended(task: Task) -> str:
    """The whole of it. A task with a `json_schema` gets its own text alone, for its answer has no last line."""
    parts = (task.claude.append_system_prompt, "" if task.claude.json_schema is not None else NOTHING_TO_DO)
    return "\n\n".join(part for part in parts if part)
